"""Who answers: asked first in each scrape, so that a dead server shows at once."""

from __future__ import annotations

import re
from typing import Any

from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Rows, Server, always, text

SQL = """
SELECT version(), current_setting('server_version'), current_setting('server_version_num'),
       extract(epoch FROM pg_postmaster_start_time()), pg_is_in_recovery()::int,
       current_database(), current_user, pg_has_role('pg_read_all_stats', 'USAGE')::int, pg_backend_pid(),
       has_function_privilege('pg_ls_waldir()', 'EXECUTE')::int
"""
# Apart from it: whoever holds a lock on pg_extension must not make the server look dead.
EXTENSION_SQL = """
SELECT quote_ident(n.nspname), e.extversion
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements'
"""


def read_server(rows: Rows) -> Server:
    """What the other collectors need to know, apart from what `read_extension` tells."""
    (row,) = rows
    version, started, database, role, reads = (text(row[i]) for i in (2, 3, 5, 6, 7))
    return Server(
        version=int(version),
        identity=f"{started} {version} {database}",
        role=role,
        reads_statistics=reads == "1",
        lists_log=row[9] == "1",
        statements_schema="",
        statements_version=(),
    )


def read_process(rows: Rows) -> str:
    """The process id of the session that answers."""
    return text(rows[0][8])


def read_extension(rows: Rows) -> dict[str, Any]:
    """The fields of `Server` that say where pg_stat_statements lives; without a row nowhere."""
    schema, version = map(text, rows[0]) if rows else ("", "")
    return {
        "statements_schema": schema,
        "statements_version": tuple(map(int, re.findall(r"\d+", version))),
    }


def parse(rows: Rows) -> list[Family]:
    """Version, start and role of the server."""
    (row,) = rows
    full, short, _, started, replica = map(text, row[:5])
    return [
        Family(catalogue.STATIC, [(full, short.partition(" ")[0])], [1]),
        Family(catalogue.START_TIME, [()], [float(started)]),
        Family(catalogue.IS_REPLICA, [()], [float(replica)]),
    ]


# Of a standby, before it looks at the question.
NO_SERIALIZABLE = {
    "0A000": "; a standby takes no serializable transactions: on the primary run exporters/sql/role.sql "
    "again, or ALTER ROLE obs_exporter SET default_transaction_isolation = 'read committed'"
}
SERVER = Collector(name="postgres.server", sql=always(SQL), parse=parse, meanings=NO_SERIALIZABLE)
EXTENSION = Collector(name="postgres.extension", sql=always(EXTENSION_SQL), parse=lambda _: [])
