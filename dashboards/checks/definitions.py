"""A stack as a team wrote it: what no rendered file could show, because it is lost before it is rendered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import get_args

from alerts.model import Engine, Severity, unique
from dashboards import grammar
from dashboards.checks.finding import listed, nearest
from dashboards.errors import DefinitionError
from dashboards.runbook_board import UID as RUNBOOKS_UID
from dashboards.stack import Stack
from exporters.catalogue import Histogram
from signals.limits import LIMITS
from signals.limits.telemetry import SCRAPE_SLOW
from signals.model import Signal, group_of
from signals.numbers import SECONDS, STATE, Limit, Number, require_fields, spoken
from signals.objectives import OBJECTIVES
from signals.promql import Query
from signals.slo import DAY, WINDOWS

URL = re.compile(r"https?://[^\s{}\"']+")
ADDRESS = re.compile(r"[^\s/]+:\d+")
OFTEN = 30  # seconds between two scrapes, at most
TARGET_FILES = (".yml", ".yaml", ".json")


def require(stack: Stack) -> None:
    """Let a stack pass that can be rendered.

    Raises:
        AlertError: two alerts have one name.
        DefinitionError: a field is of another type, an engine is unknown, a link leads nowhere, two boards
            have one address, or one of them breaks the grammar of boards.
    """
    for problem in _choices(stack):
        raise DefinitionError(problem)
    require_fields("the stack", stack, DefinitionError)
    # Of two of one name there is one runbook, and nothing else could tell them apart.
    unique(stack.alerts)
    told = (
        _folders,
        _servers,
        _labels,
        _numbers,
        _shares,
        _gravers,
        _woken,
        _levels,
        _recorded,
        _bounds,
        _faults,
    )
    for problem in chain.from_iterable(each(stack) for each in told):
        raise DefinitionError(problem)
    # Both would be written to one file, and the first would be gone without a word.
    titles = {RUNBOOKS_UID: "Runbooks"}
    for board in stack.boards:
        if board.uid in titles:
            raise DefinitionError(
                f"boards {titles[board.uid]!r} and {board.title!r} share the uid {board.uid!r}; expected one "
                "each; change one of the two"
            )
        titles[board.uid] = board.title
    for problem in grammar.problems(stack.boards, RUNBOOKS_UID):
        raise DefinitionError(problem)


def _choices(stack: Stack) -> Iterator[str]:
    known = get_args(Engine)
    if stack.engine not in known:
        yield f"the stack's engine is {stack.engine!r}; exactly one notifies; choose {' or '.join(known)}"
    if not URL.fullmatch(str(stack.grafana_url)):
        yield (
            f"the stack's grafana_url is {stack.grafana_url!r}; links in messages start with it; "
            "expected such as https://grafana.example.org"
        )


def _folders(stack: Stack) -> Iterator[str]:
    """Where runbooks are looked for; a folder that is missing would be told as a runbook that is."""
    for folder in stack.runbooks:
        if not folder.is_dir():
            why = "is a file" if folder.exists() else "does not exist"
            yield f"the stack's runbooks names {folder}, which {why}; expected a folder; correct it"


def _servers(stack: Stack) -> Iterator[str]:
    """What Grafana and Prometheus refuse at their start."""
    if not stack.folder.strip() or "/" in stack.folder:
        yield f"the stack's folder is {stack.folder!r}; expected a title without a slash; give it one"
    if not stack.targets.file.endswith(TARGET_FILES):
        yield (
            f"the stack's targets.file is {stack.targets.file!r}; expected a name that ends in "
            f"{', '.join(TARGET_FILES)}; rename it"
        )
    names = [job.name for job in stack.targets.jobs]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two jobs are called {name!r}; expected one; rename the other, or give it both addresses"
    for job in stack.targets.jobs:
        for address in job.addresses:
            if not ADDRESS.fullmatch(address):
                yield f"job {job.name!r} has the address {address!r}; expected host:port; correct it"


def _labels(stack: Stack) -> Iterator[str]:
    """Series without an identity label are on no board."""
    for job in stack.targets.jobs:
        lacking = [each for each in stack.identity if each not in {**stack.targets.labels, **job.labels}]
        if lacking:
            yield (
                f"the targets of job {job.name!r} carry no label {lacking[0]!r}, which is in the stack's "
                f'identity; expected a value; give Targets(labels={{"{lacking[0]}": ...}})'
            )


def _numbers(stack: Stack) -> Iterator[str]:
    """A key with a slip in it replaces nothing, and nobody notices; one that is taken replaces too much."""
    own: list[Number] = [*stack.objectives, *stack.limits]
    keys = [number.key for number in own]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"two objectives or limits have the key {key!r}; expected one; rename or drop the other"
    read: list[Number] = [*OBJECTIVES, *LIMITS, *_read(stack)]
    known = {number.key for number in read}
    for number in own:
        if number.key not in known:
            hint = nearest(number.key, known) or f"Known are: {listed(known)}."
            yield (
                f"nothing reads the {type(number).__name__.lower()} {number.key!r}; expected the key of one "
                f"that is there, or a signal or alert that names it. {hint}"
            )
    slow = stack.numbers[SCRAPE_SLOW.key]
    if slow.value >= stack.targets.timeout:
        yield (
            f"the limit {slow.key!r} is {spoken(slow.value, slow.unit)}, but a scrape is given up after the "
            f"stack's targets.timeout, {spoken(stack.targets.timeout, SECONDS)}, and never reaches it; "
            "lower the limit, or raise the time-out"
        )
    if stack.targets.interval > OFTEN:
        yield (
            f"the stack's targets.interval is {spoken(stack.targets.interval, SECONDS)}; expected at most "
            f"{spoken(OFTEN, SECONDS)}, as far back as boards look for what answers; scrape more often"
        )
    for number in (*own, *read):
        if number.value < 0:
            yield (
                f"the {type(number).__name__.lower()} {number.key!r} is "
                f"{spoken(number.value, number.unit)}; nothing that is measured in {number.unit.name!r} is "
                "ever below 0, so an alert on it fires for ever or never; give 0 or more"
            )
        counts = stack.numbers.get(number.key, number)
        if not counts.unit.agrees(number.unit):
            yield (
                f"the key {number.key!r} is that of {spoken(number.value, number.unit)}, in "
                f"{number.unit.name!r}, and of {spoken(counts.value, counts.unit)}, in {counts.unit.name!r}, "
                "which replaces it; expected one unit; choose another key than `list limits` and "
                "`list objectives` name"
            )


def _shares(stack: Stack) -> Iterator[str]:
    """Limits that no value can cross, or that every value has."""
    shares = {each.key: each for each in (*LIMITS, *_read(stack)) if isinstance(each, Limit) and each.whole}
    for key, share in shares.items():
        value = stack.numbers.get(key, share).value
        if value > 1 or (value == 1 and share.better == "lower"):
            side = "below" if share.better == "lower" else "at most"
            yield (
                f"the limit {key!r} is {spoken(value, share.unit)}, and what it is compared with is a share "
                f"of a whole, never more than 100 %; expected {side} 100 %; correct it"
            )


def _gravers(stack: Stack) -> Iterator[str]:
    """Alerts that could never speak, as one that they yield to speaks before."""
    for alert in stack.alerts:
        graver = alert.yields_to
        # Of another thing, or of the same with a further condition, their limits say nothing.
        if (
            graver is None
            or (graver.operator, graver.signal.query) != (alert.operator, alert.signal.query)
            or not set(graver.guards) <= set(alert.guards)
        ):
            continue
        own, theirs = (stack.numbers.get(each.key, each) for each in (alert.threshold, graver.threshold))
        above = alert.operator == ">"
        if own.value >= theirs.value if above else own.value <= theirs.value:
            side = "above" if above else "below"
            yield (
                f"alert {alert.name} speaks {side} {spoken(own.value, own.unit)}, {own.key!r}, and is silent "
                f"while {graver.name} speaks, {side} {spoken(theirs.value, theirs.unit)}, {theirs.key!r}: it "
                f"could never fire; expected a limit that is crossed first; {'lower' if above else 'raise'} "
                f"{own.key!r}, or {'raise' if above else 'lower'} {theirs.key!r}"
            )


def _woken(stack: Stack) -> Iterator[str]:
    """Limits that wake someone, and look on their panel like one that does not."""
    for alert in stack.alerts:
        critical, limit = alert.signal.critical, alert.threshold
        if alert.severity is not Severity.CRITICAL or alert.signal.unit is STATE:
            continue
        if critical is None or critical.key != limit.key:
            yield (
                f"alert {alert.name} wakes someone beyond {limit.key!r}, and {alert.signal.title!r} is drawn "
                "orange there; expected red; name the limit in the signal, critical=..."
            )


def _levels(stack: Stack) -> Iterator[str]:
    """Promises that can be neither kept nor broken, or that nobody can remember."""
    keys = [level.key for level in stack.levels]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"two service levels have the key {key!r}; expected one; rename or drop the other"
    for level in stack.levels:
        yield from level.problems(stack.numbers)
        if level.window < WINDOWS[-1]:
            yield (
                f"service level {level.key!r} promises over {spoken(level.window, SECONDS)}, less than its "
                f"alerts look back over; expected at least {spoken(WINDOWS[-1], SECONDS)}; promise over more "
                "(`window`)"
            )
        if level.window > stack.retention * DAY:
            yield (
                f"service level {level.key!r} promises over {spoken(level.window, SECONDS)}, and Prometheus "
                f"keeps {stack.retention} d; expected at least as much; keep more (`retention`), or promise "
                "less (`window`)"
            )


def _recorded(stack: Stack) -> Iterator[str]:
    """What is read and no longer recorded, told once for all who read it."""
    there = {recording.metric.name for recording in stack.recorded}
    readers: dict[str, dict[str, None]] = {}
    for reader, query in asked(stack):
        for metric in query.metrics:
            if group_of(metric) and metric.name not in there:
                readers.setdefault(group_of(metric), {})[reader] = None
    for group, names in readers.items():
        yield (
            f"the stack has no service level, and no recordings, of the group {group!r}, which "
            f"{listed(names)} read; expected it in Stack(levels=…) or Stack(recordings=…); keep it, or leave "
            "out what reads it"
        )


def asked(stack: Stack) -> Iterator[tuple[str, Query]]:
    """Every query, with who asks it."""
    yield from ((f"alert {alert.name}", query) for alert in stack.alerts for query in alert.queries)
    for board in stack.boards:
        for panel in board.panels:
            yield from ((f"board {board.title}", signal.query) for signal in panel.shown)


def _bounds(stack: Stack) -> Iterator[str]:
    """A limit on times that is no bound: how many requests keep it can never be told.

    The rendered percentiles have a check of their own, `limit-is-bound`; this is for means.
    """
    for signal in _signals(stack):
        number = stack.numbers.get(signal.objective.key) if signal.objective else None
        if number is None or number.unit is not SECONDS or "histogram_quantile" in signal.query.text:
            continue
        histograms = (each for each in signal.query.metrics if isinstance(each, Histogram))
        for metric in histograms:
            if metric.unit == "seconds" and number.value not in metric.buckets:
                yield (
                    f"{number.key!r} is {number.value:g} s, which is no bound of {metric.name}; expected one "
                    f"of {', '.join(f'{bound:g}' for bound in metric.buckets)}; choose one"
                )


def _faults(stack: Stack) -> Iterator[str]:
    """A panel about a fault that nobody can inject would never be proven."""
    for board in stack.boards:
        for panel in board.panels:
            if panel.moves and panel.moves not in stack.faults:
                hint = nearest(panel.moves, stack.faults) or f"Known are: {listed(stack.faults)}."
                yield (
                    f"board {board.uid}: panel {panel.title!r} moves with the fault {panel.moves!r}, which "
                    "is unknown; expected one of the stack's; correct it, or name your own in "
                    f"Stack(faults=…). {hint}"
                )


def _signals(stack: Stack) -> Iterator[Signal]:
    """Every signal that is shown or watched."""
    for board in stack.boards:
        for panel in board.panels:
            yield from panel.shown
    yield from (alert.signal for alert in stack.alerts)


def _read(stack: Stack) -> Iterator[Number]:
    """The objectives and limits that the stack's own signals, alerts and recordings name."""
    for signal in _signals(stack):
        yield from signal.query.numbers
        yield from (number for number in (signal.objective, signal.critical) if number is not None)
    for alert in stack.alerts:
        yield from (number for query in alert.queries for number in query.numbers)
        yield alert.threshold
    for recording in stack.recorded:
        yield from recording.query.numbers
    for level in stack.levels:
        yield from level.numbers
