"""What answers at the URL of Prometheus and is none, or has nothing: told in a line, with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from dashboards.cli import main
from dashboards.prometheus_api import Prometheus
from dashboards.prove import Answer, Proof, last
from dashboards.prove.times import HOUR
from dashboards.prove.why import why
from dashboards.stack import STACK

NOTHING = {
    "query": {"resultType": "vector", "result": []},
    "query_range": {"resultType": "matrix", "result": []},
}
Serve = Callable[[Callable[[str], object]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that answers JSON, by the last word of the path, or as a proxy; gives its URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[str], object]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = answer(self.path.partition("?")[0].rpartition("/")[2])
                body = b"<html>" if isinstance(found, HTTPStatus) else json.dumps(found).encode()
                self.send_response(found if isinstance(found, HTTPStatus) else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name is that of the method

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def prove(url: str, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["prove", "--prometheus", url, *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def told(*results: object, kind: str = "vector") -> object:
    return {"status": "success", "data": {"resultType": kind, "result": list(results)}}


OTHER = [
    *([], "up", None, {}, {"status": "success"}, {"status": "success", "data": "up"}),
    {"status": "success", "data": {"result": []}},
    *(
        told(each)
        for each in (1, {}, {"metric": {}}, {"metric": {}, "value": 1}, {"metric": 1, "value": [1, "1"]})
    ),
    told({"metric": {}, "value": [1, "much"]}),
    told(1, kind="scalar"),
]


@pytest.mark.parametrize("answer", OTHER, ids=str)
def test_json_of_something_else_is_told_in_a_line(serve: Serve, answer: object) -> None:
    url = serve(lambda _: answer)
    code, output = prove(url)

    assert code == 2
    assert output.startswith(f"error: {url}/api/v1/")
    assert output.endswith("answered 200 with other JSON than a Prometheus; check the URL\n")
    assert output.count("\n") == 1


def test_a_query_that_is_refused_is_an_error_of_its_panel(serve: Serve) -> None:
    def answer(path: str) -> object:
        if path == "query_range":
            return {"status": "error", "error": "too many samples"}
        return {"status": "success", "data": NOTHING.get(path, [])}

    code, output = prove(serve(answer))

    assert code == 1
    assert "backend-api: Request rate by endpoint: Prometheus refused a query: too many samples; " in output


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_that_reaches_nobody_is_asked_once_more(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("dashboards.prometheus_api.AGAIN", 0)
    said: list[object] = [HTTPStatus(status), told()]
    assert Prometheus(url=serve(lambda _: said.pop(0))).query("up") == []

    asked: list[str] = []

    def refused(path: str) -> object:
        asked.append(path)
        return HTTPStatus(status)

    code, output = prove(serve(refused))
    assert (code, output.count("\n"), len(asked)) == (2, 1, 2)
    assert f"answered {status} without JSON twice; expected a Prometheus; a proxy says so" in output


def test_a_server_that_refuses_everything_is_told_once(serve: Serve) -> None:
    code, output = prove(serve(lambda _: {"status": "error", "error": "too many samples"}))

    assert code == 2
    assert output.startswith("error: Prometheus refused a query: too many samples; the query: ")
    assert output.count("\n") == 1


def test_panels_without_data_end_with_what_to_do(serve: Serve) -> None:
    code, output = prove(serve(lambda path: {"status": "success", "data": NOTHING.get(path, [])}))
    *_, summed, hint = output.splitlines()

    assert code == 1
    assert (
        "Cache hit ratio by prefix: cache_requests_total is missing where no cache is instrumented"
    ) in output
    assert "backend-api: variable job: no reason declared" in output
    assert "backend-api: annotation Application started: no reason declared" in output
    assert ": data 0, zero 0, declared " in summed
    assert hint.startswith("hint: --why says what is missing")


def test_a_server_that_tells_neither_rules_nor_targets_is_explained_all_the_same(serve: Serve) -> None:
    asked: list[str] = []

    def answer(path: str) -> object:
        asked.append(path)
        return {"status": "success", "data": NOTHING.get(path, [])}

    recorded = Answer(ref="A", expr="job:availability_bad:ratio1h")
    proof = Proof(board="b", title="t", answers=(recorded,))
    told = str(why(proof, recorded, STACK, Prometheus(url=serve(answer)), last(HOUR)))

    assert "rules" in asked
    assert told.startswith("metric absent: there is no job:availability_bad:ratio1h; rules.")


def test_an_instant_query_of_a_range_vector_has_all_its_samples(serve: Serve) -> None:
    series = {"metric": {"job": "a"}, "values": [[1, "2"], [3, "4"]]}
    url = serve(lambda _: {"status": "success", "data": {"resultType": "matrix", "result": [series]}})
    assert Prometheus(url=url).query("up[5m]") == [({"job": "a"}, [2.0, 4.0])]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("environment=stagin", "Did you mean 'staging'?"),
        ("job=nothing", "There are production, staging."),
    ],
)
def test_a_value_that_no_board_offers_is_told_once(serve: Serve, given: str, told: str) -> None:
    values = ["production", "staging"]
    url = serve(lambda path: {"status": "success", "data": NOTHING.get(path, values)})
    code, output = prove(url, "--var", given)
    name, _, value = given.partition("=")

    assert code == 2
    assert output == (
        f"error: --var {name}={value!r}: no board has it to choose in the time shown; expected a value that "
        f"is there. {told}\n"
    )
    assert prove(url, "--var", "environment=staging", "--var", "job=production")[0] == 1
    # Of a server without any value nothing is known of this one.
    url = serve(lambda path: {"status": "success", "data": NOTHING.get(path, [])})
    assert prove(url, "--var", given)[0] == 1
