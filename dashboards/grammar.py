"""How every board reads, as docs/dashboards.md explains it: what breaks it is told before anything is built.

Verdict first, then symptoms, then causes, and detail in closed rows; what cannot be read is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fractions import Fraction

from dashboards.colours import LIMITS, PLACEHOLDER, of_limits, of_lines
from dashboards.layout import lines
from dashboards.model import Board, Row
from exporters.catalogue.labels import INSTANCE, JOB
from signals.model import Signal

VERDICT = ("stat", "scorecard")
# What tells the signals of a panel apart: the legends of lines, elsewhere the titles of what is so called.
LINES = ("stat", "graph", "timeline")
CALLED = {"table": "columns", "bars": "bars", "scorecard": "rows"}
MOST_STATS = 8
MOST_OPEN = 24
# Of so many panels one may be empty with a reason: who reads more of them learns to overlook them.
EMPTY_SHARE = Fraction(1, 20)
# Of a title, on a screen of 1440 pixels: each column has room for some, and the signs beside it take some.
LETTERS_PER_COLUMN, LETTERS_LESS = 8.5, 12


def problems(boards: Sequence[Board], *books: str) -> Iterator[str]:
    """What breaks the grammar, one line each; beside these boards there are those books, by their uids."""
    by_uid = {board.uid: board for board in boards}
    for board in boards:
        if not board.rows:
            yield f"board {board.uid}: it has no row; expected a verdict at least; give it a row of stats"
        if not any(panel.kind != "text" for panel in board.panels):
            continue  # a book, such as the runbooks, has no verdict
        told = (
            *_order(board),
            *_counts(board),
            *_titles(board),
            *_names(board),
            *_alike(board),
            *_colours(board),
            *_doors(board, by_uid, books),
        )
        yield from (f"board {board.uid}: {problem}" for problem in told)
    yield from _excuses(boards)


def _order(board: Board) -> Iterator[str]:
    first, *rest = board.rows
    others = [panel.title for panel in first.panels if panel.kind not in VERDICT]
    if others or first.collapsed:
        found = f"has {others[0]!r}" if others else "is closed"
        yield (
            f"its first row {first.title!r} {found}; expected the verdict: an open row of nothing but stats "
            f"or scorecards; begin with one, and move what else is there below it"
        )
    closed: Row | None = None
    for row in rest:
        if closed is not None and not row.collapsed:
            yield (
                f"the row {row.title!r} is open below the closed row {closed.title!r}; expected closed rows "
                "of detail at the end; move it up, or close it"
            )
            return
        closed = row if row.collapsed else closed


def _counts(board: Board) -> Iterator[str]:
    for row in board.rows:
        if not (row.collapsed or row.title.rstrip().endswith("?")):
            yield (
                f"the row {row.title!r} asks nothing; expected the question that its panels answer, such as "
                "'Does it fit?'; rename it, or close it as detail"
            )
        if not row.panels:
            yield f"the row {row.title!r} has no panel; expected its answers; give it one, or drop it"
        stats = sum(panel.kind == "stat" for panel in row.panels)
        if stats > MOST_STATS:
            yield (
                f"the row {row.title!r} has {stats} stats; expected at most {MOST_STATS}, which a glance "
                "takes in; make graphs or a table of the others"
            )
    asking = sum(panel.kind != "text" for row in board.rows for panel in row.panels if not row.collapsed)
    if asking > MOST_OPEN:
        yield (
            f"it opens with {asking} panels; expected at most {MOST_OPEN}; close the rows of detail: "
            "row(..., collapsed=True)"
        )


def _excuses(boards: Sequence[Board]) -> Iterator[str]:
    panels = [panel for board in boards for panel in board.panels if panel.kind != "text"]
    excused = [panel.title for panel in panels if any(signal.empty for signal in panel.shown)]
    most = max(1, int(len(panels) * EMPTY_SHARE))
    if len(excused) > most:
        yield (
            f"{len(excused)} of {len(panels)} panels have a signal that may be empty; expected at most "
            f"{most}, one in {EMPTY_SHARE.denominator}; let it be 0, or leave the panel out: "
            f"{', '.join(excused)}"
        )


def letters(width: int) -> int:
    """How long a title may be in a panel of so many columns."""
    return max(1, int(LETTERS_PER_COLUMN * width - LETTERS_LESS))


def _titles(board: Board) -> Iterator[str]:
    for row in board.rows:
        for panel, width in (placed for line in lines(row.panels) for placed in line):
            most = letters(width)
            if len(panel.title) > most:
                yield (
                    f"the title {panel.title!r} has {len(panel.title)} letters; expected at most {most} in a "
                    f"panel {width} columns wide; shorten it, or make the panel wider"
                )
            most = int(LETTERS_PER_COLUMN * width)
            if panel.kind == "stat" and len(panel.no_value) > most:
                yield (
                    f"panel {panel.title!r}: no_value {panel.no_value!r} has {len(panel.no_value)} letters; "
                    f"expected at most {most} in a stat {width} columns wide, which shows it in one line; "
                    "shorten it, and say the rest in a note"
                )


def _names(board: Board) -> Iterator[str]:
    for panel in board.panels:
        lines = panel.kind in LINES
        named = [signal.legend if lines else signal.title for signal in panel.shown]
        for name in dict.fromkeys(named if lines or panel.kind in CALLED else ()):
            count = named.count(name)
            if count > 1:
                several = (
                    f"draws {count} signals of the legend"
                    if lines
                    else f"has {count} {CALLED[panel.kind]} called"
                )
                yield (
                    f"panel {panel.title!r} {several} {name!r}; expected one each, or nobody can tell them "
                    "apart; give each its own, or part it"
                )


def _alike(board: Board) -> Iterator[str]:
    """Lines of one signal that nobody can tell apart."""
    for panel in board.panels:
        for signal in panel.shown if panel.kind in LINES else ():
            if left := _untold(signal, board):
                names = " ".join(f"{{{{{label}}}}}" for label in left)
                yield (
                    f"panel {panel.title!r} draws {signal.legend!r} once for each {' and '.join(left)}; "
                    "expected one line of a name, or nobody can tell them apart; "
                    f"name {names} in the legend, sum over it, or show one server at a time: a board of its "
                    "source, with an anchor and not several=True"
                )


def _untold(signal: Signal, board: Board) -> list[str]:
    """Labels of its lines that neither their names tell nor the board's reader, who chooses one of them."""
    named = PLACEHOLDER.findall(signal.legend)
    told = {*named, *board.chosen(signal.query)}
    if board.several and INSTANCE.name not in named:
        told.discard(INSTANCE.name)
    # An address is of one job. On a board of everything most have one application, whose name would stand
    # in front of every line.
    if board.anchor is None or INSTANCE.name in named:
        told.add(JOB.name)
    return [label for label in signal.query.labels if label not in told]


