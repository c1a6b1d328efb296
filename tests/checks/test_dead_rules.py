"""Rules that are shipped and can never fire: Prometheus shows that they sleep, and a check says why.

Each is one that a public collection has, or its kind, asked of this catalogue. Beside it stands the form
that wakes someone under the same fault, so that the silence is the rule's and not the data's.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards import provision
from dashboards.checks import Finding, queries
from dashboards.stack import STACK
from exporters.catalogue import api
from tests.checks.small import alert, judge, rule_file

PLACE = 'environment="production",cluster="main",job="exporter",instance="a"'
BY = "environment, cluster, job, instance"
TABLE = f'{{{PLACE},datname="shop",schemaname="public",relname="orders"}}'
HOURS = 11
LAST = api.REQUEST_DURATION.buckets[-1]
PERCENTILE = f"histogram_quantile(0.95, sum by ({BY}, le) (rate(http_request_duration_seconds_bucket[5m])))"
ALL = f"sum by ({BY}) (rate(http_requests_total[5m]))"
FAILED = f'sum by ({BY}) (rate(http_requests_total{{status=~"5.."}}[5m]))'


@dataclass(frozen=True, kw_only=True)
class Dead:
    """A rule that sleeps through its fault.

    Attributes:
        name: whose fate it is.
        expr: how it was written.
        check: what refuses it.
        says: in its message.
        living: the form that fires.
        fault: the series that show the fault, each with its values once a minute.
    """

    name: str
    expr: str
    check: str
    says: str
    living: str
    fault: dict[str, str]


DEAD = [
    Dead(
        name="a transaction that is open for hours",
        expr=f'max by ({BY}) (rate(pg_stat_activity_max_tx_duration{{state="active"}}[5m])) > 120',
        check="gauge-growth",
        says="of something that grows with time it is 1",
        living=f'max by ({BY}) (pg_stat_activity_max_tx_duration{{state="active"}}) > 120',
        fault={f'pg_stat_activity_max_tx_duration{{{PLACE},datname="shop",state="active"}}': "0+60x700"},
    ),
    Dead(
        name="a table that was never vacuumed",
        expr="timestamp(pg_stat_user_tables_n_dead_tup > 10000) < time() - 36000",
        check="timestamp-series",
        says="timestamp() of a computed value is the time of the evaluation",
        living="time() - pg_stat_user_tables_last_any_vacuum_timestamp_seconds > 36000 "
        "and pg_stat_user_tables_n_dead_tup > 10000",
        fault={
            f"pg_stat_user_tables_n_dead_tup{TABLE}": "100000x700",
            f"pg_stat_user_tables_last_any_vacuum_timestamp_seconds{TABLE}": "0x700",
        },
    ),
    Dead(
        name="nearly every connection is taken",
        expr="sum by (environment, cluster, instance) (pg_stat_activity_count) "
        "/ (pg_settings_max_connections > 0) > 0.8",
        check="labels-match",
        says="they differ in job, so nothing ever matches",
        living=f"sum by ({BY}) (pg_stat_activity_count) / (pg_settings_max_connections > 0) > 0.8",
        fault={
            f'pg_stat_activity_count{{{PLACE},datname="shop",state="active",usename="a"}}': "99x700",
            f"pg_settings_max_connections{{{PLACE}}}": "100x700",
        },
    ),
    Dead(
        name="nearly every lock is taken",
        expr="sum by (environment, cluster) (pg_locks_count) / (64 * pg_settings_max_connections > 0) > 0.2",
        check="labels-match",
        says="they differ in instance, job, so nothing ever matches",
        living=f"sum by ({BY}) (pg_locks_count) / (64 * pg_settings_max_connections > 0) > 0.2",
        fault={
            f'pg_locks_count{{{PLACE},datname="shop",mode="exclusivelock"}}': "6000x700",
            f"pg_settings_max_connections{{{PLACE}}}": "100x700",
        },
    ),
    Dead(
        name="something of the primary that nobody uses",
        expr="pg_stat_database_numbackends == 0 and pg_replication_is_replica == 0",
        check="labels-match",
        says="they differ in datname, so nothing ever matches",
        living=f"pg_stat_database_numbackends == 0 and on ({BY}) pg_replication_is_replica == 0",
        fault={
            f'pg_stat_database_numbackends{{{PLACE},datname="shop"}}': "0x700",
            f"pg_replication_is_replica{{{PLACE}}}": "0x700",
        },
    ),
    Dead(
        name="a table above the server's setting, long not vacuumed",
        expr="pg_stat_user_tables_n_dead_tup > pg_settings_autovacuum_freeze_max_age "
        "and time() - pg_stat_user_tables_last_any_vacuum_timestamp_seconds > 36000",
        check="labels-match",
        says="they differ in datname, relname, schemaname, so nothing ever matches",
        living=f"pg_stat_user_tables_n_dead_tup > on ({BY}) group_left () "
        "pg_settings_autovacuum_freeze_max_age "
        "and time() - pg_stat_user_tables_last_any_vacuum_timestamp_seconds > 36000",
        fault={
            f"pg_stat_user_tables_n_dead_tup{TABLE}": "300000000x700",
            f"pg_stat_user_tables_last_any_vacuum_timestamp_seconds{TABLE}": "0x700",
            f"pg_settings_autovacuum_freeze_max_age{{{PLACE}}}": "200000000x700",
        },
    ),
    Dead(
        name="a table above the server's setting, long not analyzed",
        expr="time() - pg_stat_user_tables_last_any_analyze_timestamp_seconds > 36000 "
        "and pg_stat_user_tables_n_mod_since_analyze > pg_settings_autovacuum_freeze_max_age",
        check="labels-match",
        says="they differ in datname, relname, schemaname, so nothing ever matches",
        living="time() - pg_stat_user_tables_last_any_analyze_timestamp_seconds > 36000 and "
        f"pg_stat_user_tables_n_mod_since_analyze > on ({BY}) group_left () "
        "pg_settings_autovacuum_freeze_max_age",
        fault={
            f"pg_stat_user_tables_n_mod_since_analyze{TABLE}": "300000000x700",
            f"pg_stat_user_tables_last_any_analyze_timestamp_seconds{TABLE}": "0x700",
            f"pg_settings_autovacuum_freeze_max_age{{{PLACE}}}": "200000000x700",
        },
    ),
    Dead(
        name="a hit ratio that turned bad after a good year",
        expr="pg_stat_database_blks_hit / (pg_stat_database_blks_hit + pg_stat_database_blks_read > 0) < 0.9",
        check="lifetime-ratio",
        says="is an average over the server's life, blind to what happens now",
        living="rate(pg_stat_database_blks_hit[5m]) / (rate(pg_stat_database_blks_hit[5m]) "
        "+ rate(pg_stat_database_blks_read[5m]) > 0) < 0.9 "
        "and rate(pg_stat_database_blks_hit[5m]) + rate(pg_stat_database_blks_read[5m]) > 10",
        fault={
            f'pg_stat_database_blks_hit{{{PLACE},datname="shop"}}': "10000000x700",
            f'pg_stat_database_blks_read{{{PLACE},datname="shop"}}': "0+1000x700",
        },
    ),
    Dead(
        name="fourteen times the budget of a lax objective",
        expr=f"{FAILED} / ({ALL} > 0) > 14.4 * (1 - 0.93)",
        check="limit-reachable",
        says="the value is at least 0 and at most 1, so that `> 1.008` never holds",
        living=f"{FAILED} / ({ALL} > 0) > 14.4 * (1 - 0.999) and {ALL} > 1",
        fault={f'http_requests_total{{{PLACE},method="GET",handler="/",status="500"}}': "0+600x700"},
    ),
    Dead(
        name="a percentile above the last bound",
        expr=f"{PERCENTILE} > {LAST:g}",
        check="limit-reachable",
        says=f"the value is at least 0 and at most {LAST:g}, so that `> {LAST:g}` never holds",
        living=f"{PERCENTILE} > 0.15 "
        f'and sum by ({BY}) (rate(http_request_duration_seconds_bucket{{le="+Inf"}}[5m])) > 1',
        fault={
            f'http_request_duration_seconds_bucket{{{PLACE},method="GET",handler="/",le="{le}"}}': values
            for le, values in (
                *((f"{each:g}", "0x700") for each in api.REQUEST_DURATION.buckets),
                ("+Inf", "0+600x700"),
            )
        },
    ),
    Dead(
        name="an objective that is no bucket",
        expr='rate(http_request_duration_seconds_bucket{le="0.12"}[5m]) '
        "/ ignoring (le) (rate(http_request_duration_seconds_count[5m]) > 0) < 0.95",
        check="histogram-bound",
        says='le="0.12" is no bound of http_request_duration_seconds',
        living='rate(http_request_duration_seconds_bucket{le="0.15"}[5m]) '
        "/ ignoring (le) (rate(http_request_duration_seconds_count[5m]) > 0) < 0.95 "
        "and rate(http_request_duration_seconds_count[5m]) > 1",
        fault={
            f'http_request_duration_seconds_bucket{{{PLACE},method="GET",handler="/",le="0.15"}}': "0x700",
            f'http_request_duration_seconds_count{{{PLACE},method="GET",handler="/"}}': "0+600x700",
        },
    ),
    Dead(
        name="a guard that nobody exports",
        expr=f"{FAILED} > 1 and on ({BY}) http_server_active_requests > 0",
        check="metric-exists",
        says="metric 'http_server_active_requests' is not in the catalogue",
        living=f"{FAILED} > 1 and on ({BY}) http_requests_in_progress > 0",
        fault={
            f'http_requests_total{{{PLACE},method="GET",handler="/",status="500"}}': "0+600x700",
            f"http_requests_in_progress{{{PLACE}}}": "3x700",
        },
    ),
    Dead(
        name="a job that nobody scrapes",
        expr='up{job="exporters"} == 0',
        check="label-value",
        says="label 'job' of up is never 'exporters'",
        living='up{job="exporter"} == 0',
        fault={f"up{{{PLACE}}}": "0x700"},
    ),
    Dead(
        name="a mode as nobody writes it",
        expr=f'sum by ({BY}) (pg_locks_count{{mode="ExclusiveLock"}}) > 100',
        check="label-value",
        says="label 'mode' of pg_locks_count is never 'ExclusiveLock'",
        living=f'sum by ({BY}) (pg_locks_count{{mode="exclusivelock"}}) > 100',
        fault={f'pg_locks_count{{{PLACE},datname="shop",mode="exclusivelock"}}': "6000x700"},
    ),
    Dead(
        name="none is left, counted",
        expr=f"count by ({BY}) (pg_up == 1) == 0",
        check="limit-reachable",
        says="the value is at least 1, so that `== 0` never holds",
        living=f"count by ({BY}) (pg_up) unless count by ({BY}) (pg_up == 1)",
        fault={f"pg_up{{{PLACE}}}": "0x700"},
    ),
]
ids = [dead.name for dead in DEAD]
CONFIG = {
    "prometheus/prometheus.yml": yaml.safe_dump(provision.prometheus(STACK.targets, notifies=False)).encode()
}
OF_QUERIES = {rule.id for rule in queries.RULES}


def refused(expr: str) -> list[Finding]:
    """What the checks on queries say of a rule."""
    return [each for each in judge(rule_file(alert(expr)) | CONFIG) if each.rule in OF_QUERIES]


def sounds(expr: str, fires: bool) -> dict[str, Any]:
    samples = [{"labels": "{}", "value": int(fires)}]
    return {"expr": f"count({expr}) > bool 0 or vector(0)", "eval_time": f"{HOURS}h", "exp_samples": samples}


@pytest.mark.parametrize("dead", DEAD, ids=ids)
def test_prometheus_takes_the_rule_and_sleeps_while_the_right_one_fires(dead: Dead, tmp_path: Path) -> None:
    (tmp_path / "rule.yml").write_bytes(rule_file(alert(dead.expr))["prometheus/rules/small.yml"])
    test = {
        "rule_files": ["rule.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in dead.fault.items()],
                "promql_expr_test": [sounds(dead.expr, False), sounds(dead.living, True)],
                "alert_rule_test": [{"eval_time": f"{HOURS}h", "alertname": "Small", "exp_alerts": []}],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    for words in (("check", "rules", "rule.yml"), ("test", "rules", "test.yml")):
        done = subprocess.run(
            ["promtool", *words], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dead", DEAD, ids=ids)
def test_the_check_refuses_it_for_its_reason(dead: Dead) -> None:
    found = [each for each in refused(dead.expr) if each.rule == dead.check]

    assert {each.where for each in found} == {"alert Small"}, refused(dead.expr)
    assert dead.says in found[0].message
    assert found[0].level == "error"
    assert found[0].fix


@pytest.mark.parametrize("dead", DEAD, ids=ids)
def test_the_form_that_fires_passes_every_check(dead: Dead) -> None:
    assert refused(dead.living) == []


COVERED = {dead.check for dead in DEAD}
TAKEN = COVERED
