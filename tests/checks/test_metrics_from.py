"""`--metrics-from`: what is exported decides what exists, what it is, and with which labels and bounds."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from click.testing import CliRunner, Result

from dashboards.cli import main
from tests.checks.others import SCOPE, Json, board, graph, judge
from tests.checks.small import only

PAGE = """\
# HELP web_hits Hits, of a counter without the usual ending.
# TYPE web_hits counter
web_hits{path="/",code="200"} 5
# HELP web_total Things, which is a gauge in spite of its name.
# TYPE web_total gauge
web_total{path="/"} 3
# HELP web_seconds Time of a request.
# TYPE web_seconds histogram
web_seconds_bucket{path="/",le="0.5"} 1
web_seconds_bucket{path="/",le="+Inf"} 2
web_seconds_sum{path="/"} 1
web_seconds_count{path="/"} 2
# TYPE web_declared_total counter
"""
METADATA = {
    "status": "success",
    "data": {"web_hits": [{"type": "counter", "help": "Hits.", "unit": ""}], "web_load": [{"type": "gauge"}]},
}
NAMES = ["job:web_hits:rate5m", "up", "web_hits", "web_load", "web_seconds_bucket"]
SERIES = {
    "web_hits": ["__name__", "job", "instance", "path"],
    "web_seconds_bucket": ["__name__", "job", "le"],
}
Words = tuple[str, ...]
GROWN = f"sum by (path) (rate(web_hits{{{SCOPE}}}[$__rate_interval]))"


def asked(expr: str) -> Json:
    return board(graph(expr.replace("SCOPE", SCOPE), unit="short"))


@pytest.fixture(name="page")
def page_(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.txt"
    path.write_text(PAGE)
    return path


class Server(BaseHTTPRequestHandler):
    """A page at /metrics, and beside it what a Prometheus that scraped it answers."""

    wanted = ""

    def let_in(self) -> bool:
        given = self.headers.get("Authorization", "").encode("latin-1").decode()
        return not self.wanted or given == self.wanted

    def do_GET(self) -> None:
        if not self.let_in():
            self.send_error(401)
        elif self.path == "/metrics":
            self.told("text/plain; version=0.0.4", PAGE)
        elif self.path == "/endless":
            self.endless()
        else:
            self.answered(parse_qs(urlparse(self.path).query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.let_in():
            self.answered(parse_qs(body))
        else:
            self.send_error(401)

    def answered(self, query: dict[str, list[str]]) -> None:
        name = query.get("match[]", [""])[0]
        answers: dict[str, object] = {
            "/api/v1/label/__name__/values": NAMES,
            "/api/v1/label/le/values": ["+Inf", "0.5"],
            "/api/v1/metadata": METADATA["data"],
            "/api/v1/labels": SERIES.get(name, []),
            "/api/v1/query": {"resultType": "vector", "result": [{"metric": {}, "value": [0, "7"]}]},
        }
        data = answers.get(urlparse(self.path).path)
        if data is None:
            self.send_error(404)
        else:
            self.told("application/json", json.dumps({"status": "success", "data": data}))

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        with contextlib.suppress(OSError):  # whoever asked has gone
            while True:
                self.wfile.write(b"web_hits 1\n" * 1000)

    def told(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(name="served")
def served_() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_it_nobody_asks_whether_a_metric_exists(page: Path) -> None:
    unknown = asked("web_htis{SCOPE}")
    assert only(judge(unknown), "metric-exists") == []
    (found,) = only(judge(unknown, page), "metric-exists")
    assert "metric 'web_htis' is not exported" in found.message
    assert found.fix == "Did you mean 'web_hits'?"


def test_a_page_says_what_grows(page: Path) -> None:
    raw = asked("web_hits{SCOPE}")
    assert only(judge(raw), "counter-growth") == []  # its name does not say so
    assert only(judge(raw, page), "counter-growth") != []
    assert only(judge(asked(GROWN), page), "counter-growth", "gauge-growth", "metric-exists") == []

    level = asked("web_total{SCOPE}")
    assert only(judge(level), "counter-growth") != []  # its name says so, and is wrong
    assert only(judge(level, page), "counter-growth") == []
    assert only(judge(asked("rate(web_total{SCOPE}[5h])"), page), "gauge-growth") != []


def test_a_page_says_the_labels_of_a_metric_and_leaves_open_those_of_its_target(page: Path) -> None:
    (found,) = only(judge(asked('sum by (path) (web_total{SCOPE,code="200"})'), page), "label-exists")
    assert "'code', which web_total does not have" in found.message
    assert (
        only(judge(asked('sum by (cluster, path) (web_total{SCOPE,namespace="a"})'), page), "label-exists")
        == []
    )


def test_a_page_says_the_bounds_of_a_histogram(page: Path) -> None:
    (found,) = only(judge(asked('rate(web_seconds_bucket{SCOPE,le="0.3"}[5h])'), page), "histogram-bound")
    assert 'le="0.3" is no bound of web_seconds' in found.message
    assert only(judge(asked('rate(web_seconds_bucket{SCOPE,le="0.5"}[5h])'), page), "histogram-bound") == []


def test_what_is_declared_recorded_or_prometheus_own_exists(page: Path) -> None:
    for name in ("web_declared_total", "job:web:rate5m", "up", "scrape_duration_seconds", "ALERTS"):
        assert only(judge(asked(f"{name}{{SCOPE}}"), page), "metric-exists") == [], name


def test_what_a_healthy_server_may_leave_out_is_no_error_where_it_does(tmp_path: Path) -> None:
    page = tmp_path / "metrics.txt"
    page.write_text('redis_up 1\nobs_api_info{job="api"} 1\nredis_keyspace_hits_total 1\n')
    for name in ("redis_master_link_up", "obs_redis_keys_low"):
        assert only(judge(asked(f"{name}{{SCOPE}}"), page), "metric-exists") == [], name
    assert only(judge(asked("count by (version) (obs_api_info{SCOPE})"), page), "label-exists") == []

    for name in ("redis_upp", "redis_connected_clients"):
        assert only(judge(asked(f"{name}{{SCOPE}}"), page), "metric-exists") != [], name
    assert only(judge(asked("count by (versoin) (obs_api_info{SCOPE})"), page), "label-exists") != []


def test_an_address_of_a_page_is_read(served: str) -> None:
    assert only(judge(asked("web_htis{SCOPE}"), f"{served}/metrics"), "metric-exists") != []
    assert only(judge(asked(GROWN), f"{served}/metrics"), "metric-exists") == []


def test_a_prometheus_is_asked_for_names_kinds_and_labels(served: str) -> None:
    assert only(judge(asked("web_hits{SCOPE}"), served), "counter-growth") != []
    assert only(judge(asked(GROWN), served), "counter-growth", "label-exists", "metric-exists") == []
    # What is recorded, it knows.
    assert only(judge(asked("job:web_hits:rate5m{SCOPE}"), served), "metric-exists") == []
    assert only(judge(asked("job:web_hits:rate1m{SCOPE}"), served), "metric-exists") != []
    # Its labels are all there are, those of the target too.
    (found,) = only(judge(asked('sum by (path) (web_hits{SCOPE,namespace="a"})'), served), "label-exists")
    assert "'namespace', which web_hits does not have" in found.message


def test_several_sources_are_one(served: str, page: Path) -> None:
    both = (served, page)
    assert only(judge(asked("web_load{SCOPE} + web_total{SCOPE}"), *both), "metric-exists") == []


@pytest.mark.parametrize("document", [METADATA, {"status": "success", "data": ["web_hits"]}])
def test_an_answer_of_prometheus_may_be_a_file(tmp_path: Path, document: Json) -> None:
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document))
    assert only(judge(asked("web_htis{SCOPE}"), path), "metric-exists") != []
    assert only(judge(asked(GROWN), path), "metric-exists") == []


def test_a_source_that_tells_nothing_is_told_in_one_line(tmp_path: Path, served: str) -> None:
    board_ = tmp_path / "board.json"
    board_.write_text(json.dumps(board()))
    for name, content, message in (
        ("binary", b"\x00\xff", "no UTF-8"),
        ("html", b"<html><body>Not found</body></html>", "expected a page of metrics"),
        ("empty", b"", "no metric on it"),
        ("other.json", b'{"a": 1}', "other JSON"),
    ):
        (tmp_path / name).write_bytes(content)
        refused(board_, tmp_path / name, message)
    refused(board_, tmp_path / "gone", "no such file")
    refused(board_, "/dev/zero", "it is a device or a pipe")
    refused(board_, "http://127.0.0.1:9", "no answer (ConnectionError)")
    refused(board_, f"{served}/elsewhere", "404")
    refused(board_, "ftp://x", "http")
    refused(board_, "http://me:secret@127.0.0.1:9", "no answer", "secret")


def test_a_page_that_never_ends_is_not_read_to_its_end(
    tmp_path: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.checks.others.source.LARGEST", 1_000_000)
    board_ = tmp_path / "board.json"
    board_.write_text(json.dumps(asked("web_hits{SCOPE}")))
    refused(board_, f"{served}/endless", "bytes, and more to come; expected a page of metrics")


SECRET = "hidden-€-secret"
BASIC = "Basic " + base64.b64encode(f"reader:{SECRET}".encode()).decode()


@pytest.mark.parametrize("path", ["", "/metrics"], ids=["prometheus", "page"])
@pytest.mark.parametrize(
    ("wanted", "options"),
    [(f"Bearer {SECRET}", ("--bearer-token-file",)), (BASIC, ("--username", "reader", "--password-file"))],
    ids=["bearer", "basic"],
)
def test_a_server_that_wants_to_know_who_asks_is_told_as_prove_tells_it(
    tmp_path: Path, served: str, monkeypatch: pytest.MonkeyPatch, path: str, wanted: str, options: Words
) -> None:
    monkeypatch.setattr(Server, "wanted", wanted)
    board_, secret = tmp_path / "board.json", tmp_path / "secret"
    board_.write_text(json.dumps(asked("web_htis{SCOPE}")))
    secret.write_text(f"{SECRET}\n")

    done = lint(board_, served + path, *options, str(secret))
    assert done.exit_code == 1, done.output
    assert "metric 'web_htis' is not exported" in done.stderr
    secret.write_text("another")
    for given, who in (((*options, str(secret)), "these credentials"), ((), "no credentials")):
        refused(board_, served + path, f"answered 401 to {who}; give --username", SECRET, *given)


def test_a_secret_is_told_to_one_server_alone(tmp_path: Path, served: str, page: Path) -> None:
    board_, secret = tmp_path / "board.json", tmp_path / "secret"
    board_.write_text(json.dumps(board()))
    secret.write_text(SECRET)
    who = ("--bearer-token-file", str(secret))
    others = ("--metrics-from", "http://127.0.0.1:9/metrics")

    refused(board_, served, ", 127.0.0.1:9; expected one server", SECRET, *who, *others)
    refused(board_, page, "names none; expected one server", SECRET, *who)
    done = lint(board_, served, *who, "--metrics-from", f"{served}/metrics", "--metrics-from", str(page))
    assert "metric 'web_requests_total' is not exported" in done.stderr, done.output
    for words, told in ((who, "go with a PATH"), (("--username", "a"), "given without --password-file")):
        done = CliRunner().invoke(main, ["lint", *words])
        assert (done.exit_code, told in done.stderr) == (2, True), done.output


def lint(path: Path, source: object, *more: str) -> Result:
    return CliRunner().invoke(main, ["lint", str(path), "--metrics-from", str(source), *more])


def refused(path: Path, source: object, message: str, hidden: str = "\n\n", *more: str) -> None:
    done = lint(path, source, *more)
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert message in line
    assert hidden not in line


KINDS = """\
# TYPE things gauge
things{kind="a",shard=""} 1
things{kind="b",shard="2"} 1
# TYPE whole gauge
whole 3
# TYPE thing_info gauge
thing_info{version="1",built="today"} 1
"""
# Of `theirs` and `others` nothing is known but the query.
NEVER = {
    'theirs{mode="x"} / theirs{mode="y"}': "mode is 'x' on the left and 'y' on the right, so nothing ever",
    'sum by (mode) (theirs{mode="x"}) and on (mode) -others{mode="y"}': "mode is 'x' on the left and 'y'",
    "sum by (job, pod) (theirs) / sum by (job) (others)": "they differ in pod, so nothing ever matches",
    "sum by (job) (theirs) / on (job, pod) sum by (job, pod) (others)": "on() names pod, which only one side",
    "sum by (job, pod) (theirs) / on (job) sum by (job) (others)": "several series on the left, which differ",
    "things / on (job, instance, kind) whole": "on() names kind, which only one side has",
    "things / sum by (job, instance) (whole)": "they differ in kind, so nothing ever matches",
}
PERHAPS = [
    'theirs{mode="x"} / ignoring (mode) theirs{mode="y"}',
    'theirs{mode="x"} / on (job) theirs{mode="y"}',
    'sum(theirs{mode="x"}) / sum(theirs{mode="y"})',
    'theirs{mode="x"} or theirs{mode="y"}',
    'theirs{mode="x"} / theirs{mode="$mode"}',
    'label_replace(theirs{mode="x"}, "mode", "y", "mode", "x") / theirs{mode="y"}',
    'count_values("mode", theirs{mode="x"}) / theirs{mode="y"}',
    'sum by (job, pod) (theirs{pod="$pod"}) / on (job) sum by (job) (others)',
    'sum by (kind) (theirs{kind="a"}) / ignoring (kind) sum by (kind) (others{kind="b"})',
    "topk(1, sum by (job, pod) (theirs)) / on (job) sum by (job) (others)",
    "whole / sum by (job, instance) (things)",
    "things * on (instance) group_left (version) thing_info",
    "things / ignoring (kind) group_left whole",
    "sum by (job, instance, kind) (things) / things",
]


def met(expr: str, *sources: Path) -> list[str]:
    return [each.message for each in only(judge(asked(expr), *sources), "labels-match")]


@pytest.mark.parametrize("expr", NEVER)
def test_sides_that_never_meet_are_told_whatever_is_known_of_them(expr: str, tmp_path: Path) -> None:
    kinds = tmp_path / "kinds.txt"
    kinds.write_text(KINDS)
    (found,) = met(expr, kinds)
    assert NEVER[expr] in found
    if "things" not in expr:
        assert met(expr) == [found]


@pytest.mark.parametrize("expr", PERHAPS)
def test_sides_that_may_meet_are_left_alone(expr: str, tmp_path: Path) -> None:
    kinds = tmp_path / "kinds.txt"
    kinds.write_text(KINDS)
    assert met(expr) == met(expr, kinds) == []
