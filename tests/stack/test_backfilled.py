"""Alerts that look back over days, on blocks of as many: the rules of production fire, and are told.

Of every alert there are two installations in the same blocks: one in trouble at last, one healthy throughout.
Windows, spans and limits are those of production. Only these rules' hold, the time from one evaluation to the
next, and what Alertmanager waits for are a few seconds. Behind each of them stands the same rule once more,
with a limit just beyond the fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.model import Severity
from alerts.prometheus import rule_of
from alerts.proof.backfill import STEP, Backfill, Span, make_blocks
from alerts.proof.clock import OFFSET, RANGE, SUBQUERY, seconds
from alerts.proof.templates import filled
from dashboards.drill.model import SPAN
from dashboards.model import Panel
from dashboards.prometheus_api import Prometheus
from dashboards.prove import last, prove
from dashboards.stack import STACK
from dashboards.write import render
from examples.demo import servers
from examples.demo.chain import Ports
from examples.demo.process import wait_until
from examples.demo.render import demo_stack
from examples.demo.states import BACKFILLED as PAST
from examples.demo.states import STATES
from examples.drills import DRILLS
from examples.drills.backfilled import BACKFILLED
from signals.promql import Query
from signals.slo import DAY, HOUR

Json = dict[str, Any]

CLUSTER = "backfilled"
BEYOND = "Beyond"
# Seconds between two evaluations, and of each hold. Prometheus knows of no Alertmanager for its first five.
TURN, HOLD = 5, 10
# How old the newest samples may be when it starts, in seconds.
FRESH = 25
RECORDED = {each.metric.name for level in STACK.levels for each in (level.bad, level.total)}
FILES = {path: yaml.safe_load(text) for path, text in render(STACK).items() if "prometheus/rules/" in path}


def sick(backfill: Backfill) -> dict[str, str]:
    return {"environment": backfill.alert.uid, "cluster": CLUSTER}


def well(backfill: Backfill) -> dict[str, str]:
    return {"environment": f"{backfill.alert.uid}-well", "cluster": CLUSTER}


def past(span: Span) -> Iterator[str]:
    for each in BACKFILLED:
        yield from each.lines(sick(each), span, sick=True)
        yield from each.lines(well(each), span, sick=False)


def recorded(prometheus: Prometheus, now: int) -> Iterator[str]:
    """What the recordings that are read over days would have been, evaluated by a real Prometheus."""
    step = STACK.rules.step
    for document in FILES.values():
        for rule in document["groups"][0]["rules"]:
            if rule.get("record") in RECORDED:
                asked = {"query": rule["expr"], "start": now - 3 * DAY, "end": now, "step": step}
                for series in prometheus.get("query_range", **asked)["result"]:
                    pairs = ",".join(f'{name}="{value}"' for name, value in series["metric"].items())
                    for at, value in series["values"]:
                        yield f"{rule['record']}{{{pairs}}} {value} {at}\n"


def rest(now: int) -> Span:
    """What was scraped since: on a busy machine minutes pass."""
    behind = int(time.time() - now) % STEP
    if behind > FRESH:
        time.sleep(STEP - behind)
    return Span(now=now, until=int(time.time()), after=now)


def control(backfill: Backfill) -> Json:
    """The rule with a limit that the fault does not cross."""
    alert, context = backfill.alert, STACK.rules
    limit = replace(context.number(alert.threshold), value=backfill.beyond)
    moved = replace(context, numbers={**context.numbers, limit.key: limit})
    return {**rule_of(alert, moved), "alert": alert.name + BEYOND}


def watched(rules: list[Json]) -> Iterator[Json]:
    """The rules of a group; behind each that is backfilled its control, in the same turn."""
    known = {each.alert.name: each for each in BACKFILLED}
    for rule in rules:
        if backfill := known.get(rule.get("alert", "")):
            for each in (rule, control(backfill)):
                yield {**each, "for": f"{HOLD}s"}
        else:
            yield rule


def write_rules(home: Path) -> None:
    """The rules of production, with the controls among them."""
    (home / "rules").mkdir(parents=True)
    for path, document in FILES.items():
        (group,) = document["groups"]
        changed = {"groups": [{**group, "interval": f"{TURN}s", "rules": list(watched(group["rules"]))}]}
        (home / "rules" / Path(path).name).write_text(yaml.safe_dump(changed))


def config(home: Path, name: str, **more: Any) -> Path:
    path = home / name
    path.write_text(yaml.safe_dump({"global": {"evaluation_interval": "30s"}, **more}))
    return path


def start_alertmanager(home: Path, ports: Ports) -> servers.Alertmanager:
    fast = demo_stack(STACK, ports, time_scale=1 / 30)
    for path, text in render(fast).items():
        if path.startswith("alertmanager/"):
            (home / Path(path).name).write_bytes(text)
    return servers.Alertmanager(home / "alertmanager", home / "alertmanager.yml", port=ports.alertmanager)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of all of them.

    Attributes:
        fired: the instances that fire, as Prometheus tells them.
        messages: what was delivered, as the receiver tells it.
        rules: of Prometheus, by name.
        values: of each alert's query when it began to fire, by its name.
        prometheus: that holds all of it.
    """

    fired: list[Json]
    messages: list[Json]
    rules: dict[str, Json]
    values: dict[str, list[float]]
    prometheus: Prometheus

    def of(self, backfill: Backfill) -> list[Json]:
        """The alerts of the installation in trouble."""
        return [each for each in self.fired if sick(backfill).items() <= each["labels"].items()]


