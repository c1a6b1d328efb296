"""Every check of every runbook runs on the stack, with rights that only look: what is copied works."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg import sql
from redis import Redis

from alerts import runbooks
from alerts.rules import ALERTS
from dashboards.checks.promql import ParseError, parse
from examples.demo.chain import DATABASE, EXPORTER_CONFIG
from tests.stack.conftest import Running

FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SELECTS = re.compile(r"(?:select|show|table|with)\b", re.IGNORECASE)
# What a reader fills in.
FILLED = {
    "QUERYID": "1",
    "'TABLE'": "'employees'",
    "PREFIX": "dashboard_admin:",
    "QUEUE": "jobs",
    "THE/ENDPOINT": "api/dashboard/admin",
}
# These are about a host or a deployment that a test has not got; only their syntax is looked at.
ELSEWHERE = re.compile(
    r"(docker|journalctl|systemctl|dmesg|df|free|ps|tail|alembic|uptime|ls|vmstat|iostat|grep -[co] '?SELECT"
    r"|(for .*)?py-spy|curl .*localhost:3000|python -m dashboards doctor --grafana"
    r"|openssl s_client|curl -sSk https|python -m exporters check --web\.config\.file)\b"  # by TLS
)
LOOKS_ON = (
    "+@read +@connection +info +lastsave +config|get +client|list +client|info +memory +slowlog +latency "
    "+acl|whoami"
)
# Some commands would be PromQL too.
COMMAND = re.compile(rf"{ELSEWHERE.pattern}|(redis-cli|psql|pg_isready|curl|amtool|promtool|python3)\b")
REFUSED = re.compile(
    r"\b(?i:No module|NOPERM|NOAUTH|WRONGPASS|WRONGTYPE|ERR |Unrecognized|unknown command|not found|usage:"
    r"|could not connect|connection refused)"
    r"|\b(ERROR:|FATAL:|FAILED|Traceback|denied|curl: \()|\b(amtool|promtool|psql): error:"
)
# They end with 1 where there is nothing to see, which is well in health.
SEEK = {"grep", "pgrep"}
BROKEN_PIPE = re.compile(
    r"(Traceback|Exception ignored in)(?:(?!Traceback).)*?BrokenPipeError: \[Errno 32\] Broken pipe\n?",
    re.DOTALL,
)
# An answer of 400 or more is none, whatever else of a line goes well; curl alone ends with 0 then.
CURL = 'curl() { command curl --fail-with-body --show-error "$@"; }'
HTTP_ERROR = re.compile(r"curl: \(22\) The requested URL returned error: (\d{3})[^\n]*\n?")


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """Somebody who may look: at PostgreSQL, at Redis, at the other servers.

    Attributes:
        dsn: of a role that is a member of pg_monitor and nothing else, read only.
        env: for commands of a shell, which run in the directory `cwd`.
        places: how what the runbooks name is called here.
    """

    dsn: str
    env: dict[str, str]
    cwd: Path
    places: dict[str, str]

    def here(self, text: str) -> str:
        """The text with everything filled in."""
        for name, value in {**FILLED, **self.places}.items():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", value.replace("\\", r"\\"), text)
        return text


@pytest.fixture(scope="module")
def on_call(running: Running, tmp_path_factory: pytest.TempPathFactory) -> OnCall:
    chain = running.chain
    password = secrets.token_hex()
    with psycopg.connect(chain.postgres.superuser_dsn, autocommit=True) as connection:
        role = sql.SQL("CREATE ROLE oncall LOGIN PASSWORD {} IN ROLE pg_monitor")
        connection.execute(role.format(sql.Literal(password)))
        connection.execute("ALTER ROLE oncall SET default_transaction_read_only = on")
    with Redis.from_url(chain.redis.url) as client:
        client.execute_command("ACL", "SETUSER", "oncall", "on", f">{password}", "~*", *LOOKS_ON.split())
    tools = tmp_path_factory.mktemp("tools")
    tool = tools / "redis-cli"
    real = shutil.which("redis-cli")
    tool.write_text(
        "#!/bin/sh\n"
        'while [ "$1" = -h ] || [ "$1" = -p ]; do shift 2; done\n'
        f'exec {real} -h 127.0.0.1 -p {chain.redis.port} --user oncall --no-auth-warning "$@"\n'
    )
    tool.chmod(0o755)
    ports = chain.ports
    return OnCall(
        cwd=tools,
        dsn=chain.postgres.url("oncall", password, DATABASE),
        env={
            **os.environ,
            "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "REDISCLI_AUTH": password,
            "POOLER_URL": chain.pgbouncer.url("obs_exporter"),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(ports.postgres),
            "PGUSER": "oncall",
            "PGPASSWORD": password,
            "PGDATABASE": DATABASE,
        },
        places={
            "localhost:8000": ports.address("api"),
            "localhost:9090": ports.address("prometheus"),
            "localhost:9093": ports.address("alertmanager"),
            "localhost:10910": ports.address("exporter"),
            "DBHOST -p 5432": f"127.0.0.1 -p {ports.postgres}",
            "DBHOST": "127.0.0.1",
            "REDISHOST": "127.0.0.1",
            "INSTANCE": ports.url("api") + "/health",
            "SCRAPE_URL": ports.url("exporter") + "/metrics",
            "RECEIVER_URL": ports.url("webhook"),
            "PID": str(os.getpid()),
            "https://NAME": ports.url("api"),
            "NAME": "localhost",
            "CONFIG": str(EXPORTER_CONFIG),
        },
    )


def test_every_check_of_every_runbook_runs(running: Running, on_call: OnCall) -> None:
    ran = dict.fromkeys(("promql", "sql", "shell", "elsewhere"), 0)
    faults = []
    for alert in ALERTS:
        query = running.stack.rules.fill(alert.condition, alert.window)
        book = runbooks.runbook(alert, running.stack.rules)
        for block in FENCE.findall(book):
            try:
                ran[_run(block.strip(), query, book, running, on_call)] += 1
            except Exception as error:  # all of them are told at once
                faults.append(f"{alert.name}: {block.strip()}\n{type(error).__name__}: {error}")
    assert faults == [], "\n\n".join(faults)
    assert min(ran["promql"], len(ALERTS)) == len(ALERTS)
    assert ran["sql"] >= 15
    assert ran["shell"] >= 15


def _is_promql(block: str) -> bool:
    try:
        parse(block)
    except ParseError:
        return False
    return True


def _run(block: str, query: str, book: str, running: Running, on_call: OnCall) -> str:
    """Run a block of a runbook, and say of which kind it is."""
    if block == query or (not COMMAND.match(block) and "{{" not in block and _is_promql(block)):
        running.prometheus.query(block)
        return "promql"
    block = on_call.here(block)
    if SELECTS.match(block):
        with psycopg.connect(on_call.dsn, autocommit=True) as connection:
            for statement in filter(None, map(str.strip, block.split(";"))):
                connection.execute(statement.encode())
        return "sql"
    if block.startswith("begin;"):  # a statement that a reader must write
        return "elsewhere"
    here = [line for line in block.splitlines() if not ELSEWHERE.match(line)]
    subprocess.run(["bash", "-n", "-c", block], check=True, capture_output=True, text=True)
    for line in here:
        _shell(line, on_call, book)
    return "shell" if here else "elsewhere"


def unforeseen(told: str, book: str) -> str:
    """What commands told, without the HTTP errors that the runbook explains, as in ``401, 404: it moved``."""
    words = FENCE.sub("", book)

    def judged(found: re.Match[str]) -> str:
        return "" if re.search(rf"\b{found[1]}(?:, \d{{3}})*: ", words) else found[0]

    return HTTP_ERROR.sub(judged, told)


def _shell(line: str, on_call: OnCall, book: str = "") -> None:
    """Run a line, each command of whose pipe must do its work: the end of the last one tells nothing."""
    done = subprocess.run(
        ["bash", "-c", f'{CURL}\n{line}\nprintf "\\n%s" "${{PIPESTATUS[*]}}"'],
        check=False,
        env=on_call.env,
        cwd=on_call.cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    told, _, ends = done.stdout.rpartition("\n")
    names, heard = _commands(line), unforeseen(told, book)
    explained, told = heard != told, heard
    for number, (name, end) in enumerate(zip(names, map(int, ends.split()), strict=True)):
        well = {0, 1} if name in SEEK else {0}
        well |= {22} if name == "curl" and explained else set()
        if "head" in names[number + 1 :]:  # it reads no further
            well |= {128 + signal.SIGPIPE, errno.EPIPE}  # json.tool ends with the error's number
            told, cut = BROKEN_PIPE.subn("", told)
            well |= {1, 120} if cut else set()
        assert end in well, f"{line}: {name} ends with {end}: {told[:500]}"
    assert not REFUSED.search(told), f"{line}: {told[:500]}"


def _commands(line: str) -> list[str]:
    """The names of the commands of its last pipe."""
    words = shlex.shlex(line, posix=True, punctuation_chars="|;")
    words.whitespace_split, words.commenters = True, ""
    found, begins = [""], True
    for word in words:
        if word == ";":
            found, begins = [""], True
        elif word == "|":
            found.append("")
            begins = True
        elif begins:
            found[-1], begins = word, False
    return found


@pytest.mark.parametrize(
    "line",
    [
        "curl -sS http://127.0.0.1:1/metrics | grep up",
        "curl -s http://127.0.0.1:1/metrics | grep up | sort",
        "curl -sS http://127.0.0.1:1/api | python3 -m json.tool | grep up",
        "curl -sS http://127.0.0.1:1/api | python3 -m json.tool | head -5",
        "redis-cli -p 1 ping",
        "redis-cli -p 1 info stats | grep hits",
        "amtool --alertmanager.url http://127.0.0.1:1 alert query",
        "promtool check config /nope",
        "psql -h 127.0.0.1 -p 1 -c 'select 1'",
        "echo 'ERROR:  relation \"nope\" does not exist'",
        "echo 'ERROR:  permission denied for table employees' | grep permission",
        "python3 -c 'raise ValueError'",
        "python3 -c 'raise ValueError' | head -1",
        "python3 -c 'print(1); raise ValueError' | grep 1",
        "grep nothing /nope | sort",
        "false",
    ],
)
def test_what_does_not_work_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=re.escape(line)):
        _shell(line, OnCall(dsn="", env=dict(os.environ), cwd=tmp_path, places={}))


@pytest.mark.parametrize(
    "line",
    [
        "echo well | grep nothing",
        "echo well | grep -v well | sort | head -3",
        "seq 1000000 | head -1",
        "python3 -c 'for n in range(10**6): print(n)' | head -1",
        "seq 100000 | sed 's/$/,/; 1s/^/[/; $s/,/]/' | python3 -m json.tool | head -60",
        "nproc; cat /proc/loadavg",
        "echo 'notifications_failed_total 0' | grep failed",
        "printf 'no end of line'",
    ],
)
def test_what_works_is_not_refused(line: str, tmp_path: Path) -> None:
    _shell(line, OnCall(dsn="", env=dict(os.environ), cwd=tmp_path, places={}))


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """A server that answers with the status that its path names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.strip("/")))
            self.send_header("Content-Length", "3")
            self.end_headers()
            self.wfile.write(b"up\n")

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


