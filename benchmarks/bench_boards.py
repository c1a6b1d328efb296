"""What every panel costs a Prometheus that holds a large installation, raw and recorded."""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import product
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from benchmarks import blocks, filled
from benchmarks.bench_build import process
from benchmarks.figures import Times, by_clock
from benchmarks.filled import Size
from benchmarks.floors import FLOORS
from dashboards.grafana import render_board
from dashboards.model import Board
from dashboards.prometheus_api import Prometheus, Samples
from dashboards.prove import Span, prove
from dashboards.stack import STACK
from examples.demo import servers
from signals.kept import RECORDINGS

RAW, RECORDED = "raw", "recorded"
READINGS = {RAW: STACK, RECORDED: replace(STACK, recorded_boards=True)}
# The range that a board opens with, in seconds.
SHOWN = 3600
PATIENCE = 300.0
ROUNDS = 3
# Grafana's concurrent_query_count: so many queries of a panel are on their way at once.
AT_ONCE = 10
# A tenth of the series: what rules record has no host, so that a tenth of the hosts alone is more.
SMALL, LARGE = Size(hosts=1, handlers=110), Size()
IMPORT, RENDER = "`import grafanalib.core`", "render and write, without checks"
BUILD, TENFOLD = "`python -m dashboards build`", "the same of ten times the boards"
BUILDS = {
    IMPORT: ["-c", "import grafanalib.core"],
    RENDER: [
        "-c",
        "import sys, pathlib; from dashboards import write; from dashboards.stack import STACK; "
        "write.write(write.render(STACK), pathlib.Path(sys.argv[1]))",
    ],
    BUILD: ["-m", "dashboards", "build", "--output"],
    TENFOLD: [
        "-m",
        "dashboards",
        "build",
        "--stack",
        "benchmarks.tenfold:STACK",
        "--output",
    ],
}


@dataclass(frozen=True)
class Cost:
    """What one panel took, round by round.

    Attributes:
        board, title: of the panel.
        open: whether it is asked as soon as the board opens.
        recorded: whether all that it reads is recorded, and some of it for boards.
        series: how many it showed.
        taken: by the clock on the wall, and by what Prometheus' processor spent.
    """

    board: str
    title: str
    open: bool
    recorded: bool
    series: int
    taken: list[Times] = field(default_factory=list)

    def median(self, clock: str) -> float:
        """Seconds."""
        return by_clock(self.taken, clock).median


@dataclass(frozen=True)
class Filled:
    """One size, measured.

    Attributes:
        size: of the installation.
        series, samples: how many.
        writing: seconds that the block took.
        version: of Prometheus.
        costs: by how the boards read, of each panel.
        rules: what recording for boards takes, evaluation by evaluation.
        recorded: how many series it adds.
        floors: by what is asked and how finely, what it takes only to read it.
    """

    size: Size
    series: int
    samples: int
    writing: float
    version: str
    costs: dict[str, list[Cost]]
    rules: list[Times]
    recorded: int
    floors: Mapping[tuple[str, float], list[Times]]

    def of(self, board: str, reading: str, *, opened: bool = True) -> list[Cost]:
        """The panels of a board, the dearest first: those open, or those in collapsed rows."""
        found = [each for each in self.costs[reading] if each.board == board and each.open is opened]
        return sorted(found, key=lambda each: -each.median("wall"))

    @property
    def readings(self) -> Iterator[tuple[str, str]]:
        """Each board, as it reads raw and, where that is another way, recorded."""
        for board in dict.fromkeys(each.board for each in self.costs[RAW]):
            yield from ((board, each) for each in (RAW, RECORDED) if self.of(board, each))


def measure(sizes: Sequence[Size] = (SMALL, LARGE), *, rounds: int = ROUNDS) -> list[Filled]:
    """Fill a database of each size and ask what boards ask, raw and recorded in turns.

    What stands in collapsed rows is asked of the first size alone, once.
    """
    return [_measured(size, rounds, whole=size is sizes[0]) for size in sizes]


def builds(rounds: int = ROUNDS) -> dict[str, list[Times]]:
    """What a build takes, in turns; the first round does not count."""
    taken: dict[str, list[Times]] = {name: [] for name in BUILDS}
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds + 1):
            for place, (name, arguments) in enumerate(BUILDS.items()):
                times = process([*arguments, f"{folder}/{round_}-{place}"])
                if round_:
                    taken[name].append(times)
    return taken


def _measured(size: Size, rounds: int, *, whole: bool) -> Filled:
    end = int(time.time()) // 60 * 60
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        data = Path(folder) / "tsdb"
        data.mkdir()
        # The stack that records more has all of it.
        series = filled.series(READINGS[RECORDED], size, end * 1000)
        samples = blocks.write(data, series)
        writing = time.perf_counter() - began
        with _prometheus(Path(folder)) as server:
            source = Metered(server)
            version = source.source.get("status/buildinfo")["version"]
            costs = _asked(source, Span(start=end - SHOWN, end=end), rounds, whole=whole)
            rules = [_evaluated(source, end) for _ in range(rounds)]
            floors = _floors(source, end, rounds)
        names = {each.metric.name for each in RECORDINGS}
        recorded = sum(dict(labels)["__name__"] in names for labels in series)
        return Filled(size, len(series), samples, writing, version, costs, rules, recorded, floors)


