"""Which line of configuration brings what is missing, by who emits it."""

from __future__ import annotations

from collections.abc import Mapping

from exporters.catalogue import Metric

# The job that scrapes a source, where it is not called as the source.
JOBS: Mapping[str, str] = {"postgres": "exporter", "redis": "exporter"}

INSTRUMENT = "instrument(app, engine=engine) in the application, and PROMETHEUS_MULTIPROC_DIR for its workers"
STATEMENTS = (
    "shared_preload_libraries = 'pg_stat_statements' in postgresql.conf, a restart, and "
    "CREATE EXTENSION pg_stat_statements; in the database of DATABASE_URL"
)
# By collector, else by source.
LINES: Mapping[str, str] = {
    "api": INSTRUMENT,
    "api.cache_client": "instrument(app, cache=client) in the application",
    "api.cache": "cache_response = instrument_cache(cache_response) in the application",
    "api.workers": "instrument(app, workers=4): how many there should be",
    "postgres": "DATABASE_URL=postgresql://obs_exporter:PASSWORD@HOST/DATABASE of the exporter",
    "postgres.statements": STATEMENTS,
    "postgres.statements_info": STATEMENTS,
    "postgres.expected_indexes": "postgres: {expected_indexes: [{name: ..., table: ..., columns: [...]}]} in "
    "the exporter's --config.file",
    "postgres.slots": "none, where no replication slot is wanted",
    "redis": "REDIS_URL=redis://obs_exporter:PASSWORD@HOST of the exporter",
    "redis.keyspace": 'redis: {key_patterns: ["session:*"]} in the exporter\'s --config.file',
    "redis.ages": "redis: {sample_ages: 50} in the exporter's --config.file",
    "redis.slowlog": "ACL SETUSER obs_exporter +slowlog|len in redis-cli",
    "pgbouncer": "targets: {pooler: {kind: pgbouncer, connection_env: POOLER_URL}} in the exporter's "
    "--config.file, and in targets/backend.yml what docs/targets.md has for it",
    "blackbox": '{targets: ["http://HOST/health"], labels: {kind: health}} in targets/backend.yml',
    "rules": "rule_files: [rules/*.yml] in prometheus.yml",
    "alerts": "rule_files: [rules/*.yml] in prometheus.yml",
}
ROLE = "\\i exporters/sql/role.sql as superuser in the database of DATABASE_URL"
INTERVAL = (
    "scrape_interval in prometheus.yml, and the same as the data source's timeInterval, which the stack's "
)
INTERVAL += "Targets(interval=...) writes into both"

TIME = "time: ask again in a minute"


def line(metric: Metric) -> str:
    """What brings a metric that its target does not tell."""
    return LINES.get(metric.collector) or LINES.get(metric.source, "")


def own(metric: Metric) -> str:
    """What makes Prometheus scrape a metric of a team's own, of which the stack has no job."""
    return f"{{targets: [HOST:PORT], labels: {{kind: metrics, job: {metric.source}}}}} in targets/backend.yml"


def job(name: str, address: bool) -> str:
    """What makes Prometheus scrape a job."""
    if address:
        return f"- job_name: {name} in scrape_configs of prometheus.yml, as `build` writes it"
    return "{targets: [HOST:PORT], labels: {kind: metrics}} in targets/backend.yml"
