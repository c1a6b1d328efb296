"""With --compat the default series of other exporters have the values here that they have there.

Debian's exporters, or those that PEER_POSTGRES_EXPORTER and PEER_REDIS_EXPORTER name, are asked between two
pages of ours, on the same servers. Each value must be between our two, or as near as is said of its family.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from redis.exceptions import ResponseError

from benchmarks.watched import Exporter as Peer
from benchmarks.watched import peer
from examples.demo.databases import Postgres, Redis
from exporters.catalogue import peers
from exporters.commands.compatibility import ABSENT, FEWER, RENAMED, Fate, fates
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import PASSWORD as REDIS_PASSWORD
from tests.servers.exporter_support import add_user, fill, url_of
from tests.servers.exporter_support import admin as redis_admin
from tests.servers.postgres_support import PASSWORD, ROLE, Session, admin, create_database
from tests.versions.releases import POSTGRES, REDIS, Release

DATABASE = "shop"
NOT_SHOWN = ("template0", "template1", "")  # the last is what belongs to no database
PEER_ROLE = "peer"
OF_THE_ROLE = f"SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = '{ROLE}'"  # noqa: S608
# Of itself each exporter says something else.
OF_ITSELF = re.compile(r"(go|process|promhttp|pg_scrape_collector|\w+_exporter|pg_exporter)_")
PARTS = re.compile(r"_(sum|count|bucket)\Z")
SAMPLE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)\Z")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
FATES = {fate.name: fate for series in peers.PEERS.values() for fate in fates(series)}
Values = dict[frozenset[tuple[str, str]], float]
Page = dict[str, Values]


@dataclass(frozen=True)
class Slack:
    """How far a value may be outside of our two.

    Attributes:
        absolute, relative: the sum of both is allowed.
        why: it moves between two scrapes.
    """

    why: str
    absolute: float = 0.0
    relative: float = 0.0


@dataclass(frozen=True)
class Pages:
    """Ours before and after theirs."""

    before: Page
    theirs: Page
    after: Page


POSTGRES_SLACK = {
    "pg_static": Slack("short_version has three numbers there", 1),
    "pg_stat_activity_count": Slack("each counts the session of the other and not its own", 2),
    "pg_stat_activity_max_tx_duration": Slack("it grows", 2),
    "pg_locks_count": Slack("locks of the question itself are held", 40),
    "pg_settings_extra_float_digits": Slack("each driver asks for its own", 3),
    "pg_settings_transaction_read_only": Slack("of one's own transaction", 1),
    "pg_stat_database_numbackends": Slack("some connect twice", 2),
    ".*_stats_reset.*|.*_last_(auto)?(vacuum|analyze)": Slack("whole seconds there", 1),
}
REDIS_SLACK = {
    "redis_connected_clients": Slack("each counts the other while it is connected", 1),
    "redis_mem(ory)?_.*": Slack("a client takes memory", 200_000),
    "redis_aof_pending_bio_fsync": Slack("one may be under way, each second", 1),
}


def page(port: int) -> Page:
    """What stands at /metrics, but for the label `server`."""
    found: Page = {}
    for line in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text.splitlines():
        sample = SAMPLE.match(line)
        if sample is not None and not OF_ITSELF.match(sample["name"]):
            labels = frozenset(pair for pair in LABEL.findall(sample["labels"] or "") if pair[0] != "server")
            found.setdefault(sample["name"], {})[labels] = float(sample["value"])
    return found


def by(labels: frozenset[str], values: Values, greatest: bool) -> Values:
    """Added up, or the greatest, by these labels."""
    found: Values = {}
    for each, value in values.items():
        key = frozenset(pair for pair in each if pair[0] in labels)
        before = found.get(key)
        found[key] = value if before is None else max(before, value) if greatest else before + value
    return found


def labels_of(values: Values) -> frozenset[str]:
    return frozenset(name for each in values for name, _ in each)


def fate_of(name: str) -> Fate | None:
    """What docs/compatibility.md says becomes of a sample."""
    whole = PARTS.sub("", name)
    known = (fate for pattern, fate in FATES.items() if fnmatchcase(name, pattern))
    return FATES.get(name) or FATES.get(whole) or next(known, None)


def differing(pages: Pages, slack: Mapping[str, Slack]) -> list[str]:
    """Every value of theirs that is not as near to ours as it may be, of all that we say we have."""
    found = []
    for name, values in pages.theirs.items():
        fate = fate_of(name)
        if fate is None:
            found.append(f"{name}: docs/compatibility.md says nothing of it")
        if fate is None or fate.what in (ABSENT, RENAMED):
            continue
        ours = [page.get(name, {}) for page in (pages.before, pages.after)]
        common = labels_of(values) & labels_of(ours[0]) if ours[0] else labels_of(values)
        if common != labels_of(values) and fate.what != FEWER:
            found.append(f"{name}: without {labels_of(values) - common}")
        known = [by(common, each, "max_" in name) for each in ours]
        allowed = next((each for pattern, each in slack.items() if re.fullmatch(pattern, name)), Slack(""))
        for labels, value in by(common, values, "max_" in name).items():
            mine = [each.get(labels, 0.0) for each in known]  # they have zeros where there is nothing
            room = allowed.absolute + allowed.relative * abs(value)
            if dict(labels).get("datname") in NOT_SHOWN or math.isnan(value):  # NULL is NaN there
                continue
            if not min(mine) - room <= value <= max(mine) + room:
                found.append(f"{name}{dict(labels)} {value}, ours {mine}")
    return sorted(found)


def asked(
    stack: ExitStack, home: Path, command: list[str], env: Mapping[str, str], *config: str, **ours: str
) -> Pages:
    """Start both, have each look twice, and take the pages."""
    file = home / "exporter.yml"
    file.write_text("\n".join(config))
    theirs = Peer("peer", home, [*command, "--web.listen-address=127.0.0.1:{port}"], env)
    stack.callback(theirs.stop)
    mine = Exporter(home, "--compat", "--config.file", str(file), **ours)
    stack.callback(mine.stop)
    theirs.start()
    for port in (theirs.port, mine.port):
        page(port)
    return Pages(page(mine.port), page(theirs.port), page(mine.port))


def fill_database(session: Session) -> None:
    """Something to be counted of everything."""
    for table in ("orders", "items", '"Odd name"'):
        session.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, text text)")
        session.execute(f"ALTER TABLE {table} ALTER text SET STORAGE external")
        session.execute(f"INSERT INTO {table} SELECT n, repeat('x', 9000) FROM generate_series(1, 50) n")  # noqa: S608
        session.execute(f"SELECT count(text) FROM {table} WHERE id < 10")  # noqa: S608
    session.execute("VACUUM orders")
    session.execute("ANALYZE items")
    session.execute("SELECT pg_switch_wal()")
    session.execute("SELECT pg_create_physical_replication_slot('kept', true)")
    session.execute("SELECT pg_create_logical_replication_slot('read', 'test_decoding')")


@pytest.mark.parametrize("release", [each for each in POSTGRES if each.here], ids=str)
def test_postgres(new_home: Callable[[], Path], tmp_path: Path, release: Release) -> None:
    programs = str(release.home / "bin") if release.package else ""
    archive = {"wal_level": "logical", "archive_mode": "on", "archive_command": "/bin/true"}
    server = Postgres(new_home(), programs=programs, autovacuum="off", **archive)
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        create_database(server, DATABASE)
        rules = server.data / "pg_hba.conf"
        rules.write_text(f"host all {PEER_ROLE} 127.0.0.1/32 trust\n{rules.read_text()}")
        with admin(server, DATABASE) as session:
            session.execute("SELECT pg_reload_conf()")
            session.execute(f"CREATE ROLE {PEER_ROLE} LOGIN IN ROLE pg_monitor")
            for (setting,) in session.execute(OF_THE_ROLE).fetchall():  # it shows among the settings
                name, _, value = setting.partition("=")
                session.execute(f"ALTER ROLE {PEER_ROLE} SET {name} = '{value}'")
            session.execute(f"GRANT EXECUTE ON FUNCTION pg_ls_waldir() TO {ROLE}")
            fill_database(session)
        held = stack.enter_context(admin(server, DATABASE))
        held.execute("BEGIN")
        held.execute("UPDATE orders SET text = '' WHERE id = 1")
        url = f"127.0.0.1:{server.port}/{DATABASE}"
        pages = asked(
            stack,
            tmp_path,
            [peer("PEER_POSTGRES_EXPORTER")],
            {"DATA_SOURCE_NAME": f"postgresql://{PEER_ROLE}@{url}?sslmode=disable"},
            "postgres: {heavy_ttl: 0, sizes_ttl: 0}",
            DATABASE_URL=f"postgresql://{ROLE}:{quote(PASSWORD, '')}@{url}",
        )
        held.execute("ROLLBACK")
    found = differing(pages, POSTGRES_SLACK)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("release", [each for each in REDIS if each.here], ids=str)
def test_redis(tmp_path: Path, release: Release) -> None:
    program = str(release.home / release.program) if release.package else ""
    server = Redis(tmp_path / "server", program=program, appendonly="yes", maxmemory="100mb")
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        add_user(server)
        fill(server, *(f"session:{number}" for number in range(50)))
        with redis_admin(server) as client:
            client.set("session:1", "x", ex=900)
            client.get("session:1")
            client.get("nothing")
            for wrong in (("INCR", "session:1"), ("NONSENSE",)):
                with pytest.raises(ResponseError):
                    client.execute_command(*wrong)
        pages = asked(
            stack,
            tmp_path,
            [peer("PEER_REDIS_EXPORTER"), f"--redis.addr={server.url}", "--count-keys=db0=session:*"],
            {},
            "redis: {key_patterns: ['session:*']}",
            REDIS_URL=url_of(server, quote(REDIS_PASSWORD, "")),
        )
    found = differing(pages, REDIS_SLACK)
    assert not found, "\n".join(found)


def test_what_differs_is_found() -> None:
    ours: Page = {"redis_up": {frozenset(): 1}, "redis_db_keys": {frozenset({("db", "db0")}): 5}}
    theirs: Page = {
        "redis_up": {frozenset(): 0},
        "redis_db_keys": {frozenset({("db", "db0"), ("more", "")}): 5, frozenset({("db", "db1")}): 0},
        "redis_nonsense": {frozenset(): 1},
        "redis_memory_used_lua_bytes": {frozenset(): 7},
    }
    assert differing(Pages(ours, theirs, ours), {}) == [
        "redis_db_keys: without frozenset({'more'})",
        "redis_memory_used_lua_bytes{} 7, ours [0.0, 0.0]",
        "redis_nonsense: docs/compatibility.md says nothing of it",
        "redis_up{} 0, ours [1, 1]",
    ]
    assert differing(Pages(ours, {"redis_up": theirs["redis_up"]}, ours), {"redis_up": Slack("", 1)}) == []
