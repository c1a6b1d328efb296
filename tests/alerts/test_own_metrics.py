"""What the exporter says of itself wakes somebody, or the catalogue says why it need not."""

from __future__ import annotations

import pytest

from alerts.rules import ALERTS
from exporters.catalogue import CATALOGUE, Metric, self_

OWN = CATALOGUE.of("exporter")
READ = {metric for alert in ALERTS for query in alert.queries for metric in query.metrics}
NAMES = {alert.name for alert in ALERTS}


@pytest.mark.parametrize("metric", OWN, ids=str)
def test_each_stands_in_an_alert_or_has_a_reason(metric: Metric) -> None:
    assert (metric in READ) != (metric in self_.NO_ALERT)


def test_a_reason_is_of_a_metric_that_there_is_and_names_alerts_that_there_are() -> None:
    assert self_.NO_ALERT.keys() <= set(OWN)
    for why in self_.NO_ALERT.values():
        named = {word.strip(",;:.") for word in why.split() if any(map(str.isupper, word[1:]))}
        assert named <= NAMES