def _evaluated(source: Metered, at: float) -> Times:
    """What it takes to evaluate all rules that record for boards, once."""
    asked = [READINGS[RECORDED].rules.record(each) for each in RECORDINGS]
    for expr in asked:
        source.remember({"instant": True}, expr, at, at, 1)
    return sum((source.together([expr]) for expr in asked), start=Times(0, 0))


def _floors(source: Metered, at: float, rounds: int) -> Mapping[tuple[str, float], list[Times]]:
    found: dict[tuple[str, float], list[Times]] = {}
    asked = dict.fromkeys((expr, step) for floor in FLOORS for expr, step, _ in floor.asked)
    for _, (expr, step) in product(range(rounds), asked):
        source.remember({"instant": not step}, expr, at - SHOWN, at, step or 1)
        found.setdefault((expr, step), []).append(source.together([expr]))
    return found


@contextmanager
def _prometheus(home: Path) -> Iterator[servers.Prometheus]:
    config = home / "prometheus.yml"
    config.write_text("{}\n")
    server = servers.Prometheus(home, config)
    server.flags += [f"--query.timeout={PATIENCE:g}s", "--storage.tsdb.retention.time=400d"]
    try:
        yield server.start()
    finally:
        server.stop()


class Metered:
    """A Prometheus that says what queries took, by its own processor too."""

    fills_ranges: ClassVar[bool] = False

    def __init__(self, server: servers.Prometheus) -> None:
        self.server = server
        self.source = Prometheus(url=server.url, timeout=PATIENCE)
        self.asked: dict[str, tuple[str, str]] = {}

    def label_values(self, selector: str, label: str, start: float, end: float) -> list[str]:
        """Not measured: a board asks it once, and rarely."""
        return self.source.label_values(selector, label, start, end)

    def answer(self, target: Mapping[str, Any], expr: str, start: float, end: float, step: float) -> Samples:
        """The samples of a panel's query, which is remembered."""
        self.remember(target, expr, start, end, step)
        return self.source.answer(target, expr, start, end, step)

    def remember(self, target: Mapping[str, Any], expr: str, start: float, end: float, step: float) -> None:
        """How a query is asked, when `together` asks it."""
        form = {"query": expr, "time": end} if target["instant"] else {"query": expr, "start": start}
        form |= {} if target["instant"] else {"end": end, "step": step}
        self.asked[expr] = "query" if target["instant"] else "query_range", urlencode(form)

    def together(self, exprs: Sequence[str]) -> Times:
        """What it takes to ask these at once, until the last answer is there, unread."""
        links = [http.client.HTTPConnection(urlsplit(self.source.url).netloc) for _ in exprs]
        for link in links:
            link.connect()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            spent, began = self._spent(), time.perf_counter()
            statuses = set(pool.map(_status, links, (self.asked[each] for each in exprs)))
            times = Times(time.perf_counter() - began, self._spent() - spent)
        if statuses - {HTTPStatus.OK}:
            raise RuntimeError(f"Prometheus answered {statuses}; expected 200 to {exprs}")
        return times

    def _spent(self) -> float:
        """Seconds of its processor, from all its threads."""
        assert self.server.process is not None  # noqa: S101 - it was started
        tasks = Path(f"/proc/{self.server.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _status(link: http.client.HTTPConnection, asked: tuple[str, str]) -> int:
    path, form = asked
    link.request("POST", f"/api/v1/{path}", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer.status


def _asked(source: Metered, span: Span, rounds: int, *, whole: bool) -> dict[str, list[Cost]]:
    found: dict[str, list[Cost]] = {RAW: [], RECORDED: []}
    asked = [(reading, board) for board in STACK.boards for reading in READINGS if _differs(reading, board)]
    panels: list[tuple[Cost, list[str]]] = []
    for (reading, board), opened in product(asked, (True, False) if whole else (True,)):
        rows = tuple(each for each in board.rows if each.collapsed is not opened)
        stack = replace(READINGS[reading], boards=(replace(board, rows=rows),), alerts=())
        for proof in prove(stack, source, span):
            exprs = [each.expr for each in proof.answers]
            series = sum(each.series for each in proof.answers)
            cost = Cost(proof.board, proof.title, opened, _reads_recorded(exprs), series)
            found[reading].append(cost)
            panels.append((cost, exprs))
    for round_, (cost, exprs) in product(range(rounds), panels):
        if cost.open or not round_:
            cost.taken.append(source.together(exprs))
    return found


def _reads_recorded(exprs: Sequence[str]) -> bool:
    for_boards, all_recorded = (
        [any(each.metric.name in expr for each in recordings) for expr in exprs if "{" in expr]
        for recordings in (RECORDINGS, READINGS[RECORDED].recorded)
    )
    return any(for_boards) and all(all_recorded)


def _differs(reading: str, board: Board) -> bool:
    """Whether a board asks anything else for what is recorded."""
    drawn = [render_board(board, READINGS[each].context) for each in (RAW, reading)]
    return reading == RAW or drawn[0] != drawn[1]
