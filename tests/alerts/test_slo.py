"""Service levels through promtool: every share is the one counted from events, and alerts follow the budget.

Beside them rules of the shape that sloth generates: the same verdict on the same series, and where the two
differ the truth decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.model import Alert
from alerts.proof.plan import CONTEXT
from alerts.rules import slo
from dashboards.boards import BOARDS
from dashboards.queries import targets
from dashboards.stack import STACK
from exporters.catalogue.api import UNMATCHED
from signals.levels import AVAILABILITY, LATENCY
from signals.promql import duration
from signals.slo import DAY, HOUR, WINDOWS, ServiceLevel, crossed_after
from tests.alerts.slo_support import STEP, Day, Part, close, holds, peer

FAST, SLOW = slo.API_ERROR_BUDGET_BURN_FAST, slo.API_ERROR_BUDGET_BURN_SLOW
# What is compared is the shape, not who speaks first.
ALONE = replace(SLOW, yields_to=None)
ONE_DAY = replace(AVAILABILITY, window=DAY)
ALL = (*AVAILABILITY.ratios.values(), *AVAILABILITY.events.values())


def ratio(window: float) -> str:
    return f"job:availability_bad:ratio{duration(window)}"


def condition(alert: Alert) -> str:
    return CONTEXT.fill(alert.condition, alert.window)


@pytest.mark.parametrize(
    ("scale", "share"),
    [(1, "* 30 / 3600, 1)"), (0.1, "* 3 / 360, 1)"), (0.01, "* 1 / 36, 1)")],
)
def test_every_window_runs_on_the_clock_of_the_stack(scale: float, share: str) -> None:
    told = replace(CONTEXT, time_scale=scale).record(AVAILABILITY.ratios[HOUR])
    assert set(re.findall(r"\[(\w+)\]", told)) == {duration(HOUR * scale)}
    assert told.endswith(share)


def test_bad_events_are_counted(tmp_path: Path) -> None:
    day = Day(level=AVAILABILITY, parts=(Part(30, 1000), Part(0.5, 1000, 4), Part(3, 1000)))
    steps = day.parts[1].steps
    asked = [
        (30.7, close("job:availability_bad:events1h", 4 * steps, within=0.05), 1),
        (32.5, "sum(job:availability_bad:events1h)", 0),
        (32.5, close("job:availability_bad:events1d", 4 * steps, within=0.05), 1),
    ]
    assert day.wrong(tmp_path, asked) == ""


def test_slow_requests_are_counted_from_the_bucket_of_the_objective(tmp_path: Path) -> None:
    day = Day(level=LATENCY, parts=(Part(2, 1000, 50), Part(2, 1000, 720)))
    asked = [
        (1.9, close("job:latency_bad:ratio1h", 0.05), 1),
        (3.9, close("job:latency_bad:ratio1h", 0.72), 1),
        (3.9, close("job:latency_bad:events1h", 720 * HOUR / STEP, within=0.1), 1),
    ]
    assert day.wrong(tmp_path, asked) == ""


def test_each_of_two_applications_in_a_cluster_spends_a_budget_of_its_own(tmp_path: Path) -> None:
    """Of the other one every request fails."""
    beside = {'http_requests_total{job="shop",status="500"': 700.0}
    day = Day(level=AVAILABILITY, parts=(Part(2, 1000, 50),), beside=beside)
    (board,) = (each for each in BOARDS if each.uid == "backend-api")
    shown = [
        target.expr.replace("$environment", "production").replace("$cluster", "main")
        for panel in board.panels
        if AVAILABILITY.burns[HOUR] in panel.signals
        for target in targets(panel, board, STACK.context)
        if target.expr.startswith("round(job:availability_bad:ratio1h")
    ]
    assert len(shown) == 1
    asked = [
        (1.9, close(shown[0].replace("$job", job), share / 0.001, within=0.05), 1)
        for job, share in (("api", 0.05), ("shop", 1.0))
    ]
    chosen = f"count({shown[0].replace('$job', 'api')})"
    assert day.wrong(tmp_path, [*asked, (1.9, chosen, 1)]) == ""


def test_what_a_scanner_asks_for_dilutes_nothing(tmp_path: Path) -> None:
    """Nine thousand fast 404s beside each thousand requests."""
    nowhere = f'handler="{UNMATCHED}"'
    beside = {
        f'http_requests_total{{{nowhere},status="404"': 9000.0,
        f'http_request_duration_seconds_bucket{{{nowhere},le="0.15"': 9000.0,
        f"http_request_duration_seconds_count{{{nowhere}": 9000.0,
    }
    for level in (AVAILABILITY, LATENCY):
        folder = tmp_path / level.key
        folder.mkdir()
        day = Day(level=level, parts=(Part(2, 1000, 20), Part(1.5, 0)), beside=beside)
        asked = [
            (1.9, close(f"job:{level.key}_bad:ratio1h", 0.02), 1),
            # Nobody but the scanner: no traffic.
            (3.4, f"sum(job:{level.key}_bad:ratio5m)", None),
        ]
        assert day.wrong(folder, asked) == ""


def test_an_error_before_any_route_counts(tmp_path: Path) -> None:
    """A middleware that breaks for some, and in the end for all."""
    beside = {f'http_requests_total{{handler="{UNMATCHED}",status="500"': 250.0}
    day = Day(level=AVAILABILITY, parts=(Part(2, 750), Part(1.5, 0)), beside=beside)
    asked = [(1.9, close(ratio(HOUR), 0.25), 1), (3.4, close(ratio(5 * 60), 1), 1)]
    assert day.wrong(tmp_path, asked) == ""


def test_no_error_is_nothing_and_no_traffic_is_no_sample_and_nothing_is_ever_nan(tmp_path: Path) -> None:
    day = Day(level=AVAILABILITY, parts=(Part(3, 100), Part(9, 0)))
    every = " or ".join(f"{recording.metric.name} != {recording.metric.name}" for recording in ALL)
    asked = [(hour / 2, holds(every), 0) for hour in range(1, 24)]
    asked += [(2.9, f"sum({ratio(window)})", 0) for window in WINDOWS]
    # After seven hours of silence the six hours before hold no event.
    asked += [(10.5, f"sum({ratio(window)})", None) for window in WINDOWS if window <= 6 * HOUR]
    asked += [(10.5, f"sum({ratio(DAY)})", 0)]
    assert day.wrong(tmp_path, asked) == ""


def test_a_counter_that_appears_with_its_first_error_counts_from_its_second_sample_on(tmp_path: Path) -> None:
    day = Day(level=AVAILABILITY, parts=(Part(4, 1000), Part(1.5, 1000, 20)), quiet_counter=True)
    asked = [
        (3.9, f"sum({ratio(HOUR)})", 0),
        (4.5, close(ratio(5 * 60), 0.02), 1),
        (5.4, close(ratio(HOUR), 0.02), 1),
    ]
    assert day.wrong(tmp_path, asked) == ""


def test_a_restart_of_the_counters_is_no_error(tmp_path: Path) -> None:
    day = Day(
        level=AVAILABILITY, parts=(Part(4, 1000, 1), Part(2, 1000, 1)), alerts=(FAST, SLOW), restarts=True
    )
    asked = [(4 + each / 10, close(ratio(5 * 60), 0.001), 1) for each in range(2, 20, 3)]
    asked += [(5.9, close(ratio(HOUR), 0.001), 1), (5.9, holds(f"{condition(FAST)} or {condition(SLOW)}"), 0)]
    assert day.wrong(tmp_path, asked) == ""


def test_exactly_at_a_limit_is_quiet_and_just_above_it_is_not(tmp_path: Path) -> None:
    for name, bad, fires in (("at", 6, 0), ("above", 6.1, 1)):
        folder = tmp_path / name
        folder.mkdir()
        day = Day(level=AVAILABILITY, parts=(Part(8, 1000, bad),), alerts=(FAST,))
        asked = [(7.5, holds(condition(FAST)), fires), (7.5, close(ratio(6 * HOUR), bad / 1000), 1)]
        assert day.wrong(folder, asked) == ""


def test_a_month_that_is_not_on_record_is_no_month_without_budget(tmp_path: Path) -> None:
    """Ten minutes in which a tenth fails are 2.3 % of the budget, on the first day as on the last."""
    day = Day(level=AVAILABILITY, parts=(Part(1, 1000), Part(1 / 6, 1000, 100), Part(5, 1000)))
    left = CONTEXT.fill(AVAILABILITY.left.query, 300)
    spent = 0.1 / 6 / (30 * 24 * 0.001)
    asked = [(6, close(f"1 - ({left})", spent, within=0.03), 1)]
    assert day.wrong(tmp_path, asked) == ""


# Beside the peer

# Three days of health first: what is not on record counts otherwise for the two, see below.
STORY = Day(
    level=ONE_DAY,
    parts=(
        Part(73, 1000, 0.5),
        Part(0.5, 1000, 300),  # a spike
        Part(5, 1000),
        Part(12, 20),  # a night
        Part(1, 20, 20),  # in which all of few requests fail
        Part(2, 20),
        Part(8, 1000, 4),  # a steady burn
        Part(8, 1000),
    ),
    alerts=(FAST, SLOW),
    others={"peer": peer(ONE_DAY, "1d")},
)
EDGES = [sum(part.hours for part in STORY.parts[:count]) for count in range(1, len(STORY.parts) + 1)]


def calm(hour: float) -> bool:
    """Whether nothing entered or left a window just before: our rates are of five minutes, so much later."""
    return not any(0 <= hour - edge - window / HOUR < 0.2 for edge in EDGES for window in (0, *WINDOWS))


def test_verdicts_are_the_peers_and_every_window_is_the_share_of_bad_events(tmp_path: Path) -> None:
    hours = [hour for hour in (72.1 + each * 0.37 for each in range(101)) if calm(hour)]
    pairs = ((condition(FAST), "peer:page:holds"), (condition(ALONE), "peer:ticket:holds"))
    asked: list[tuple[float, str, float | None]] = []
    asked += [(hour, f"{holds(ours)} - {holds(theirs)}", 0) for hour in hours for ours, theirs in pairs]
    # By turns nobody, both and the slow one alone: the verdicts are of something.
    for hour, fast, slow in ((72, 0, 0), (73.6, 1, 1), (75, 0, 1), (91.4, 1, 1), (104, 0, 1), (109, 0, 0)):
        asked += [(hour, holds(condition(FAST)), fast), (hour, holds(condition(ALONE)), slow)]
    ends = (72.5, 78.4, 101.4)
    asked += [
        (end, close(ratio(window), STORY.share(end - window / HOUR, end), within=0.03), 1)
        for end in ends
        for window in WINDOWS
    ]
    assert len(hours) > 60
    assert STORY.wrong(tmp_path, asked) == ""


@pytest.mark.parametrize(
    ("parts", "hour", "theirs"),
    [
        ([Part(8, 1000), Part(1.2, 1000, 14.4)], 9.1, "page"),
        ([Part(8, 1000), Part(7, 1000, 6)], 14.5, "page"),
        # Three days hold it too, were it not for so much traffic before.
        ([Part(48.5, 20000), Part(25, 1000, 3)], 73.2, "ticket"),
        ([Part(75, 1000, 1)], 74, "ticket"),
    ],
    ids=["1h", "6h", "1d", "3d"],
)
def test_each_limit_is_where_the_peers_is(
    parts: list[Part], hour: float, theirs: str, tmp_path: Path
) -> None:
    ours = condition(FAST if theirs == "page" else ALONE)
    for near, holding in ((0.98, 0), (1.02, 1)):
        folder = tmp_path / str(holding)
        folder.mkdir()
        burning = [replace(part, bad=part.bad * near) for part in parts]
        others = {"peer": peer(ONE_DAY, "1d")}
        day = Day(level=ONE_DAY, parts=burning, alerts=(FAST, SLOW), others=others)
        asked = [(hour, holds(f"peer:{theirs}:holds"), holding), (hour, holds(ours), holding)]
        assert day.wrong(folder, asked) == ""


def test_a_wrong_share_is_noticed(tmp_path: Path) -> None:
    day = Day(level=ONE_DAY, parts=(Part(1, 1000, 10),))
    assert day.wrong(tmp_path, [(0.9, close(ratio(5 * 60), 0.01), 1)]) == ""
    assert "got: {} 0E+00" in day.wrong(tmp_path, [(0.9, close(ratio(5 * 60), 0.0105), 1)])


def test_a_quiet_quarter_of_an_hour_poisons_the_peers_period_and_not_ours(tmp_path: Path) -> None:
    day = Day(
        level=ONE_DAY,
        parts=(Part(14, 1000, 1), Part(0.25, 0), Part(10, 1000, 1)),
        others={"peer": peer(ONE_DAY, "1d")},
    )
    theirs = "peer:errors:ratio_period"
    asked = [
        (13.9, close(theirs, 0.001), 1),
        (24.2, holds(f"{theirs} != {theirs}"), 1),
        (24.2, close(ratio(DAY), day.share(0.2, 24.2)), 1),
    ]
    assert day.wrong(tmp_path, asked) == ""


def test_a_mean_of_shares_is_not_the_share_of_events(tmp_path: Path) -> None:
    day = Day(
        level=ONE_DAY,
        parts=(Part(12, 2000, 1), Part(12.5, 2, 1)),
        others={"peer": peer(ONE_DAY, "1d")},
    )
    truth = day.share(0.4, 24.4)
    asked = [
        (24.4, close(ratio(DAY), truth, within=0.02), 1),
        # Every other request of the night failed, and they were a thousandth of all.
        (24.4, f"sum(peer:errors:ratio_period) > bool {100 * truth}", 1),
    ]
    assert truth < 0.0012
    assert day.wrong(tmp_path, asked) == ""


def test_a_young_record_alarms_the_peer_and_not_us(tmp_path: Path) -> None:
    """Five minutes of errors in the first hour are no tenth of a month's budget, as the slow alert says."""
    day = Day(
        level=AVAILABILITY,
        parts=(Part(0.5, 1000), Part(1 / 12, 1000, 200), Part(7, 1000)),
        alerts=(FAST, SLOW),
        others={"peer": peer(AVAILABILITY, "30d")},
    )
    spent = 0.2 / 12 / (30 * 24 * 0.001)
    assert spent < 0.1
    asked = [(5, holds("peer:ticket:holds"), 1), (5, holds(condition(ALONE)), 0)]
    assert day.wrong(tmp_path, asked) == ""


