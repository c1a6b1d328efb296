"""What the exporter says of itself."""

from __future__ import annotations

from collections.abc import Mapping

from exporters.catalogue.types import Counter, Gauge, Info, Label, Metric

BACKEND = Label(name="backend", help="The kind of server.", values=("postgres", "redis", "pgbouncer"))
COLLECTOR = Label(
    name="collector", help="Part of a scrape, such as postgres.activity.", bound="the exporter's collectors"
)
CODE = Label(
    name="code",
    help="SQLSTATE, or the class of the exception.",
    bound="SQLSTATEs and exception classes, never a message",
)
CONNECT_RESULT = Label(name="result", help="Outcome.", values=("ok", "error"))
EXPORTER_VERSION = Label(name="version", help="Version of the exporter.", bound="one per exporter")
LOGIN_RESULT = Label(
    name="result",
    help="Answer to a name and a password; busy if too many wait.",
    values=("ok", "wrong", "busy"),
)
REASON = Label(name="reason", help="Why a series was left out.", values=("cap", "duplicate", "invalid"))

COLLECTOR_SUCCESS = Gauge(
    name="pg_scrape_collector_success",
    help="1 if the PostgreSQL collector's last run succeeded.",
    collector="exporter.self",
    labels=(COLLECTOR,),
    optional="where no PostgreSQL is configured",
)
COLLECTOR_DURATION = Gauge(
    name="pg_scrape_collector_duration_seconds",
    help="Time from the answer before it to the answer of the PostgreSQL collector, in its last run.",
    collector="exporter.self",
    unit="seconds",
    labels=(COLLECTOR,),
    optional="where no PostgreSQL is configured",
)
REDIS_COLLECTOR_SUCCESS = Gauge(
    name="redis_scrape_collector_success",
    help="1 if the Redis collector's last run succeeded.",
    collector="exporter.self",
    labels=(COLLECTOR,),
    optional="where no Redis is configured",
)
REDIS_COLLECTOR_DURATION = Gauge(
    name="redis_scrape_collector_duration_seconds",
    help="Time of the Redis collector's last run.",
    collector="exporter.self",
    unit="seconds",
    labels=(COLLECTOR,),
    optional="where no Redis is configured",
)
PGBOUNCER_COLLECTOR_SUCCESS = Gauge(
    name="pgbouncer_scrape_collector_success",
    help="1 if the PgBouncer collector's last run succeeded.",
    collector="exporter.self",
    labels=(COLLECTOR,),
    optional="where no PgBouncer is configured",
)
PGBOUNCER_COLLECTOR_DURATION = Gauge(
    name="pgbouncer_scrape_collector_duration_seconds",
    help="Time of the PgBouncer collector's last run.",
    collector="exporter.self",
    unit="seconds",
    labels=(COLLECTOR,),
    optional="where no PgBouncer is configured",
)
COLLECTOR_ERRORS = Counter(
    name="obs_exporter_collector_errors_total",
    help="Failed runs of a collector.",
    collector="exporter.self",
    labels=(BACKEND, COLLECTOR, CODE),
    optional="until the first error",
)
CACHE_AGE = Gauge(
    name="obs_exporter_collector_cache_age_seconds",
    help="Age of the values of a collector that does not run in every scrape.",
    collector="exporter.self",
    unit="seconds",
    labels=(BACKEND, COLLECTOR),
    optional="until the first cached collector has run",
)
CACHE_RENEWAL = Gauge(
    name="obs_exporter_collector_cache_renewal_seconds",
    help="How often these values are to be renewed; of Redis' keys the rest after a pass and how long the "
    "last one took.",
    collector="exporter.self",
    unit="seconds",
    labels=(BACKEND, COLLECTOR),
    optional="until the first cached collector has run",
)
CONNECTS = Counter(
    name="obs_exporter_connect_total",
    help="Connections opened to a server.",
    collector="exporter.self",
    labels=(BACKEND, CONNECT_RESULT),
)
SERIES = Gauge(
    name="obs_exporter_series",
    help="Series on the last page.",
    collector="exporter.self",
)
DROPPED_SERIES = Counter(
    name="obs_exporter_dropped_series_total",
    help="Series left out of pages.",
    collector="exporter.self",
    labels=(REASON,),
)
START_TIME = Gauge(
    name="obs_exporter_start_time_seconds",
    help="When the exporter started, in Unix time.",
    collector="exporter.self",
    unit="timestamp",
)
BUILD_INFO = Info(
    name="obs_exporter_build_info",
    help="Version of the exporter.",
    collector="exporter.self",
    unit="info",
    labels=(EXPORTER_VERSION,),
    spare="for a list of what runs where; doctor asks the exporter itself",
)
CONFIG_LOADED = Gauge(
    name="obs_exporter_config_last_reload_successful",
    help="1 if the configuration files, that of the web too, were understood when they were last read.",
    collector="exporter.self",
)
CONFIG_LOADED_TIMESTAMP = Gauge(
    name="obs_exporter_config_last_reload_success_timestamp_seconds",
    help="When the configuration that holds was read, in Unix time.",
    collector="exporter.self",
    unit="timestamp",
    spare="tells an exporter that was not told to read its file again",
)
CERTIFICATE_END = Gauge(
    name="obs_exporter_web_certificate_expiry_timestamp_seconds",
    help="When the first of the certificates in cert_file ends, in Unix time.",
    collector="exporter.self",
    unit="timestamp",
    optional="without tls_server_config",
    spare="the date to the share that is left, which an alert reads",
)
CERTIFICATE_LEFT = Gauge(
    name="obs_exporter_web_certificate_left_ratio",
    help="Share of the time of the certificate in cert_file which ends first that is left.",
    collector="exporter.self",
    unit="ratio",
    optional="without tls_server_config",
)
LOGINS = Counter(
    name="obs_exporter_logins_total",
    help="Requests with a name and a password, in all that was answered.",
    collector="exporter.self",
    labels=(LOGIN_RESULT,),
    optional="without basic_auth_users",
)

SLOW_COLLECTOR = (
    "one that takes too long fails, which ExporterCollectorFailing tells; of a page it is ScrapeSlow"
)
# Why no alert reads a metric of the exporter's own; every other one stands in an alert.
NO_ALERT: Mapping[Metric, str] = {
    COLLECTOR_DURATION: SLOW_COLLECTOR,
    REDIS_COLLECTOR_DURATION: SLOW_COLLECTOR,
    PGBOUNCER_COLLECTOR_DURATION: SLOW_COLLECTOR,
    COLLECTOR_ERRORS: "ExporterCollectorFailing tells what lasts; one that does not is no trouble",
    SERIES: "what is too many is left out, which ExporterSeriesDropped tells; growth is SeriesGrowth",
    START_TIME: "a restart is drawn on the boards; one that does not come back is WatcherDown",
    BUILD_INFO: "no version is trouble",
    CONFIG_LOADED_TIMESTAMP: "an old file is no trouble; one that is refused is ExporterConfigReloadFailed",
    CERTIFICATE_END: "ExporterCertificateEnds reads the share that is left",
}
