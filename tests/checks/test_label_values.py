"""Values of labels that are no short list: what can be known of them all the same is looked up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboards import write
from dashboards.stack import STACK
from tests.checks.small import alert, asked, judge, only, rule_file
from tests.checks.test_queries import RATE

# query, what the message names, what the fix names
REFUSED = [
    (
        RATE.replace("SCOPE", 'SCOPE,status=~"5xx"'),
        "label 'status' of http_requests_total is never '5xx'",
        "It has 500, from 100 to 599.",
    ),
    (RATE.replace("SCOPE", 'SCOPE,status=~"2..|6.."'), "never '6..'", "from 100 to 599"),
    (
        'obs_exporter_collector_cache_age_seconds{SCOPE,collector!="postgres.size"}',
        "never 'postgres.size'",
        "'postgres.sizes'",
    ),
]


@pytest.mark.parametrize(("expr", "names", "fix"), REFUSED)
def test_a_value_that_is_none_of_its_kind_is_refused(expr: str, names: str, fix: str) -> None:
    (found,) = only(asked(expr), "label-value")
    assert names in found.message
    assert fix in found.fix


def test_a_job_that_nobody_scrapes_is_refused() -> None:
    config = {
        "prometheus/prometheus.yml": b"global: {}\nscrape_configs: [{job_name: api}, {job_name: exporter}]"
    }
    found = only(
        judge(rule_file({"alert": "Small", "expr": 'up{job="exporters"} == 0'}) | config), "label-value"
    )

    assert [each.fix for each in found] == ["Did you mean 'exporter'? It has: api, exporter."]


def test_an_alert_that_no_rule_is_is_refused() -> None:
    reads = 'pg_up < 1 unless on (environment, cluster) ALERTS{alertname="%s"}'
    (found,) = only(judge(rule_file(alert(reads % "Smal", "Small"))), "label-value")
    assert "label 'alertname' of ALERTS is never 'Smal'" in found.message
    assert found.fix == "Did you mean 'Small'? It has: Small."
    assert only(judge(rule_file(alert(reads % "Small", "Small"))), "label-value") == []


def test_an_alert_that_a_stack_leaves_out_may_still_be_yielded_to() -> None:
    left = tuple(alert for alert in STACK.alerts if alert.name != "PostgresXidAgeCritical")
    assert any(alert.yields_to and alert.yields_to not in left for alert in left)
    _, found = write.checked(replace(STACK, alerts=left))
    assert only(found, "label-value") == []