def firing(prometheus: Prometheus) -> list[Json]:
    alerts = prometheus.get("alerts")["alerts"]
    return [each for each in alerts if each["state"] == "firing" and each["labels"].get("cluster") == CLUSTER]


def shown(prometheus: Prometheus, alert: Json, rules: dict[str, Json]) -> Iterator[float]:
    """Its value when its hold was over, and at the next evaluations: a busy machine may leave one out."""
    over = datetime.fromisoformat(alert["activeAt"]).timestamp() + HOLD
    for turn in range(3):
        ((_, (value,)),) = prometheus.query(rules[alert["labels"]["alertname"]]["query"], over + turn * TURN)
        yield value


def delivered(receiver: servers.WebhookReceiver) -> list[Json]:
    return [alert for message in receiver.messages() for alert in message["body"].get("alerts", ())]


@pytest.fixture(scope="module")
def told(new_home: Callable[[], Path]) -> Iterator[Told]:
    home = new_home()
    write_rules(home)
    ports, now = Ports.choose(), int(time.time())
    tsdb = home / "prometheus" / "tsdb"
    make_blocks(past(Span(now=now, until=now)), tsdb)
    with ExitStack() as stack:

        def started(server: servers.HttpServer) -> None:
            stack.callback(server.stop)
            server.start()

        reader = servers.Prometheus(home / "prometheus", config(home, "reader.yml"), port=ports.prometheus)
        started(reader)
        make_blocks(recorded(Prometheus(url=reader.url), now), tsdb)
        reader.stop()
        receiver = servers.WebhookReceiver(home / "webhook", port=ports.webhook)
        started(receiver)
        started(start_alertmanager(home, ports))
        sent = {"alertmanagers": [{"static_configs": [{"targets": [ports.address("alertmanager")]}]}]}
        if (since := rest(now)).until - now >= STEP:
            make_blocks(past(since), tsdb)
        ruled = config(home, "prometheus.yml", rule_files=["rules/*.yml"], alerting=sent)
        started(servers.Prometheus(home / "prometheus", ruled, port=ports.prometheus))
        prometheus, held = Prometheus(url=ports.url("prometheus")), time.time() + HOLD + 2 * TURN

        def rules() -> dict[str, Json]:
            groups = prometheus.get("rules")["groups"]
            return {rule["name"]: rule for group in groups for rule in group["rules"]}

        def looked(rule: Json) -> bool:
            return datetime.fromisoformat(rule["lastEvaluation"]).timestamp() > held

        wait_until(lambda: all(map(looked, rules().values())), "every rule was held", timeout=90, pause=0.5)
        fired = firing(prometheus)
        # What fires and reaches someone, is told soon after; that nothing else comes, a moment later.
        loud = {each.alert.name for each in BACKFILLED if each.alert.severity is not Severity.INFO}
        loud &= {each["labels"]["alertname"] for each in fired}
        wait_until(
            lambda: loud <= {each["labels"]["alertname"] for each in delivered(receiver)},
            "told",
            timeout=30,
            pause=0.2,
        )
        values = {each["labels"]["alertname"]: list(shown(prometheus, each, rules())) for each in fired}
        yield Told(
            fired=fired, messages=delivered(receiver), rules=rules(), values=values, prometheus=prometheus
        )


EACH = pytest.mark.parametrize("backfill", BACKFILLED, ids=lambda each: each.alert.name)


@pytest.mark.timeout(300)
@EACH
def test_a_fault_after_days_of_health_fires_its_alert_and_no_other(told: Told, backfill: Backfill) -> None:
    alert = backfill.alert
    (found,) = told.of(backfill)
    wanted = {"alertname": alert.name, **alert.labels, **sick(backfill), **backfill.case.labels}
    assert found["labels"] == wanted
    assert told.values[alert.name][0] == pytest.approx(backfill.value, rel=0.1)


