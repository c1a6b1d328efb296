"""Every panel of every board answers, from the running chain, as Grafana would ask."""

from __future__ import annotations

from dashboards.prove import prove, summary
from examples.drills import DRILLS
from exporters.catalogue import CATALOGUE
from tests.stack.conftest import Running

# Not run in this chain: Grafana, and what only a failing exporter or an empty Redis would show.
EXTERNAL = ("prometheus", "blackbox", "alertmanager")


def test_every_panel_has_data_or_says_why_not(running: Running) -> None:
    proofs = prove(running.stack, running.prometheus, running.shown())
    print(summary(proofs))
    wrong = [f"{each.board}: {each.title}: {each.state} {each.answers}" for each in proofs if not each.well]
    assert wrong == []
    # What looks back over days, or at a Grafana, has its data in other tests.
    signals = [
        alert.signal
        for alert in running.stack.alerts
        if alert.name in DRILLS.backfilled or alert.notifier == "grafana"
    ]
    elsewhere = {
        (board.uid, panel.title)
        for board in running.stack.boards
        for panel in board.panels
        if panel.signals and panel.signals[0] in signals
    }
    empty = [each for each in proofs if each.state == "empty" and (each.board, each.title) not in elsewhere]
    assert len(empty) <= len(proofs) / 15, [each.title for each in empty]
    assert (
        sum(each.state == "data" for each in proofs) >= len(proofs) * 0.6
    )  # the others are about trouble, and there is none


def test_no_answer_holds_nan_or_infinity(running: Running) -> None:
    proofs = prove(running.stack, running.prometheus, running.shown())
    assert [(each.title, each.answers) for each in proofs if each.state in ("NaN", "Inf")] == []


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
    missing = [metric.name for metric in declared if not metric.optional and not names & set(metric.series)]
    assert missing == []


def test_no_rule_fails(running: Running) -> None:
    failed = running.prometheus.query("sum(prometheus_rule_evaluation_failures_total)")
    assert failed[0][1] == [0.0]


def test_a_healthy_backend_fires_nothing_but_the_watchdog(running: Running) -> None:
    assert running.firing() == {"Watchdog"}
