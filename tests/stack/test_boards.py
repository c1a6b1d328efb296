"""Every panel of every board answers, from the running chain, as Grafana would ask."""

from __future__ import annotations

from dashboards.prove.report import excess, panels, undeclared
from dashboards.stack import STACK
from examples.demo.states import FIXED, LONG, STATES
from exporters.catalogue import CATALOGUE
from tests.stack.conftest import OVERLOADED, RATE, Running, about

# Not run in this chain: Grafana, and what only a failing exporter or an empty Redis would show.
EXTERNAL = ("prometheus", "blackbox", "alertmanager")
# Seconds shown, so that a chain that is up for a minute has been for longer than twice that.
SHORT = 25.0


def test_everything_on_the_boards_has_data_or_says_why_not(running: Running) -> None:
    looked = running.look(FIXED)
    assert list(undeclared(looked)) == []
    assert list(STATES.disproved(looked, STACK)) == []
    assert excess(looked) == ""
    proofs = panels(looked)
    # The others are about trouble, and there is none.
    assert sum(each.verdict == "data" for each in proofs) >= len(proofs) * 0.6


def test_what_was_before_is_shown_beside_what_is(running: Running) -> None:
    looked = running.look(LONG, seconds=SHORT, wanted=about(LONG))
    assert looked
    assert list(undeclared(looked)) == []


def test_the_servers_around_us_emit_what_the_catalogue_says_of_them(running: Running) -> None:
    names = set(running.prometheus.label_values("{__name__=~'.+'}", "__name__", 0, 1e11))
    missing = [
        metric.name
        for metric in CATALOGUE.of(*EXTERNAL)
        if not metric.optional and not names & set(metric.series)
    ]
    assert missing == []


def test_the_chain_emits_what_the_catalogue_declares(running: Running) -> None:
    names = set(running.prometheus.label_values("{__name__=~'.+'}", "__name__", 0, 1e11))
    declared = CATALOGUE.of("api", "postgres", "redis", "exporter")
    always = [metric for metric in declared if not metric.optional or metric.until]
    missing = [metric.name for metric in always if not names & set(metric.series)]
    assert missing == []


def test_no_rule_fails(running: Running) -> None:
    failed = running.prometheus.query("sum(prometheus_rule_evaluation_failures_total)")
    assert failed[0][1] == [0.0]


def test_a_healthy_backend_fires_nothing_but_the_watchdog(running: Running) -> None:
    true = OVERLOADED if running.rate < RATE else frozenset()
    assert running.firing() - true == {"Watchdog"}
