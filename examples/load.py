"""Load for the example backend, bounded in rate and time: `python -m examples.load --url URL`.

Requests are due at fixed times, whether or not the ones before were answered. Nothing is retried, every
answer is counted, so that the numbers on a panel can be compared with what was sent.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import itertools
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from examples.backend.seed import EMPLOYEES, FACTORIES

# uvicorn closes a connection that was idle for five seconds; a younger one is safe to use again.
REUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
STATUSES = ("pending", "approved", "rejected")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Something to call.

    Attributes:
        handler: the route template, as on the panels.
        path: makes the path of one call.
        body: makes the JSON body of one call; None sends none.
        weight: its share of the calls, relative to the others.
    """

    method: str = "GET"
    handler: str
    path: Callable[[random.Random], str]
    body: Callable[[random.Random], object] | None = None
    weight: float


def _factory(chance: random.Random) -> str:
    return f"F{chance.randint(1, FACTORIES):03}"


def _payroll(chance: random.Random) -> object:
    today = date.today()
    return {"factory_id": _factory(chance), "year": today.year, "month": today.month}


ENDPOINTS = (
    Endpoint(handler="/api/dashboard/admin", weight=34, path=lambda _: "/api/dashboard/admin"),
    Endpoint(
        handler="/api/employees",
        weight=16,
        path=lambda chance: f"/api/employees?factory_id={_factory(chance)}",
    ),
    Endpoint(
        handler="/api/employees/{employee_id}",
        weight=16,
        # One in fifty does not exist, so that there are some 404s.
        path=lambda chance: f"/api/employees/{chance.randint(1, EMPLOYEES * 51 // 50)}",
    ),
    Endpoint(
        handler="/api/timer-cards/pending",
        weight=12,
        path=lambda chance: f"/api/timer-cards/pending?factory_id={_factory(chance)}",
    ),
    Endpoint(
        handler="/api/requests",
        weight=10,
        path=lambda chance: f"/api/requests?status={chance.choice(STATUSES)}",
    ),
    Endpoint(handler="/api/factories", weight=3, path=lambda _: "/api/factories"),
    Endpoint(
        handler="/api/factories/{factory_id}/config",
        weight=6,
        path=lambda chance: f"/api/factories/F{chance.randint(1, 10):03}/config",
    ),
    Endpoint(
        method="POST",
        handler="/api/payroll/batch",
        weight=3,
        path=lambda _: "/api/payroll/batch",
        body=_payroll,
    ),
)


@dataclass(kw_only=True)
class Result:
    """What was sent and what came back. Keys are (method, handler) with a status or error where it counts.

    Attributes:
        answers: answers by (method, handler, status).
        errors: calls without an answer by (method, handler, class of the error).
        wire_bytes: bytes of bodies as they came, by (method, handler).
        raw_bytes: the same bodies before compression.
        durations: seconds of each answered call, by (method, handler).
        unsent: calls that were due but not sent when the time was over, since all connections were busy.
        seconds: from the first call to the last answer.
    """

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    errors: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    wire_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    raw_bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    durations: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    unsent: int = 0
    seconds: float = 0.0

    @property
    def sent(self) -> int:
        """All calls, answered or not."""
        return self.answers.total() + self.errors.total()

    def lines(self) -> list[str]:
        """A table for people."""
        late = f", {self.unsent} not sent: no connection was free in time" if self.unsent else ""
        lines = [f"{self.sent} sent in {self.seconds:.1f} s{late}"]
        for (method, handler), durations in sorted(self.durations.items()):
            ordered = sorted(durations)
            average, p95 = sum(ordered) / len(ordered), ordered[int(len(ordered) * 0.95)]
            statuses = {s: n for (m, h, s), n in sorted(self.answers.items()) if (m, h) == (method, handler)}
            lines.append(
                f"{method:5}{handler:36} average {average * 1000:7.1f} ms  p95 {p95 * 1000:7.1f} ms  "
                + "  ".join(f"{status}: {count}" for status, count in statuses.items())
            )
        lines += [
            f"{method:5}{handler:36} {error}: {n}" for (method, handler, error), n in self.errors.items()
        ]
        return lines


