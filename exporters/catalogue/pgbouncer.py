"""What the exporter says of PgBouncer. Names as in pgbouncer_exporter where the meaning is the same."""

from __future__ import annotations

from exporters.catalogue.types import Counter, Gauge, Info, Label, Unit

DATABASE = Label(name="database", help="Database that clients ask for.", bound="100, by a cap")
USER = Label(name="user", help="As whom clients connect.", bound="200 pools, those most used, by a cap")
NAME = Label(name="name", help="Database that clients ask for.", bound="100, by a cap")
HOST = Label(name="host", help="Where the database is; empty for a Unix socket.", bound="one per database")
PORT = Label(name="port", help="Its port.", bound="one per database")
BEHIND = Label(name="database", help="Its name at the server.", bound="one per database")
FORCE_USER = Label(
    name="force_user",
    help="As whom all clients connect there; empty if as themselves.",
    bound="one per database",
)
POOL_MODE = Label(
    name="pool_mode",
    help="When a connection goes back; empty where the default holds.",
    values=("session", "transaction", "statement", ""),
)
VERSION = Label(name="version", help="As the server says it.", bound="one per server")

CANCELS = "a request to cancel is over in a moment"
PREPARED = "for whoever sets max_prepared_statements, once"
OF_A_DATABASE = "pools by database and user say who waits; for limits that are set on a database"
TABLES = "PgBouncer's own tables, for whoever looks into its memory"
NAMES = "for a host that is given by its name, by hand"


def _pool(name: str, what: str, unit: Unit = "count", spare: str = "") -> Gauge:
    return Gauge(
        name=f"pgbouncer_pools_{name}",
        help=what,
        collector="pgbouncer.pools",
        unit=unit,
        labels=(DATABASE, USER),
        spare=spare,
    )


def _total(name: str, what: str, unit: Unit = "count", optional: str = "", spare: str = "") -> Counter:
    return Counter(
        name=f"pgbouncer_stats_totals_{name}",
        help=what,
        collector="pgbouncer.stats",
        unit=unit,
        labels=(DATABASE,),
        optional=optional,
        spare=spare,
    )


def _database(name: str, what: str, spare: str = "") -> Gauge:
    return Gauge(
        name=f"pgbouncer_databases_{name}",
        help=what,
        collector="pgbouncer.databases",
        labels=(NAME, HOST, PORT, BEHIND, FORCE_USER, POOL_MODE),
        spare=spare,
    )


def _item(name: str, what: str, spare: str = "") -> Gauge:
    return Gauge(name=f"pgbouncer_{name}", help=what, collector="pgbouncer.lists", spare=spare)


def _setting(name: str, what: str, spare: str = "") -> Gauge:
    return Gauge(name=f"pgbouncer_config_{name}", help=what, collector="pgbouncer.config", spare=spare)


UP = Gauge(
    name="pgbouncer_up",
    help="1 if PgBouncer answered in this scrape, else 0.",
    collector="pgbouncer.up",
)
INFO = Info(
    name="pgbouncer_version_info",
    help="Version.",
    collector="pgbouncer.up",
    unit="info",
    labels=(VERSION,),
    spare="for whoever compares versions",
)

CLIENTS_ACTIVE = _pool(
    "client_active_connections", "Clients that have a server connection, or ask for nothing."
)
CLIENTS_WAITING = _pool("client_waiting_connections", "Clients that wait for a server connection.")
CANCELS_ACTIVE = _pool(
    "client_active_cancel_connections", "Requests to cancel that were handed on.", spare=CANCELS
)
CANCELS_WAITING = _pool("client_waiting_cancel_connections", "Requests to cancel that wait.", spare=CANCELS)
SERVERS_ACTIVE = _pool("server_active_connections", "Server connections that serve a client.")
SERVERS_CANCEL = _pool(
    "server_active_cancel_connections", "Server connections that hand on a request to cancel.", spare=CANCELS
)
SERVERS_CANCELED = _pool(
    "server_being_canceled_connections",
    "Server connections that are kept until what cancels them is through.",
    spare=CANCELS,
)
SERVERS_IDLE = _pool("server_idle_connections", "Server connections that a client can have at once.")
SERVERS_USED = _pool("server_used_connections", "Idle server connections that must be looked at before use.")
SERVERS_TESTED = _pool("server_testing_connections", "Server connections that are looked at or reset.")
SERVERS_LOGIN = _pool("server_login_connections", "Server connections that log in.")
LONGEST_WAIT = _pool(
    "client_maxwait_seconds", "How long the first client in the queue has waited.", "seconds"
)

TRANSACTIONS = _total("sql_transactions_pooled_total", "Transactions of clients.")
QUERIES = _total("queries_pooled_total", "Queries of clients.")
RECEIVED = _total("received_bytes_total", "Bytes from clients.", "bytes")
SENT = _total("sent_bytes_total", "Bytes to clients.", "bytes")
TRANSACTION_SECONDS = _total(
    "server_in_transaction_seconds_total", "Time of server connections in a transaction.", "seconds"
)
QUERY_SECONDS = _total("queries_duration_seconds_total", "Time of server connections in a query.", "seconds")
WAIT_SECONDS = _total(
    "client_wait_seconds_total", "Time that clients waited for a server connection.", "seconds"
)
CLIENT_PARSES = _total(
    "client_parses_total", "Statements that clients prepared.", optional="before 1.24", spare=PREPARED
)
SERVER_PARSES = _total(
    "server_parses_total", "Statements prepared at servers.", optional="before 1.24", spare=PREPARED
)
BINDS = _total("binds_total", "Uses of prepared statements.", optional="before 1.24", spare=PREPARED)

POOL_SIZE = _database("pool_size", "Server connections that a pool of it may have.")
RESERVE_POOL = _database(
    "reserve_pool", "Server connections beyond these, for clients that wait too long.", spare=OF_A_DATABASE
)
MAX_CONNECTIONS = _database(
    "max_connections", "Server connections that it may have; 0 is without limit.", spare=OF_A_DATABASE
)
CONNECTIONS = _database("current_connections", "Server connections that it has.", spare=OF_A_DATABASE)
PAUSED = _database("paused", "1 while it is paused.")
DISABLED = _database("disabled", "1 while it takes no new clients.")

DATABASES = _item("databases", "Databases.", spare=TABLES)
USERS = _item("users", "Users.", spare=TABLES)
POOLS = _item("pools", "Pools.", spare=TABLES)
FREE_CLIENTS = _item("free_clients", "Places for clients, allocated and free.", spare=TABLES)
USED_CLIENTS = _item("used_clients", "Clients.")
LOGIN_CLIENTS = _item("login_clients", "Clients that log in.", spare=TABLES)
FREE_SERVERS = _item("free_servers", "Places for server connections, allocated and free.", spare=TABLES)
USED_SERVERS = _item("used_servers", "Server connections.", spare=TABLES)
DNS_NAMES = _item("cached_dns_names", "Names of which the address is remembered.", spare=NAMES)
DNS_ZONES = _item("cached_dns_zones", "Zones of DNS that are remembered.", spare=NAMES)
DNS_QUERIES = _item("in_flight_dns_queries", "Names that are looked up.", spare=NAMES)

MAX_CLIENTS = _setting("max_client_connections", "Clients that there may be.")
MAX_USER_CONNECTIONS = _setting(
    "max_user_connections",
    "Server connections that a user may have; 0 is without limit.",
    spare=OF_A_DATABASE,
)
