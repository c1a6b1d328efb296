"""The queries of others' rules: what dead rules of public collections taught, at the line of the query."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dashboards.cli import main

PAGE = """\
# TYPE pg_stat_activity_max_tx_duration gauge
pg_stat_activity_max_tx_duration{datname="a",state="active"} 1
# TYPE pg_stat_activity_count gauge
pg_stat_activity_count{datname="a",state="active"} 1
# TYPE pg_settings_max_connections gauge
pg_settings_max_connections 100
# TYPE http_requests_total counter
http_requests_total{code="200"} 1
"""
DEAD = {
    "gauge-growth": "rate(pg_stat_activity_max_tx_duration[2m]) > 120",
    "timestamp-series": "timestamp(pg_stat_activity_count > 0) < time() - 36000",
    "labels-match": "sum by (datname) (pg_stat_activity_count) / pg_settings_max_connections > 0.8",
    "quantile-range": "quantile(95, pg_stat_activity_count) > 100",
    "metric-exists": "http_request_total > 100",
    "promql-parses": "sum by job (up)",
    "variable-declared": "up{job='$job'} == 0",
}


def grafanas(model: str, *more: str, condition: str = "A") -> str:
    """A file of one rule, its first query this model, and the others these."""
    first = f"{{refId: A, datasourceUid: prom, relativeTimeRange: {{from: 60, to: 0}}, model: {{{model}}}}}"
    return (
        "groups:\n  - name: a\n    folder: f\n    interval: 1m\n    rules:\n"
        f"      - uid: a\n        title: A\n        condition: {condition}\n        data:\n"
        + "".join(f"          - {query}\n" for query in (first, *more))
    )


def lint(tmp_path: Path, text: str) -> Result:
    (tmp_path / "rules.yml").write_text(text, encoding="utf-8")
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    arguments = ["lint", str(tmp_path / "rules.yml"), "--metrics-from", str(tmp_path / "page.txt")]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("check", DEAD)
def test_a_dead_rule_is_found_in_a_file_of_prometheus(check: str, tmp_path: Path) -> None:
    done = lint(
        tmp_path,
        f"groups:\n  - name: a\n    rules:\n      - alert: Dead\n        expr: >-\n          {DEAD[check]}\n",
    )
    assert done.exit_code == 1, done.output
    assert "rules.yml:5:15: alert Dead: " in done.stderr
    assert f"[{check}]" in done.stderr


@pytest.mark.parametrize("check", [each for each in DEAD if each != "variable-declared"])
def test_a_dead_rule_is_found_in_a_file_of_grafana(check: str, tmp_path: Path) -> None:
    done = lint(tmp_path, grafanas(f'instant: true, expr: "{DEAD[check]}"'))
    assert done.exit_code == 1, done.output
    assert "rules.yml:10:112: alert A, query A: " in done.stderr
    assert f"[{check}]" in done.stderr


def test_what_a_rule_records_is_there(tmp_path: Path) -> None:
    done = lint(
        tmp_path,
        """\
groups:
  - name: a
    rules:
      - record: code:http_requests:rate5m
        expr: sum by (code) (rate(http_requests_total[5m]))
      - alert: Busy
        expr: code:http_requests:rate5m > 100
        for: 5m