@pytest.mark.parametrize(
    ("level", "alert", "share"),
    [
        (AVAILABILITY, FAST, 0.1),
        (LATENCY, slo.API_LATENCY_BUDGET_BURN_FAST, 1),
        (LATENCY, slo.API_LATENCY_BUDGET_BURN_FAST, 0.5),
    ],
)
def test_it_takes_as_long_as_runbooks_say(
    level: ServiceLevel, alert: Alert, share: float, tmp_path: Path
) -> None:
    crossed = crossed_after(share, level.target.value, {})
    assert crossed is not None
    due = 7 + (crossed + alert.hold) / HOUR
    day = Day(level=level, parts=(Part(7, 1000), Part(5, 1000, 1000 * share)), alerts=(alert,))
    firing = f'ALERTS{{alertname="{alert.name}",alertstate="firing"}}'
    # A rate looks back for five minutes, and rules are evaluated as often here.
    asked = [(due - 0.05, holds(firing), 0), (due + 0.25, holds(firing), 1)]
    assert day.wrong(tmp_path, asked) == ""


def test_an_outage_at_the_very_start_is_told_at_once(tmp_path: Path) -> None:
    day = Day(level=AVAILABILITY, parts=(Part(2, 1000, 500),), alerts=(FAST, SLOW))
    firing = 'ALERTS{alertname="ApiErrorBudgetBurnFast",alertstate="firing"}'
    asked = [(0.5, holds(firing), 1), (0.5, holds(condition(SLOW)), 0)]
    assert day.wrong(tmp_path, asked) == ""
