"""Ten panels against what the load generator knows that it did."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import requests

from dashboards.grafana import render_board
from dashboards.prove import filled, last, variable_values
from examples.faults import injected, make
from examples.load import ENDPOINTS, Load, Result
from signals.promql import duration
from tests.stack.conftest import Running, eventually

SECONDS = 40.0
# Until the last request is counted, scraped and stored.
SETTLED = 4.0
BATCH = "/api/payroll/batch"
FAILING = "/api/employees"


def asked(running: Running, board_uid: str, title: str, window: float, at: float) -> dict[str, float]:
    """A panel's queries at one time over one window: value by the label that names the line."""
    board = next(each for each in running.stack.boards if each.uid == board_uid)
    rendered = render_board(board, replace(running.stack.context, time_scale=window / 300))
    (panel,) = [each for each in rendered["panels"] if each["title"] == title]
    values = variable_values(rendered, running.prometheus, last(600))
    values |= {"__rate_interval": duration(window), "__range": duration(window)}
    found: dict[str, float] = {}
    for target in panel["targets"]:
        for labels, samples in running.prometheus.query(filled(target["expr"], values), at):
            kept = {k: v for k, v in labels.items() if k not in ("environment", "cluster", "job", "instance")}
            found[" ".join(filter(None, [target["refId"], *kept.values()]))] = samples[-1]
    return found


@dataclass(frozen=True)
class Known:
    """A load of our own in a quiet time: everything it did, and from when to when it was all there was."""

    result: Result
    began: float
    end: float


@pytest.fixture(scope="module")
def known(running: Running) -> Iterator[Known]:
    running.load.stop()
    # A series that appears within a window has no growth there; this rare one must be there before.
    assert requests.get(f"{running.chain.api.url}/api/employees/0", timeout=10).status_code == 404
    time.sleep(SETTLED)
    began = time.time()
    result = Load(running.chain.api.url, rate=20, seconds=SECONDS, endpoints=ENDPOINTS, seed=7).run()
    time.sleep(SETTLED)
    yield Known(result, began, time.time())
    running.start_load()


def test_the_counters_are_exact(running: Running, known: Known) -> None:
    for (method, handler, status), count in known.result.answers.items():
        selector = f'sum(http_requests_total{{method="{method}",handler="{handler}",status="{status}"}})'
        after = running.prometheus.query(selector, known.end)[0][1][0]
        earlier = running.prometheus.query(selector, known.began)
        assert after - (earlier[0][1][0] if earlier else 0) == count, (method, handler, status)


def test_ten_panels_show_what_was_sent(running: Running, known: Known) -> None:
    result, end = known.result, known.end
    window = round(end - known.began)  # the load and the quiet after it, so that each rate is count / window
    answers = result.answers.total()

    def panel(board: str, title: str) -> dict[str, float]:
        return asked(running, board, title, window, end)

    def near(shown: float, true: float, by: float = 0.12) -> bool:
        return shown == pytest.approx(true, rel=by, abs=0.02)

    per_second = 1 / window
    seen: dict[str, bool] = {}
    seen["rate"] = near(panel("backend-api", "Request rate")["A"], answers * per_second)
    rates = panel("backend-api", "Request rate by endpoint")
    seen["rate by endpoint"] = all(
        near(
            rates[f"A {handler} {method}"],
            sum(n for (m, h, _), n in result.answers.items() if (m, h) == (method, handler)) * per_second,
        )
        for method, handler, _ in result.answers
    )
    statuses = panel("backend-api", "Errors by status code")
    missing = sum(count for (_, _, status), count in result.answers.items() if status == 404)
    seen["404s"] = near(statuses["A 404"], missing * per_second)
    seen["error ratio"] = panel("backend-api", "Error ratio")["A"] == 0
    times = [seconds for durations in result.durations.values() for seconds in durations]
    average = panel("backend-api", "Mean latency")["A"]
    mean = sum(times) / len(times)
    seen["average below what the client saw"] = 0.1 * mean <= average <= 1.05 * mean
    p95 = panel("backend-api", "p95 latency")["A"]
    seen["p95 near what the client saw"] = p95 <= max(
        0.01, sorted(times)[int(len(times) * 0.95)] * 1.5 + 0.02
    )
    sent = panel("backend-api", "Bandwidth")
    wire, raw = sum(result.wire_bytes.values()), sum(result.raw_bytes.values())
    seen["bytes sent"] = near(sent["A"], wire * per_second)
    seen["bytes before compression"] = near(sent["B"], raw * per_second)
    seen["saved by compression"] = near(
        panel("backend-api", "Saved by compression")["A"], 1 - wire / raw, 0.05
    )
    endpoints = panel("backend-api", "Endpoints")
    batches = sum(count for (_, handler, _), count in result.answers.items() if handler == BATCH)
    seen["the table's rate"] = near(endpoints[f"A {BATCH}"], batches * per_second)
    seen["workers"] = panel("backend-api", "Workers alive")["A"] == 4
    hits = panel("backend-api", "Cache hit ratio by prefix")["A dashboard_admin"]
    seen["cache hits"] = hits > 0.8
    assert [what for what, right in seen.items() if not right] == [], json.dumps(seen)
    assert len(seen) >= 10


def test_errors_are_shown_as_they_were_answered(running: Running, known: Known) -> None:
    del known  # the steady load rests
    api = running.chain.api.url
    with injected(make("errors", running.chain.targets, handler=FAILING)):
        eventually(lambda: requests.get(api + FAILING, timeout=10).status_code == 500, "it fails", within=10)
        time.sleep(SETTLED)
        began = time.time()
        result = Load(api, rate=20, seconds=SECONDS / 2, endpoints=ENDPOINTS, seed=9).run()
        time.sleep(SETTLED)
        end = time.time()
    window = round(end - began)
    failed = sum(count for (_, _, status), count in result.answers.items() if status >= 500)
    assert failed > 20
    share = failed / result.answers.total()

    def panel(title: str) -> dict[str, float]:
        return asked(running, "backend-api", title, window, end)

    assert panel("Error ratio")["A"] == pytest.approx(share, rel=0.1)
    assert panel("Errors by status code")["A 500"] == pytest.approx(failed / window, rel=0.12)
    (raised,) = [rate for line, rate in panel("Exceptions by kind").items() if FAILING in line and rate]
    assert raised == pytest.approx(failed / window, rel=0.12)
    assert panel("Endpoints")[f"D {FAILING}"] == pytest.approx(1, rel=0.02)