@EACH
def test_it_is_told_with_its_value(told: Told, backfill: Backfill) -> None:
    alert = backfill.alert
    messages = [each for each in told.messages if sick(backfill).items() <= each["labels"].items()]
    if alert.severity is Severity.INFO:
        assert messages == []
        return
    (message,) = messages
    assert message["labels"] == told.of(backfill)[0]["labels"]
    says = STACK.rules.says(alert, alert.summary)
    values = told.values[alert.name]
    assert message["annotations"]["summary"] in {filled(says, backfill.case.labels, each) for each in values}


def past_of(backfill: Backfill) -> Iterator[Query]:
    """What panels must show of it: what the alert is about, and what no demo of minutes knows."""
    yield backfill.alert.signal.query
    written = {each.metric for each in backfill.series or backfill.case.series}
    for each in STATES.lacking:
        for query in (signal.query for signal in each.signals if PAST in each.shown_in):
            back = max(map(float, SPAN.findall(query.text)), default=0)
            if written.issuperset(query.metrics) and back <= backfill.looks_back:
                yield query


def test_all_that_needs_a_past_of_days_is_looked_at() -> None:
    lacking = {signal.query for each in STATES.lacking if PAST in each.shown_in for signal in each.signals}
    assert lacking <= {query for backfill in BACKFILLED for query in past_of(backfill)}


@EACH
def test_panels_show_what_looks_back_over_days(told: Told, backfill: Backfill) -> None:
    known = set(past_of(backfill))
    # What rules record is there since they are evaluated; what is scraped is written for each minute, so that
    # only over a day are windows wide enough for a rate.
    recorded = {query for query in known if any(metric.source == "rules" for metric in query.metrics)}
    panels = {(board.uid, panel.title): panel for board in STACK.boards for panel in board.panels}
    # Nothing is scraped here, so no variable has a value by itself.
    first, *_ = backfill.series or backfill.case.series
    given = {**first.all_labels, **sick(backfill)}
    of_it = [
        (proof, answer)
        for span, queries in ((last(HOUR), recorded), (last(DAY), known - recorded))
        for proof in prove(STACK, told.prometheus, span, wanted=showing(queries), given=given)
        for answer, signal in zip(proof.answers, panels[proof.board, proof.title].shown, strict=True)
        if signal.query in queries
    ]
    assert of_it
    assert [
        (proof.title, answer.ref, answer.state) for proof, answer in of_it if answer.state != "data"
    ] == []


def showing(queries: set[Query]) -> Callable[[Panel], bool]:
    """Whether a panel asks one of these; of a scorecard each column is made of many."""
    return lambda panel: (
        panel.kind != "scorecard" and not queries.isdisjoint(each.query for each in panel.shown)
    )


@EACH
def test_it_is_silent_beside_as_many_days_of_health(told: Told, backfill: Backfill) -> None:
    everywhere = {each["labels"]["environment"] for each in told.fired}
    assert sick(backfill)["environment"] in everywhere
    assert well(backfill)["environment"] not in everywhere


@EACH
def test_it_is_silent_with_a_limit_just_beyond_the_fault(told: Told, backfill: Backfill) -> None:
    rule, beyond = (told.rules[backfill.alert.name + end] for end in ("", BEYOND))
    assert (rule["health"], beyond["health"]) == ("ok", "ok")
    assert rule["query"] != beyond["query"]
    assert rule["alerts"]
    assert beyond["alerts"] == []


def test_every_alert_that_looks_back_over_a_day_is_drilled_or_backfilled() -> None:
    rules = [rule for document in FILES.values() for group in document["groups"] for rule in group["rules"]]
    recorded = {rule["record"]: rule["expr"] for rule in rules if "record" in rule}

    def looks_back(expr: str) -> float:
        own = [seconds(found) for pattern in (RANGE, SUBQUERY, OFFSET) for found in pattern.findall(expr)]
        read = [looks_back(other) for name, other in recorded.items() if name in expr and other != expr]
        return max([*own, *read], default=0.0)

    drilled = {alert for drill in DRILLS.drills for alert in drill.alerts}
    backfilled = {each.alert.name for each in BACKFILLED}
    long = {rule["alert"] for rule in rules if "alert" in rule and looks_back(rule["expr"]) >= DAY}
    assert long - drilled - backfilled == set()
    assert {"ApiErrorBudgetBurnSlow", "ExpectedIndexUnused"} <= long