ASKS = (
    "curl -sS -m 5 -o /dev/null -w '%{{http_code}} %{{time_total}}s\\n' {}",
    "curl -sS -o /dev/null -w '%{{http_code}}' {}",
    "curl -sS -o /dev/null -D - {} | grep -i content",
    "curl -s {} | grep up",
    "curl -s {} | sort | head -5",
)


@pytest.mark.parametrize("status", ["404", "500", "503"])
@pytest.mark.parametrize("ask", ASKS)
def test_an_answer_that_is_an_error_is_refused_unless_the_runbook_explains_it(
    ask: str, status: str, web: str, tmp_path: Path
) -> None:
    on_call = OnCall(dsn="", env=dict(os.environ), cwd=tmp_path, places={})
    line = ask.format(f"{web}/{status}")
    for book in (
        "",
        f"Above {status} ms: slow.\n",
        f"5. {status} under load: wait.\n```\n{status}: x\n```\n",
    ):
        with pytest.raises(AssertionError, match=status):
            _shell(line, on_call, book)
    _shell(line, on_call, f"4. 401, {status}, 599: the path changed.\n")
    _shell(line, on_call, f"4. {status}: the path changed.\n")
    _shell(ask.format(f"{web}/200"), on_call)


def test_an_error_that_is_explained_hides_no_other(web: str, tmp_path: Path) -> None:
    on_call = OnCall(dsn="", env=dict(os.environ), cwd=tmp_path, places={})
    with pytest.raises(AssertionError, match="500"):
        _shell(f"curl -s {web}/500; curl -s {web}/404", on_call, "404: it moved.")


def test_whoever_looks_cannot_write(on_call: OnCall) -> None:
    with psycopg.connect(on_call.dsn) as connection, pytest.raises(psycopg.Error):
        connection.execute("DELETE FROM employees")
    told = subprocess.run(
        ["bash", "-c", "redis-cli set a b; redis-cli flushall"],
        check=False,
        env=on_call.env,
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert told.stdout.count("NOPERM") == 2
