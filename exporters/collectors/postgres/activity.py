"""Sessions: what they do, how long, and what they wait for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable

from exporters.catalogue import Metric
from exporters.catalogue import postgres as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import Names, within
from exporters.collectors.postgres.model import Collector, Needs, Row, Rows, Server, text

# The first half names the databases, so that each shows zeros where it has no session.
# The exporter's own session is counted, since it takes a connection; its age says nothing.
# Some jobs hold one transaction for as long as they take: those whose progress the server tells, and a dump.
# The function under the views of progress: to plan four views took longer than all else that is asked here.
# Who builds an index concurrently lets transactions end first, for hours; nobody stands still behind that.
SQL = """
SELECT d.datname, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL
  FROM pg_database d
 WHERE datallowconn AND NOT datistemplate
UNION ALL
SELECT a.datname, a.state, a.usename, a.application_name,
       CASE WHEN a.state = 'active' THEN a.wait_event_type END,
       count(*),
       max(extract(epoch FROM clock_timestamp() - a.xact_start)) FILTER (WHERE a.pid <> pg_backend_pid()),
       max(extract(epoch FROM clock_timestamp() - a.query_start))
           FILTER (WHERE a.pid <> pg_backend_pid() AND a.state = 'active'),
       max(extract(epoch FROM clock_timestamp() - {blocked_since}))
           FILTER (WHERE a.wait_event_type = 'Lock' AND a.wait_event <> 'virtualxid'),
       max(extract(epoch FROM clock_timestamp() - a.xact_start))
           FILTER (WHERE a.pid <> pg_backend_pid() AND m.pid IS NULL
                     AND a.application_name NOT IN ('pg_dump', 'pg_dumpall', 'pg_repack')),
       max(extract(epoch FROM clock_timestamp() - a.state_change))
           FILTER (WHERE a.state LIKE 'idle in transaction%')
  FROM pg_stat_activity a {waits}
  LEFT JOIN (SELECT DISTINCT pid
               FROM unnest(ARRAY['VACUUM', 'ANALYZE', 'CREATE INDEX', 'CLUSTER']) AS job,
                    pg_stat_get_progress_info(job)) m ON m.pid = a.pid
 WHERE a.datid = ANY (ARRAY(SELECT d.oid FROM pg_database d))
   AND coalesce(a.backend_type, 'client backend') = 'client backend'
 GROUP BY 1, 2, 3, 4, 5
"""
WAITS = """
  LEFT JOIN (SELECT pid, min(waitstart) AS since FROM pg_locks WHERE NOT granted GROUP BY pid) w
    ON w.pid = a.pid
"""


def sql(server: Server) -> str:
    """Before version 14 nobody knows since when a session waits; its statement is at least as old."""
    if server.version >= 140000:
        return SQL.format(blocked_since="w.since", waits=WAITS)
    return SQL.format(blocked_since="a.query_start", waits="")


def activity(cap_roles: int, cap_applications: int, databases: Names) -> Collector:
    """The collector; roles and application names past the caps appear as `other`."""
    sessions = Activity(Names(cap_roles), Names(cap_applications))
    return Collector(
        name="postgres.activity",
        sql=sql,
        parse=lambda rows: within(sessions.parse(rows), catalogue.DATNAME.name, databases),
        needs=Needs(statistics="what others do"),
    )


class Activity:
    """Sums the groups of sessions that the server tells."""

    def __init__(self, roles: Names, applications: Names) -> None:
        self._roles = roles
        self._applications = applications

    def parse(self, rows: Rows) -> list[Family]:
        """All families of sessions, with zeros for what no session of a database does."""
        databases = list(dict.fromkeys(text(row[0]) for row in rows))
        groups = [row for row in rows if row[5] != "0"]
        return [
            self._sessions(databases, groups),
            _greatest(
                catalogue.OLDEST_TRANSACTION, _pairs(databases, catalogue.STATE.values), groups, 6, _state
            ),
            _greatest(catalogue.OLDEST_QUERY, _pairs(databases, catalogue.STATE.values), groups, 7, _state),
            _waiting(databases, groups),
            *_blocked(databases, groups),
            _longest(catalogue.OLDEST_OPEN, databases, groups, 9),
            _longest(catalogue.IDLE_IN_TRANSACTION, databases, groups, 10),
        ]

    def _sessions(self, databases: list[str], groups: Rows) -> Family:
        by_role: Counter[str] = Counter()
        by_application: Counter[str] = Counter()
        for row in groups:
            by_role[text(row[2])] += _count(row)
            by_application[text(row[3])] += _count(row)
        roles = self._roles.fold(by_role)
        applications = self._applications.fold(by_application)
        counts = dict.fromkeys(((*pair, "", "") for pair in _pairs(databases, catalogue.STATE.values)), 0)
        for row in groups:
            key = (text(row[0]), _state(row), roles[text(row[2])], applications[text(row[3])])
            counts[key] = counts.get(key, 0) + _count(row)
        return Family(catalogue.ACTIVITY, list(counts), list(counts.values()))


def _pairs(databases: list[str], values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(database, value) for database in databases for value in values]


def _count(row: Row) -> int:
    return int(text(row[5]))


def _state(row: Row) -> str:
    """NULL for who may not see it, and what a later version invents, is `unknown`."""
    return row[1] if row[1] in catalogue.STATE.values else "unknown"


def _greatest(
    metric: Metric, zeros: list[tuple[str, str]], groups: Rows, column: int, second: Callable[[Row], str]
) -> Family:
    values = dict.fromkeys(zeros, 0.0)
    for row in groups:
        key = (text(row[0]), second(row))
        values[key] = max(values.get(key, 0.0), float(row[column] or 0))
    return Family(metric, list(values), list(values.values()))


def _waiting(databases: list[str], groups: Rows) -> Family:
    """A kind that a later version invents is left out: the label's values are a closed set."""
    counts = dict.fromkeys(_pairs(databases, catalogue.WAIT_EVENT_TYPE.values), 0)
    for row in groups:
        if row[4] in catalogue.WAIT_EVENT_TYPE.values:
            counts[text(row[0]), row[4]] += _count(row)
    return Family(catalogue.WAITING, list(counts), list(counts.values()))


def _blocked(databases: list[str], groups: Rows) -> tuple[Family, Family]:
    counts: dict[str, int] = defaultdict(int, dict.fromkeys(databases, 0))
    for row in groups:
        if row[4] == "Lock":
            counts[text(row[0])] += _count(row)
    labels = [(database,) for database in counts]
    return (
        Family(catalogue.BLOCKED, labels, list(counts.values())),
        _longest(catalogue.LONGEST_BLOCKED, databases, groups, 8),
    )


def _longest(metric: Metric, databases: list[str], groups: Rows, column: int) -> Family:
    values = dict.fromkeys(databases, 0.0)
    for row in groups:
        database = text(row[0])
        values[database] = max(values.get(database, 0.0), float(row[column] or 0))
    return Family(metric, [(database,) for database in values], list(values.values()))
