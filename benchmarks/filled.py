"""The series of a large installation, with the names and labels that the real processes write.

An application of many endpoints on several hosts, each with a PostgreSQL and a Redis; and, for a day, what
the stack's rules record of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, product
from pathlib import Path

from benchmarks.blocks import Chunk, Labels, chunks
from dashboards.stack import Stack
from exporters.catalogue import Histogram, Metric, api
from exporters.catalogue.external import SCRAPE_DURATION, UP
from signals.kept import BY_ENDPOINT, EACH, OF_ALL, PLAIN, RECORDINGS, ROUTED
from signals.objectives import OBJECTIVES

PAGES = Path(__file__).parents[1] / "tests/pages"
SAMPLE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)\Z")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
# The job that scrapes each page, and whether there is one for each host.
JOBS = {"exporter": ("exporter", True), "blackbox": ("api-health", True), "prometheus": ("prometheus", False)}
JOBS |= {"grafana": ("grafana", False), "alertmanager": ("alertmanager", False)}
PLACE = {"environment": "production", "cluster": "main"}
# As many endpoints go the same way as there are others: what a query costs does not depend on it.
WAYS = 8
HANDLER = api.HANDLER.name
LEAST = {api.METHOD.name: ("GET",), api.STATUS.name: ("200", "404"), api.ENCODING.name: ("identity", "gzip")}
# What one endpoint in ten has.
FEW = (api.EXCEPTIONS, api.REQUEST_SIZE, api.NPLUSONE_REPEATS)
# What one endpoint in three has too.
THIRD = {api.METHOD.name: ("POST",), api.STATUS.name: ("201", "422", "500")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the installation is.

    Attributes:
        handlers: endpoints of the application.
        hosts: on which it runs, four workers each; its exporter adds them up.
        raw: seconds of what is scraped.
        recorded: seconds of what rules record.
    """

    handlers: int = 200
    hosts: int = 10
    raw: int = 2 * 3600
    recorded: int = 24 * 3600


@dataclass(frozen=True, slots=True)
class Clock:
    """When samples were taken, in milliseconds: the last one `late` before the end."""

    end: int
    seconds: int
    step: int
    late: int = 0

    @property
    def times(self) -> list[int]:
        """Every one, the oldest first."""
        last = self.end - self.late
        return list(range(last - self.seconds * 1000, last + 1, self.step * 1000))


