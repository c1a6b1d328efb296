"""What the console shows, and which metric each column is; those of another version may be missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from exporters.catalogue import Metric
from exporters.catalogue import pgbouncer as catalogue
from exporters.collectors.base import Family
from exporters.collectors.names import Names
from exporters.collectors.pgbouncer.console import Row

MICRO = 1e-6
MOST_POOLS, MOST_DATABASES = 200, 100

POOLS: Mapping[str, Metric] = {
    "cl_active": catalogue.CLIENTS_ACTIVE,
    "cl_waiting": catalogue.CLIENTS_WAITING,
    "cl_active_cancel_req": catalogue.CANCELS_ACTIVE,
    "cl_waiting_cancel_req": catalogue.CANCELS_WAITING,
    "sv_active": catalogue.SERVERS_ACTIVE,
    "sv_active_cancel": catalogue.SERVERS_CANCEL,
    "sv_being_canceled": catalogue.SERVERS_CANCELED,
    "sv_idle": catalogue.SERVERS_IDLE,
    "sv_used": catalogue.SERVERS_USED,
    "sv_tested": catalogue.SERVERS_TESTED,
    "sv_login": catalogue.SERVERS_LOGIN,
}
STATS: Mapping[str, Metric] = {
    "xact_count": catalogue.TRANSACTIONS,
    "query_count": catalogue.QUERIES,
    "bytes_received": catalogue.RECEIVED,
    "bytes_sent": catalogue.SENT,
    "client_parse_count": catalogue.CLIENT_PARSES,
    "server_parse_count": catalogue.SERVER_PARSES,
    "bind_count": catalogue.BINDS,
}
STATS_MICRO: Mapping[str, Metric] = {
    "xact_time": catalogue.TRANSACTION_SECONDS,
    "query_time": catalogue.QUERY_SECONDS,
    "wait_time": catalogue.WAIT_SECONDS,
}
DATABASES: Mapping[str, Metric] = {
    "pool_size": catalogue.POOL_SIZE,
    "reserve_pool": catalogue.RESERVE_POOL,
    "reserve_pool_size": catalogue.RESERVE_POOL,  # since 1.24
    "max_connections": catalogue.MAX_CONNECTIONS,
    "current_connections": catalogue.CONNECTIONS,
    "paused": catalogue.PAUSED,
    "disabled": catalogue.DISABLED,
}
LISTS: Mapping[str, Metric] = {
    "databases": catalogue.DATABASES,
    "users": catalogue.USERS,
    "pools": catalogue.POOLS,
    "free_clients": catalogue.FREE_CLIENTS,
    "used_clients": catalogue.USED_CLIENTS,
    "login_clients": catalogue.LOGIN_CLIENTS,
    "free_servers": catalogue.FREE_SERVERS,
    "used_servers": catalogue.USED_SERVERS,
    "dns_names": catalogue.DNS_NAMES,
    "dns_zones": catalogue.DNS_ZONES,
    "dns_queries": catalogue.DNS_QUERIES,
}
SETTINGS: Mapping[str, Metric] = {
    "max_client_conn": catalogue.MAX_CLIENTS,
    "max_user_connections": catalogue.MAX_USER_CONNECTIONS,
}


class Shows:
    """By collector what to ask and how to read the answer; remembers whose names are shown."""

    def __init__(self) -> None:
        self._pools, self._databases = Names(MOST_POOLS), Names(MOST_DATABASES)
        self.parts: dict[str, tuple[str, Callable[[list[Row]], list[Family]]]] = {
            "pgbouncer.up": ("SHOW VERSION", version),
            "pgbouncer.pools": ("SHOW POOLS", self._of_pools),
            "pgbouncer.stats": ("SHOW STATS_TOTALS", self._of_stats),
            "pgbouncer.databases": ("SHOW DATABASES", self._of_databases),
            "pgbouncer.lists": ("SHOW LISTS", lambda rows: pairs(rows, LISTS, "list", "items")),
            "pgbouncer.config": ("SHOW CONFIG", lambda rows: pairs(rows, SETTINGS, "key", "value")),
        }

    def _of_pools(self, rows: list[Row]) -> list[Family]:
        used = {_pool(row): float(row["cl_active"]) + float(row["cl_waiting"]) for row in rows}
        self._pools.seat(used)
        shown = [row for row in rows if _pool(row) in self._pools]
        labels = [(row["database"], row["user"]) for row in shown]
        dropped = len(rows) - len(shown)
        waits = [float(row["maxwait"]) + MICRO * float(row.get("maxwait_us", 0)) for row in shown]
        return [
            *_columns(shown, POOLS, labels, dropped),
            Family(catalogue.LONGEST_WAIT, labels, waits, dropped),
        ]

    def _of_stats(self, rows: list[Row]) -> list[Family]:
        shown = self._within(rows, "database")
        labels = [(row["database"],) for row in shown]
        dropped = len(rows) - len(shown)
        return [
            *_columns(shown, STATS, labels, dropped),
            *_columns(shown, STATS_MICRO, labels, dropped, MICRO),
        ]

    def _of_databases(self, rows: list[Row]) -> list[Family]:
        shown = self._within(rows, "name")
        columns = ("name", "host", "port", "database", "force_user", "pool_mode")
        labels = [tuple(row[column] for column in columns) for row in shown]
        return list(_columns(shown, DATABASES, labels, len(rows) - len(shown)))

    def _within(self, rows: list[Row], column: str) -> list[Row]:
        self._databases.seat({row[column]: 0 for row in rows})
        return [row for row in rows if row[column] in self._databases]


def version(rows: list[Row]) -> list[Family]:
    """The version, as ``1.18.0``.

    Raises:
        ValueError: it is no PgBouncer that answers.
    """
    name, _, number = rows[0]["version"].partition(" ")
    if name != "PgBouncer":
        raise ValueError("no PgBouncer")
    return [Family(catalogue.INFO, [(number,)], [1])]


def pairs(rows: Iterable[Row], metrics: Mapping[str, Metric], key: str, value: str) -> list[Family]:
    """One metric a row."""
    return [Family(metrics[row[key]], [()], [float(row[value])]) for row in rows if row[key] in metrics]


def _pool(row: Row) -> str:
    return f"{row['database']}\0{row['user']}"


def _columns(
    rows: Sequence[Row],
    metrics: Mapping[str, Metric],
    labels: Sequence[tuple[str, ...]],
    dropped: int,
    factor: float = 1,
) -> Iterable[Family]:
    """One metric a column that is there."""
    for column, metric in metrics.items():
        if rows and column in rows[0]:
            yield Family(metric, labels, [float(row[column]) * factor for row in rows], dropped)
