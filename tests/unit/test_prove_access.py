"""Servers that want to know who asks: credentials come from files, and are never shown."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from dashboards.cli import main
from dashboards.prometheus_api import Prometheus

SECRET = "hidden-€-secret"
EMPTY = {"resultType": "vector", "result": []}


class Guarded(ThreadingHTTPServer):
    """A Prometheus behind a proxy, below a path of its own, that lets one header pass."""

    wanted = ""
    leads_to = ""
    heard: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Guarded

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = self.headers.get("Authorization", "")
        self.server.heard.append(self.path)
        if self.server.leads_to:
            self.send_response(302)
            self.send_header("Location", self.server.leads_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if given.encode("latin-1").decode() != self.server.wanted:
            self.send_error(401)
            return
        last = self.path.partition("?")[0].rpartition("/")[2]
        data: object = {**EMPTY, "resultType": "matrix"} if last == "query_range" else EMPTY
        body = json.dumps({"status": "success", "data": [] if last in ("values", "labels") else data})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815 - the name is that of the method

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


Serve = Callable[[str], tuple[str, Guarded]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[str, Guarded]]]:
    servers: list[Guarded] = []

    def start(wanted: str, *, pem: Path | None = None) -> tuple[str, Guarded]:
        server = Guarded(("127.0.0.1", 0), Handler)
        server.wanted, server.heard = wanted, []
        if pem:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        scheme = "https" if pem else "http"
        return f"{scheme}://127.0.0.1:{server.server_port}/prometheus/", server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["prove", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert SECRET not in result.output
    return result.exit_code, result.output


def secret(tmp_path: Path, text: str = f"{SECRET}\n") -> str:
    file = tmp_path / "secret"
    file.write_text(text)
    return str(file)


def test_a_token_from_a_file_and_a_path_before_the_api(serve: Serve, tmp_path: Path) -> None:
    url, server = serve(f"Bearer {SECRET}")
    code, output = run("--prometheus", url, "--bearer-token-file", secret(tmp_path))
    assert code == 1, "it lets us in, and has nothing"
    assert "EMPTY" in output
    assert {path.startswith("/prometheus/api/v1/") for path in server.heard} == {True}


def test_basic_authentication_with_a_password_from_a_file(serve: Serve, tmp_path: Path) -> None:
    url, _ = serve("Basic " + base64.b64encode(f"reader:{SECRET}".encode()).decode())
    assert run("--prometheus", url, "--username", "reader", "--password-file", secret(tmp_path))[0] == 1
    code, output = run("--prometheus", url, "--username", "other", "--password-file", secret(tmp_path))
    assert code == 2
    assert "answered 401 to these credentials; give --username and --password-file" in output


def test_without_credentials_it_is_said_which_to_give(serve: Serve) -> None:
    code, output = run("--prometheus", serve("Bearer x")[0])
    assert code == 2
    assert output.count("\n") == 1
    assert (
        "answered 401 to no credentials; give --username and --password-file, or --bearer-token-file"
        in output
    )


def test_a_certificate_counts_with_its_authority_alone(
    serve: Callable[..., tuple[str, Guarded]], tmp_path: Path
) -> None:
    pem = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=here"]
    command += [
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(pem),
        "-out",
        str(tmp_path / "ca.pem"),
    ]
    subprocess.run(command, check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "ca.pem").read_text())
    url, _ = serve("", pem=pem)
    code, output = run("--prometheus", url)
    assert code == 2
    assert (
        f"the certificate of {url.rstrip('/')} is not trusted (self-signed certificate); give --ca-file the"
        in output
    )
    assert run("--prometheus", url, "--ca-file", str(tmp_path / "ca.pem"))[0] == 1
    code, output = run("--prometheus", url, "--ca-file", str(tmp_path / "secret"))
    assert (code, "there is no such file" in output) == (2, True)
    named = url.replace("127.0.0.1", "localhost")
    code, output = run("--prometheus", named, "--ca-file", str(tmp_path / "ca.pem"))
    assert (code, "is not trusted (Hostname mismatch, certificate is not valid for 'localhost" in output) == (
        2,
        True,
    )
    plain = serve("")[0].replace("http:", "https:")
    code, output = run("--prometheus", plain)
    assert code == 2
    assert output.startswith(
        f"error: {plain.rstrip('/')} does not speak TLS as is asked (WRONG_VERSION_NUMBER); give"
    )
    code, output = run("--prometheus", url, "--ca-file", secret(tmp_path))
    assert (code, "secret: it holds none; give a file with certificates as PEM" in output) == (2, True)


def test_a_server_that_leads_to_another_is_told(serve: Serve) -> None:
    """Asked on with GET, the other would have no query, and refuse it."""
    url, server = serve("Bearer x")
    server.leads_to = serve("")[0]
    code, output = run("--prometheus", url)
    assert code == 2
    assert output == (
        f"error: {url}api/v1/query leads to {server.leads_to}; expected a Prometheus that answers itself; "
        "give its own URL, with the path before /api/v1\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--username", "a"), "--username is given without --password-file"),
        (("--password-file", "FILE"), "--password-file is given without --username"),
        (("--username", "a", "--password-file", "FILE", "--bearer-token-file", "FILE"), "leave one out"),
        (("--bearer-token-file", "/nowhere/token"), "/nowhere/token: No such file or directory; give a file"),
        (("--minutes", "0"), "--minutes is 0; expected 0.1 to 5256000; give such a number"),
        (("--minutes", "nan"), "--minutes is nan; expected 0.1 to 5256000"),
        (("--minutes", "inf"), "--minutes is inf; expected 0.1 to 5256000"),
        (("--slow-ms", "nan"), "--slow-ms is nan; expected 1 or more"),
        (("--slow-ms", "-5"), "--slow-ms is -5; expected 1 or more"),
        (("--state", ""), "--state '': there is no such state; expected one of "),
        (("--var", "job=a", "--var", "job=b"), "--var 'job=b': job is 'a' already; expected one value"),
        (("--var", "environment"), "--var 'environment'; expected NAME=VALUE"),
        (("--width", "-1"), "--width is -1; expected 1 or more"),
    ],
)
def test_options_that_do_not_fit_are_told(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    file = secret(tmp_path)
    code, output = run(*(file if word == "FILE" else word for word in words))
    assert code == 2
    assert told in output


@pytest.mark.parametrize(("text", "told"), [("", "it is empty"), ("a\nb\n", "it has several lines")])
def test_a_file_that_holds_no_secret_is_told(tmp_path: Path, text: str, told: str) -> None:
    code, output = run("--bearer-token-file", secret(tmp_path, text))
    assert (code, told in output) == (2, True)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    code, output = run("--bearer-token-file", str(tmp_path / "secret"))
    assert (code, "it is no UTF-8 text" in output) == (2, True)


def test_no_client_shows_its_secrets() -> None:
    client = Prometheus(url="http://x", username="a", password=SECRET, token=SECRET)
    assert SECRET not in repr(client)