class Load:
    """One run, in threads of its own: `start`, then `join`; or `run` for both."""

    def __init__(
        self,
        url: str,
        *,
        rate: float,
        seconds: float,
        endpoints: Sequence[Endpoint] = ENDPOINTS,
        connections: int = 48,
        seed: int = 1,
    ) -> None:
        """Prepare a run of at most `rate` x `seconds` calls, the same ones in the same order for a `seed`."""
        target = urlsplit(url)
        self.host, self.port = target.hostname or "127.0.0.1", target.port or 80
        self.rate = rate
        self.total = int(rate * seconds)
        self.seconds = seconds
        self.endpoints = endpoints
        self.seed = seed
        self.result = Result()
        self.numbers = itertools.count()
        self.lock = threading.Lock()
        self.ended = threading.Event()
        count = min(connections, max(1, self.total))
        self.threads = [
            threading.Thread(target=self._work, name=f"load-{n}", daemon=True) for n in range(count)
        ]
        self.begin = 0.0

    def start(self) -> Load:
        """Begin."""
        self.begin = time.perf_counter()
        for thread in self.threads:
            thread.start()
        return self

    def stop(self) -> Result:
        """End before the time is over."""
        self.ended.set()
        return self.join()

    def join(self) -> Result:
        """Wait until the time is over and the last call is answered."""
        for thread in self.threads:
            thread.join()
        self.result.seconds = time.perf_counter() - self.begin
        if not self.ended.is_set():
            self.result.unsent = self.total - self.result.sent
        return self.result

    def run(self) -> Result:
        """Begin, and wait until it is over."""
        return self.start().join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        used = 0.0
        while True:
            with self.lock:
                number = next(self.numbers)
            due = self.begin + number / self.rate
            if number >= self.total or self.ended.wait(max(0.0, due - time.perf_counter())):
                break
            if time.perf_counter() > self.begin + self.seconds:
                break
            if time.perf_counter() - used > REUSE_SECONDS:
                connection.close()
            self._call(connection, number)
            used = time.perf_counter()
        connection.close()

    def _call(self, connection: http.client.HTTPConnection, number: int) -> None:
        chance = random.Random(f"{self.seed}:{number}")
        endpoint = chance.choices(self.endpoints, [each.weight for each in self.endpoints])[0]
        body = None if endpoint.body is None else json.dumps(endpoint.body(chance))
        headers = {"Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        began = time.perf_counter()
        try:
            connection.request(endpoint.method, endpoint.path(chance), body, headers)
            answer = connection.getresponse()
            payload = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            with self.lock:
                self.result.errors[endpoint.method, endpoint.handler, type(error).__name__] += 1
            return
        taken = time.perf_counter() - began
        raw = gzip.decompress(payload) if answer.headers.get("Content-Encoding") == "gzip" else payload
        key = (endpoint.method, endpoint.handler)
        with self.lock:
            self.result.answers[*key, answer.status] += 1
            self.result.wire_bytes[key] += len(payload)
            self.result.raw_bytes[key] += len(raw)
            self.result.durations.setdefault(key, []).append(taken)


def main() -> int:
    """Run from the command line; exit 1 if a call got no answer, or one of 500 and more."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.load", description="Load for the example backend, bounded in rate and time."
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the backend; default %(default)s")
    parser.add_argument("--rate", type=float, default=20, help="requests per second; default %(default)s")
    parser.add_argument("--seconds", type=float, default=60, help="how long; default %(default)s")
    parser.add_argument("--connections", type=int, default=48, help="most at once; default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the random choice; default %(default)s")
    options = parser.parse_args()
    for name in ("rate", "seconds", "connections"):
        if getattr(options, name) <= 0:
            parser.error(f"--{name} is {getattr(options, name):g}; expected more than 0")
    if urlsplit(options.url).scheme != "http":
        parser.error(f"--url is {options.url!r}; expected http://HOST:PORT")
    load = Load(**vars(options)).start()
    try:
        result = load.join()
    except KeyboardInterrupt:
        result = load.stop()
    print("\n".join(result.lines()))
    failed = result.errors.total() + sum(n for (*_, status), n in result.answers.items() if status >= 500)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
