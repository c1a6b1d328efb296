"""A stat with a trend: its value is that of the last step, and no value is seen as such."""

from __future__ import annotations

from tests.checks.small import Json, asked, board, files, judge, only, panel

EXPR = (
    "sum by (environment, cluster, job) (rate(http_requests_total"
    '{environment=~"$environment",cluster=~"$cluster"}[5m]))'
)
JOIN = [{"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}}]


def trend(calcs: str, steps: list[Json]) -> list[str]:
    """What the checks say of a trend that reduces so, after these steps."""
    stat = panel(EXPR, kind="stat", unit="reqps", transformations=steps)
    (value,) = stat["targets"]
    ranged = value | {"instant": False, "range": True}
    stat["targets"] = [ranged, ranged | {"refId": "Clock", "expr": "vector(1)"}]
    stat["options"]["reduceOptions"]["calcs"] = [calcs]
    return [each.message for each in only(judge(files(board(stat))), "stat-now", "rate-window")]


def test_a_trend_shows_the_last_step_or_says_that_it_has_no_value() -> None:
    assert trend("last", JOIN) == []
    assert trend("lastNotNull", JOIN) == ["it reduces by ['lastNotNull']; expected ['last']"]
    assert "it shows one value and asks for a range" in trend("last", [])


def test_a_graph_keeps_the_window_of_its_zoom() -> None:
    assert only(asked(EXPR, unit="reqps"), "rate-window")[0].message.startswith("rate() looks back a fixed")
