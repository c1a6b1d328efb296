"""The series of the cases are those that the real processes write: a rule is not tested on its own wishes."""

from __future__ import annotations

import pytest

from alerts.cases import CASES
from alerts.proof.model import Case
from alerts.proof.series import Series
from dashboards.stack import STACK
from examples.drills.backfilled import BACKFILLED
from exporters.catalogue import external
from tests.pages import recorded

PAGES = {
    "api": "api",
    "exporter": "exporter",
    "api-health": "blackbox",
    "pgbouncer": "pgbouncer",
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "grafana": "grafana",
}
# Prometheus writes these itself, for each target.
MADE = {metric.name for metric in (external.UP, external.SCRAPE_DURATION, external.SCRAPE_SAMPLES)}

# Of series that differ in nothing but their levels, one.
SERIES = {series.key: series for each in (*CASES, *BACKFILLED) for series in each.series}


@pytest.mark.parametrize("series", SERIES.values(), ids=map(str, SERIES))
def test_a_series_has_the_name_labels_and_type_of_the_recorded_page(series: Series) -> None:
    if series.name in MADE:
        assert not series.labels
        return
    if series.metric.source == "rules":
        (declared,) = (each.metric for each in STACK.recorded if each.metric.name == series.name)
        assert {"job", *series.labels} == declared.label_names()
        return
    page = PAGES[series.scraped_by]
    sample = recorded(page).get(series.name)
    assert sample is not None, f"the {page} writes no {series.name}"
    # Prometheus writes which of several hosts it is.
    assert frozenset(series.labels) - {"instance"} in sample.labels
    assert sample.type == series.metric.kind
    if "le" in series.labels:
        assert series.labels["le"] in sample.bounds


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert.name} {case.name}")
def test_a_case_feeds_every_metric_that_its_rule_reads(case: Case) -> None:
    fed = {series.metric.name for series in case.series}
    read = {metric.name for query in case.alert.queries for metric in query.metrics}
    silencing = {external.PROBE_SUCCESS.name} if case.labels.get("job") == "exporter" else set()
    assert read - silencing == fed
