"""A past that is made: an application, and an exporter that answered until ten minutes ago.

Its collector of statements was refused, its Redis was gone for a while, and the application had no request
before the exporter went.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from alerts.proof.backfill import make_blocks
from dashboards.model import Board, Choice, Panel, row
from dashboards.prometheus_api import Prometheus
from dashboards.prove import Answer, Proof, Span
from dashboards.prove.why import why
from dashboards.stack import STACK, Stack
from examples.demo import servers
from exporters.catalogue import api
from signals.model import Signal
from signals.numbers import COUNT
from signals.promql import Query

STEP, RARE, PAST = 15, 60, 7200
# Seconds before now.
DOWN, REFUSED, GONE, BACK, LEFT = 600, 5400, 4800, 3900, 2400
# The past is looked at a little after its end: at its end a window would hold a sample at both its ends.
AFTER = 5
# After the beginning of the past.
LATER = 900
PLACE = 'environment="production",cluster="main"'


@dataclass(frozen=True)
class Line:
    """A series: its name with labels, what it is at its beginning, how it grows, and when it is there."""

    name: str
    value: float
    grows: float = 0
    after: int = PAST
    until: int = 0
    step: int = STEP

    def samples(self, now: int) -> Iterator[str]:
        # Of the grid of this step alone, so that a window holds as many as it should.
        begin = now - self.after + (-(now - self.after)) % self.step
        for n, at in enumerate(range(begin, now - self.until + 1, self.step)):
            yield f"{self.name} {self.value + n * self.grows!r} {at}\n"


def of(name: str, labels: str, value: float, **more: float) -> Line:
    return Line(f"{name}{{{PLACE},{labels}}}", value, **more)


API, EXPORTER = 'job="api",instance="a:1"', 'job="exporter",instance="e:2"'
STATEMENTS = f'{EXPORTER},collector="postgres.statements"'
LINES = (
    of("up", API, 1),
    of("up", EXPORTER, 1, until=DOWN),
    of("up", EXPORTER, 0, after=DOWN - STEP),
    of("http_requests_total", f'{API},method="GET",handler="/",status="200"', 0, grows=15),
    of("http_requests_total", f'{API},method="POST",handler="/",status="404"', 0, grows=0),
    of("obs_api_workers", API, 4, step=RARE),
    of("http_response_size_bytes_sum", API, 5, grows=60, step=RARE),
    of("pg_up", EXPORTER, 1, until=DOWN),
    of("pg_scrape_collector_success", STATEMENTS, 1, until=REFUSED),
    of("pg_scrape_collector_success", STATEMENTS, 0, after=REFUSED - STEP, until=DOWN),
    of("obs_exporter_collector_errors_total", f'{STATEMENTS},backend="postgres",code="42501"', 1, until=DOWN),
    of("redis_up", EXPORTER, 1, after=PAST - LATER, until=GONE),
    of("redis_up", EXPORTER, 0, after=GONE - STEP, until=BACK),
    of("redis_up", EXPORTER, 1, after=BACK - STEP, until=DOWN),
    of("redis_memory_used_bytes", EXPORTER, 1e6, after=PAST - LATER, until=GONE),
    of("redis_memory_used_bytes", EXPORTER, 1e6, after=BACK - STEP, until=DOWN),
    of("redis_memory_max_bytes", EXPORTER, 0, after=BACK - STEP, until=DOWN),
    of("pg_database_size_bytes", f'{EXPORTER},datname="app"', 1e6, until=DOWN),
    of("pg_database_size_bytes", f'{EXPORTER},datname="old"', 1e6, until=LEFT),
    # The first request comes when the exporter goes.
    *(
        of(f"http_response_size_bytes_{series}", f"{API}{bound}", 0, grows=grows, after=after, until=until)
        for series, bound in (("count", ""), ("bucket", ',le="256.0"'), ("bucket", ',le="+Inf"'))
        for after, until, grows in ((PAST, DOWN, 0), (DOWN - STEP, 0, 1))
    ),
)


@dataclass(frozen=True)
class Known:
    """The server, and the end of its past."""

    prometheus: Prometheus
    now: int

    def span(self, before: int = 0, seconds: int = 300) -> Span:
        end = self.now + AFTER - before
        return Span(start=end - seconds, end=end)

    def why(self, expr: str, *, before: int = 0, instant: bool = True) -> str:
        answer = Answer(ref="A", expr=expr, instant=instant)
        proof = Proof(board="b", title="t", answers=(answer,))
        return str(why(proof, answer, STACK, self.prometheus, self.span(before)))


@contextlib.contextmanager
def made(home: Path) -> Iterator[Known]:
    """A Prometheus that knows this past, which ends now."""
    now = int(time.time())
    now -= now % RARE
    make_blocks((text for line in LINES for text in line.samples(now)), home / "prometheus/tsdb")
    config = home / "prometheus.yml"
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "15s"}}))
    server = servers.Prometheus(home / "prometheus", config)
    server.start()
    try:
        yield Known(Prometheus(url=server.url), now)
    finally:
        server.stop()


def small(*panels: Panel, choices: tuple[Choice, ...] = ()) -> Stack:
    """A stack of one board with these panels, and without alerts."""
    board = Board(
        uid="small",
        title="Small",
        description="For a test.",
        source="api",
        anchor=api.WORKERS,
        choices=choices,
        rows=(row("What?", *panels),),
    )
    return replace(STACK, boards=(board,), alerts=(), levels=())


def signal(text: str, empty: str = "") -> Signal:
    """One that asks this, whatever it reads."""
    more = {"why": "It is.", "act": "Wait.", "good": "Good is more.", "unit": COUNT}
    return Signal(title=text, query=Query(text, (api.REQUESTS,)), empty=empty, **more)