""",
    )
    assert (done.exit_code, "0 findings" in done.stderr) == (0, True), done.stderr


def test_what_grafana_fills_in_is_no_variable(tmp_path: Path) -> None:
    done = lint(tmp_path, grafanas("instant: true, expr: 'rate(http_requests_total[$__rate_interval]) > 1'"))
    assert (done.exit_code, "0 findings" in done.stderr) == (0, True), done.stderr


def test_a_query_of_logs_is_no_promql(tmp_path: Path) -> None:
    logs = """queryType: instant, expr: 'sum(rate({app="a"} |= "error" [5m]))'"""
    assert lint(tmp_path, grafanas(logs)).exit_code == 0


def told(tmp_path: Path, expr: str) -> Result:
    (tmp_path / "rules.yml").write_text(
        f"groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: {expr}\n", encoding="utf-8"
    )
    return CliRunner().invoke(main, ["lint", str(tmp_path / "rules.yml")])


@pytest.mark.parametrize(
    ("check", "expr"),
    [
        ("division-guarded", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1"),
        ("division-guarded", "sum(rate(a_total{e='1'}[5m])) / sum(rate(a_total[5m])) != 1"),
        ("division-guarded", "sum(rate(a_total{e='1'}[5m])) / sum(rate(a_total[5m]))"),
        ("division-guarded", "sum(rate(a_total{e='1'}[5m])) / sum(rate(a_total[5m])) > bool 1"),
        ("division-guarded", "sum(rate(a_total[5m])) / sum(rate(a_total{e='1'}[5m])) > 1"),
        ("division-guarded", "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 1"),
        ("division-guarded", "sum(rate(a_total[5m])) / sum(rate(a_total[1m])) > 1"),
        ("division-guarded", "sum by (e) (rate(a_total[5m])) / on () group_left sum(rate(a_total[5m])) > 1"),
        ("division-guarded", "max(rate(a_sum[5m]) / rate(a_count[5m])) > 1"),
        ("division-guarded", "rate(a_sum[5m]) / rate(b_count[5m]) > 1"),
        ("division-guarded", "sum(a{e='1'}) / sum(a) > 1"),
        ("counter-growth", "asks_total > 100"),
        ("counter-growth", "asks_total > 0 and on (job) up == 1"),
        ("counter-growth", "up == 1 and on (job) asks_total > 100"),
    ],
)
def test_what_only_the_author_knows_is_a_warning(check: str, expr: str, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, f"[{check}]" in done.stderr) == (0, True), done.stderr
    assert "it loads, and may say something else than is meant" in done.stderr


@pytest.mark.parametrize(
    "expr",
    [
        "sum by (job) (rate(a_total{code=~'5..'}[5m])) / sum by (job) (rate(a_total[5m])) > 0.05",
        "100 * sum(rate(a_total{e='1',f='2'}[5m])) / sum(rate(a_total{e='1'}[5m])) >= 5 and sum(up) > 1",
        "1 - sum(increase(a_total{e='1'}[1h])) / sum(increase(a_total[1h])) < 0.9",
        "-0.5 > -(rate(a_sum[5m]) / rate(a_count[5m]))",
    ],
)
def test_no_share_of_nothing_passes_a_comparison(expr: str, tmp_path: Path) -> None:
    done = told(tmp_path, f'"{expr}"')
    assert (done.exit_code, "0 findings" in done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        ("count(up) == 0 or absent(up)", 0),
        ("count(up) == 0", 1),
        ("count(up) == 0 or count(worker) == 0", 1),
        ("count(up) == 0 and absent(up)", 1),
    ],
)
def test_a_rule_that_fires_where_series_are_missing_is_not_dead(expr: str, code: int, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, "[limit-reachable]" in done.stderr) == (code, bool(code)), done.stderr


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        ("(blocks_total - blocks_used) / blocks_total < 0.1", 0),
        ("(asks_total - failed_total) / asks_total < 0.1", 1),
        ("(asks_total - 1) / asks_total < 0.1", 1),
    ],
)
def test_what_something_is_taken_from_is_no_counter(expr: str, code: int, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, "[lifetime-ratio]" in done.stderr) == (code, bool(code)), done.stderr


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        ("increase((max without (instance) (asks_total) or 0 * absent(asks_total))[15m:1m]) >= 4", 0),
        ("rate(max by (job) (asks_total)[15m:1m]) > 4", 0),
        ("rate(max by (job) (pg_stat_activity_count)[15m:1m]) > 4", 1),
        ("rate(sum by (job) (asks_total)[15m:1m]) > 4", 1),
        ("rate((asks_total or other_total)[15m:1m]) > 4", 1),
    ],
)
def test_the_highest_of_counters_grows_as_one_of_them(expr: str, code: int, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, "[gauge-growth]" in done.stderr) == (code, bool(code)), done.stderr


@pytest.mark.parametrize(("kind", "guarded"), [("gt", True), ("outside_range", True), ("ne", False)])
def test_no_share_of_nothing_crosses_a_threshold(kind: str, guarded: bool, tmp_path: Path) -> None:
    share = "sum(rate(http_requests_total{code='200'}[5m])) / sum(rate(http_requests_total[5m]))"
    evaluator = f"{{type: {kind}, params: [0.1, 0.2]}}"
    second = (
        "{refId: B, datasourceUid: __expr__, "
        f"model: {{type: threshold, expression: A, conditions: [{{evaluator: {evaluator}}}]}}}}"
    )
    for expr, told_of in ((share, not guarded), (f"{share} / pg_settings_max_connections", True)):
        done = lint(tmp_path, grafanas(f'instant: true, expr: "{expr}"', second, condition="B"))
        assert "threshold-form" not in done.stderr
        assert ("[division-guarded]" in done.stderr) == told_of, done.stderr


@pytest.mark.parametrize(
    "expr",
    [
        "rate(y_sum[5m]) > 1 and on (job) y_count > 0",
        "rate(y_sum[5m]) > 1 and on (job) sum by (job) (y_count) > 0",
        "y_count > 0 and on (job) histogram_quantile(0.01, sum by (job, le) (rate(y_bucket[5m]))) < 60",
        "rate(asks_total[5m]) > 1 or 0 * absent(asks_total)",
        "sum(rate(asks_total[5m])) or sum(0 * asks_total)",
        "asks_total offset 1h unless asks_total",
    ],
)
def test_whether_a_counter_is_there_may_be_asked(expr: str, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, "0 findings" in done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("expr", "code"),
    [
        (r"'up{path=~`/v\d+\.\d+`} == 0'", 0),
        (r"'label_replace(up, `a`, `$1`, `b`, `(\d+)\`) == 0'", 0),
        (r"""'up{path=~"/v\d+"} == 0'""", 1),
    ],
)
def test_strings_are_read_as_prometheus_reads_them(expr: str, code: int, tmp_path: Path) -> None:
    done = told(tmp_path, expr)
    assert (done.exit_code, "[promql-parses]" in done.stderr) == (code, bool(code)), done.stderr


@pytest.mark.parametrize(("params", "code"), [("[A]", 0), ("[A, 5m, now]", 0), ("[Q, 5m, now]", 1)])
def test_a_classic_condition_reads_its_first_parameter(params: str, code: int, tmp_path: Path) -> None:
    classic = (
        "type: classic_conditions, conditions: "
        f"[{{evaluator: {{type: gt, params: [1]}}, query: {{params: {params}}}, reducer: {{type: last}}}}]"
    )
    second = f"{{refId: B, datasourceUid: __expr__, model: {{{classic}}}}}"
    asked = grafanas("instant: true, expr: pg_stat_activity_count", second, condition="B")
    done = lint(tmp_path, asked)
    assert (done.exit_code, "[expression-reads]" in done.stderr) == (code, bool(code)), done.stderr
