"""Everything that is asked of a server, apart from who it is."""

from __future__ import annotations

from exporters.collectors.names import Names
from exporters.collectors.postgres.activity import activity
from exporters.collectors.postgres.bgwriter import BGWRITER
from exporters.collectors.postgres.candidates import index_candidates
from exporters.collectors.postgres.compat import compatible
from exporters.collectors.postgres.compat_tables import every_column
from exporters.collectors.postgres.configuration import configuration
from exporters.collectors.postgres.database import database
from exporters.collectors.postgres.expected import expected_indexes
from exporters.collectors.postgres.indexes import index_totals, indexes
from exporters.collectors.postgres.locks import locks
from exporters.collectors.postgres.model import Collector, of_own_database
from exporters.collectors.postgres.options import PostgresSettings
from exporters.collectors.postgres.replication import REPLICATION, slots
from exporters.collectors.postgres.settings import SETTINGS
from exporters.collectors.postgres.sizes import sizes
from exporters.collectors.postgres.statements import statement_texts, statements, statements_info
from exporters.collectors.postgres.tables import tables
from exporters.collectors.postgres.wal import WAL


def collectors(settings: PostgresSettings) -> tuple[Collector, ...]:
    """The collectors, in the order in which they are asked."""
    heavy = settings.heavy_ttl
    databases = Names(settings.cap_databases)
    shown = every_column(exact=settings.exact_sizes) if settings.compat else None
    asked = (
        SETTINGS,
        database(databases, compat=settings.compat),
        activity(settings.cap_roles, settings.cap_applications, databases),
        locks(databases),
        BGWRITER,
        WAL,
        REPLICATION,
        slots(),
        expected_indexes(settings.expected_indexes, heavy),
        tables(settings.top_tables, settings.tables, heavy, shown=shown),
        indexes(settings.top_indexes, settings.expected_indexes, heavy),
        index_totals(heavy),
        statements(settings.top_statements, heavy),
        statements_info(heavy),
        statement_texts(settings.top_statements, settings.sizes_ttl, wanted=settings.statement_texts),
        configuration(heavy),
        *(compatible(databases) if settings.compat else ()),
        sizes(databases, settings.sizes_ttl),  # takes the server long: what came before is read meanwhile
        index_candidates(
            settings.top_index_candidates, settings.sizes_ttl
        ),  # last: its answer is read longest
    )
    return tuple(map(of_own_database, asked)) if settings.own_database_only else asked
