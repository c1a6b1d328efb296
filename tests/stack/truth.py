"""What the load generator and the servers know, and what the panels say of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from redis import Redis as Client

from dashboards.grafana import render_board
from dashboards.model import Board, Panel
from dashboards.prove import filled, last, variable_values
from dashboards.prove.ask import flat
from dashboards.stack import STACK
from examples.load import Result
from signals.model import Signal
from signals.promql import duration
from tests.stack.conftest import Running

# What else a client does at every scrape, and what is between the sample and the edge of its window.
CLOSE = 0.12
# What these ask is no signal's query.
NOT_BY_SIGNAL = ("scorecard", "heatmap")
# Labels of every series; the others name a line.
PLACE = ("environment", "cluster", "job", "instance")


def showing(signal: Signal) -> list[tuple[Board, Panel]]:
    """Every panel that shows a signal."""
    found = [
        (board, panel)
        for board in STACK.boards
        for panel in board.panels
        if panel.kind not in NOT_BY_SIGNAL and signal.query in [each.query for each in panel.shown]
    ]
    assert found, signal.title
    return found


def lines(
    running: Running, board: Board, panel: Panel, signal: Signal, window: float, at: float
) -> dict[str, float]:
    """What a panel's own query of a signal gives at one time over one window: value by the line's labels."""
    rendered = render_board(board, replace(running.stack.context, time_scale=window / 300))
    (drawn,) = [each for each in flat(rendered["panels"]) if each["id"] == board.panel_id(panel.title)]
    index = [each.query for each in panel.shown].index(signal.query)
    values = variable_values(rendered, running.prometheus, last(600))
    values |= {"__rate_interval": duration(window), "__range": duration(window)}
    answer = running.prometheus.query(filled(drawn["targets"][index]["expr"], values), at)
    return {
        " ".join(
            value for name, value in sorted(labels.items()) if name not in (*PLACE, "__name__")
        ): samples[-1]
        for labels, samples in answer
    }


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number that somebody knows.

    Attributes:
        signal: what the panels show.
        line: which of its lines; all lines count together where it is None.
        true: the number.
        by: how far off a panel may be, of the number.
        off: how far off it may be in any case.
    """

    signal: Signal
    true: float
    line: str | None = ""
    by: float = CLOSE
    off: float = 0.02

    def near(self, shown: float) -> bool:
        """Whether a panel says so."""
        return math.isclose(shown, self.true, rel_tol=self.by, abs_tol=self.off)


@dataclass(kw_only=True)
class Compared:
    """Each panel beside what is known of it.

    Attributes:
        panels: compared, by board and title.
        wrong: what a panel says otherwise.
    """

    panels: set[tuple[str, str]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


def compared(running: Running, facts: list[Fact], window: float, at: float) -> Compared:
    """Every panel that shows one of these facts, with what it says."""
    found = Compared()
    for fact in facts:
        for board, panel in showing(fact.signal):
            said = lines(running, board, panel, fact.signal, window, at)
            value = sum(said.values()) if fact.line is None else said.get(fact.line, math.nan)
            found.panels.add((board.uid, panel.title))
            if not fact.near(value):
                line = f" [{fact.line}]" if fact.line else ""
                known = f"{value:g}, known is {fact.true:g}; it has {sorted(said)[:8]}"
                found.wrong.append(f"{board.uid}: {panel.title}: {fact.signal.title}{line} {known}")
    return found


@dataclass(frozen=True, kw_only=True)
class Servers:
    """What PostgreSQL and Redis say of themselves at one time."""

    redis: dict[str, Any]
    commands: dict[str, float]
    keys: dict[str, int]
    size: float
    commits: float
    inserted: float
    usable: float
    states: dict[str, int]
    applications: dict[str, int]
    statement: tuple[str, float]

    @classmethod
    def ask(cls, running: Running, mark: str) -> Servers:
        """Now; `mark` is a word of the statement whose calls are counted."""
        with Client.from_url(running.chain.redis.url) as client:
            info = client.info("everything")
            stats = client.info("commandstats")
            prefixes = [key.decode().partition(":")[0] for key in client.scan_iter(count=10_000)]
        with psycopg.connect(running.chain.postgres.superuser_dsn, dbname="backend") as connection:

            def rows(query: str) -> list[tuple[Any, ...]]:
                return connection.execute(query.encode()).fetchall()

            count = "SELECT coalesce({0}, ''), count(*) FROM pg_stat_activity WHERE backend_type = 'client "
            count += "backend' AND pid <> pg_backend_pid() GROUP BY 1"
            done = "sum(xact_commit), sum(tup_inserted) FROM pg_stat_database d"
            done += " JOIN pg_database b ON b.oid = d.datid WHERE NOT b.datistemplate"
            slots = "current_setting('superuser_reserved_connections')"
            statement = "SELECT queryid, calls FROM pg_stat_statements WHERE query LIKE '%{0}%'"
            statement += " AND query NOT LIKE '%pg_stat_statements%'"
            called = rows(statement.format(mark))
            ((commits, inserted),) = rows(f"SELECT {done}")
            return cls(
                redis=info,
                commands={key.removeprefix("cmdstat_"): each["calls"] for key, each in stats.items()},
                keys={prefix: prefixes.count(prefix) for prefix in set(prefixes)},
                size=float(rows("SELECT pg_database_size('backend')")[0][0]),
                commits=float(commits),
                inserted=float(inserted),
                usable=float(rows(f"SELECT current_setting('max_connections')::int - {slots}::int")[0][0]),
                states=dict(rows(count.format("state"))),
                applications=dict(rows(count.format("application_name"))),
                statement=(str(called[0][0]), float(called[0][1])) if called else ("", 0.0),
            )


def of_load(result: Result, window: float) -> Iterator[tuple[str, str, int, float]]:
    """What was sent, as method, handler, status and how many of it a second."""
    for (method, handler, status), count in result.answers.items():
        yield method, handler, status, count / window