def series(stack: Stack, size: Size, end: int) -> dict[Labels, Sequence[Chunk]]:
    """Every series, by its labels.

    Args:
        stack: whose targets, endpoints of objectives, and rules.
        size: how large.
        end: of the time filled, in milliseconds.
    """
    found: dict[Labels, Sequence[Chunk]] = {}
    interval = round(stack.scraped.interval)
    for host in range(size.hosts):
        clock = Clock(end, size.raw, interval, late=host * interval * 1000 // (size.hosts + 1))
        target = {"job": "api", "instance": f"host-{host}:10910", **PLACE}
        for labels, shape in (*application(size.handlers), *page("api", but=HANDLER), *scraped()):
            found[named(labels, target)] = shape.drawn(clock)
        for name, (job, everywhere) in JOBS.items():
            if everywhere or not host:
                target = {"job": job, "instance": f"host-{host}:{10_000 + len(name)}", **PLACE}
                for labels, shape in (*page(name), *scraped()):
                    found[named(labels, target)] = shape.drawn(clock)
    evaluated = round(stack.rules.step)
    every = Clock(end, size.recorded, evaluated), kept(stack, size)
    seldom = Clock(end, size.recorded, evaluated * EACH), summed(size) if stack.recorded_boards else ()
    for clock, recordings in (every, seldom):
        for labels in recordings:
            found[named(labels, {"job": "api", **PLACE})] = Shape("gauge", 0.02).drawn(clock)
    return found


@dataclass(frozen=True, slots=True)
class Shape:
    """How a series goes.

    Attributes:
        kind: a counter's or a gauge's way.
        level: about a gauge's value, or about what a counter grows by in a step.
        way: which of several ways of chance.
        share: of a counter that is a histogram's bucket, how much of all it holds.
    """

    kind: str
    level: float
    way: int = 0
    share: float = 1.0

    def drawn(self, clock: Clock) -> tuple[Chunk, ...]:
        """Its samples, packed."""
        return _drawn(self, clock)


@cache
def _drawn(shape: Shape, clock: Clock) -> tuple[Chunk, ...]:
    times = clock.times
    values = _way(shape, len(times))
    # A bucket holds whole observations, and never fewer than before.
    return chunks(times, values if shape.kind == "gauge" else [each * shape.share // 1 for each in values])


def _way(shape: Shape, length: int) -> list[float]:
    chance = random.Random(shape.way)  # noqa: S311 - the same each time is what is wanted
    if shape.kind == "counter":
        most = round(2 * shape.level)
        return [float(value) for value in accumulate(chance.randint(0, most) for _ in range(length))]
    if shape.level in (0, 1):
        return [shape.level] * length
    return [shape.level * chance.uniform(0.9, 1.1) for _ in range(length)]


def named(labels: Mapping[str, str], target: Mapping[str, str]) -> Labels:
    """With the labels that Prometheus adds."""
    return tuple(sorted({**target, **labels}.items()))


def scraped() -> Iterator[tuple[Mapping[str, str], Shape]]:
    """What Prometheus says of each target itself."""
    yield {"__name__": UP.name}, Shape("gauge", 1)
    yield {"__name__": SCRAPE_DURATION.name}, Shape("gauge", 0.02)


def endpoints(number: int) -> list[str]:
    """So many; those of the objectives are among them."""
    known = sorted({each.value for one in OBJECTIVES for each in one.where if each.label == HANDLER})
    return [*known, *(f"/api/things-{place}/{{thing_id}}" for place in range(number))][:number]


def application(handlers: int) -> Iterator[tuple[Mapping[str, str], Shape]]:
    """What each endpoint has."""
    metrics = [each for each in vars(api).values() if isinstance(each, Metric) and api.HANDLER in each.labels]
    for (place, handler), metric in product(enumerate(endpoints(handlers)), metrics):
        if metric in FEW and place % 10:
            continue
        others = [each.name for each in metric.labels if each is not api.HANDLER]
        more = {} if place % 3 else THIRD
        values = [(*LEAST.get(name, ("Error",)), *more.get(name, ())) for name in others]
        for chosen, (suffix, bound, share) in product(product(*values), samples(metric)):
            labels = {HANDLER: handler, **dict(zip(others, chosen, strict=True)), **bound}
            yield {"__name__": metric.name + suffix, **labels}, Shape("counter", 20, place % WAYS, share)


def samples(metric: Metric) -> Iterator[tuple[str, Mapping[str, str], float]]:
    """Of a metric each sample name, what labels it adds, and which share of all it counts."""
    if not isinstance(metric, Histogram):
        yield "", {}, 1.0
        return
    bounds = [*(f"{bound:.10g}" if bound % 1 else f"{bound:.1f}" for bound in metric.buckets), "+Inf"]
    for place, bound in enumerate(bounds):
        yield "_bucket", {"le": bound}, ((place + 1) / len(bounds)) ** 0.5
    yield "_count", {}, 1.0
    yield "_sum", {}, 0.07


@cache
def page(name: str, but: str = "") -> tuple[tuple[Mapping[str, str], Shape], ...]:
    """What stands on a recorded page, but for what has a label."""
    text = (PAGES / f"{name}.prom").read_text()
    types = dict(TYPE.findall(text))
    found: list[tuple[Mapping[str, str], Shape]] = []
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match is None:
            continue
        labels = {label: ESCAPED.sub(r"\1", each) for label, each in LABEL.findall(match["labels"] or "")}
        family = re.sub(r"_(bucket|sum|count)\Z", "", match["name"])
        grows = types.get(match["name"], types.get(family)) in ("counter", "histogram")
        shape = Shape("counter", 20, len(found) % WAYS) if grows else Shape("gauge", float(match["value"]))
        if but not in labels:
            found.append(({"__name__": match["name"], **labels}, shape))
    return tuple(found)


def kept(stack: Stack, size: Size) -> Iterator[Mapping[str, str]]:
    """The labels of what is recorded for more than boards, where they are of the application."""
    names = {HANDLER: endpoints(size.handlers)}
    for recording in stack.recorded:
        if recording in RECORDINGS:
            continue
        own = [each.name for each in recording.metric.labels if each.name != "job"]
        values = [names.get(name, ["some"]) for name in own]
        for chosen in product(*values):
            yield {"__name__": recording.metric.name, **dict(zip(own, chosen, strict=True))}


def summed(size: Size) -> Iterator[Mapping[str, str]]:
    """Of what each endpoint has, what is recorded for boards."""
    found: dict[Labels, Mapping[str, str]] = {}
    for labels, _ in application(size.handlers):
        series = labels["__name__"]
        for level, handler in ((BY_ENDPOINT, labels[HANDLER]), (PLAIN, labels[HANDLER]), (OF_ALL, ROUTED)):
            if series in level:
                metric = level[series].metric
                known = {each.name for each in metric.labels}
                one = {name: value for name, value in labels.items() if name in known}
                one |= {"__name__": metric.name, HANDLER: handler}
                found[tuple(sorted(one.items()))] = one
    yield from found.values()