def _colours(board: Board) -> Iterator[str]:
    for panel in board.panels:
        if len(of_limits(panel)) < len(panel.limits):
            yield (
                f"panel {panel.title!r} draws {len(panel.limits)} limits; expected at most {len(LIMITS)}, "
                "each dashed in its own way; part it"
            )
        seen: dict[str, str] = {}
        for matcher, name, colour in of_lines(panel) if panel.kind == "graph" else []:
            if matcher != "byName" or seen.setdefault(colour, name) == name:
                continue
            yield (
                f"panel {panel.title!r} draws {seen[colour]!r} and {name!r} in one colour, {colour}; "
                "expected one each, or nobody can tell them apart; give one another legend, or part it"
            )


def _doors(board: Board, by_uid: dict[str, Board], books: Sequence[str]) -> Iterator[str]:
    for panel in board.panels:
        if not panel.opens or (panel.opens in books and not panel.key):
            continue
        there = by_uid.get(panel.opens)
        if there is None:
            known = sorted((*by_uid, *books))
            near = get_close_matches(panel.opens, known, n=1)
            yield (
                f"panel {panel.title!r} opens the board {panel.opens!r}, which is not there; expected one of "
                f"{', '.join(known)}; correct it" + (f". Did you mean {near[0]!r}?" if near else "")
            )
        elif panel.key and not _offers(there, panel.key):
            such = ", ".join(uid for uid, other in by_uid.items() if _offers(other, panel.key))
            yield (
                f"panel {panel.title!r} opens {panel.opens} at one {panel.key!r}, which nobody chooses "
                f"there; expected a board with a Choice of it{such and f', such as {such}'}; open one, or "
                f"give {panel.opens} a Choice of it"
            )


def _offers(board: Board, label: str) -> bool:
    return any(choice.label.name == label for choice in board.choices)
