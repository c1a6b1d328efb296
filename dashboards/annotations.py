"""What happened, drawn over the graphs of every board, from metrics: alerts, deploys, restarts, changes.

A thing happened where it differs from what it was a minute ago, and is shown for that minute. What was not
seen in the minutes before, as on a cold start, is not new: nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exporters.catalogue import (
    Gauge,
    Label,
    Matcher,
    Metric,
    api,
    external,
    postgres,
    postgres_upkeep,
    redis,
    self_,
)
from signals.idioms import grouping, level, select, since, span
from signals.promql import Context, Query, duration

# How long it is shown, and how much older the look before may be, since what restarts is gone for a while.
SHOWN, BEFORE = 60, 900
# A version that was given up longer ago is new when it comes back.
FORGOTTEN = 300
ALERT, CHANGE, DEPLOY, RESTART = "red", "yellow", "blue", "purple"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Something that happened.

    Attributes:
        name: as the reader switches it on and off.
        colour: of its line.
        expr: a sample wherever it happened.
        step: between two looks: as long as it is shown, so that exactly one of them sees it.
        title, text: what is said of it, with labels of the sample in braces.
    """

    name: str
    colour: str
    expr: str
    step: str
    title: str
    text: str = ""


def events(context: Context) -> list[Annotation]:
    """All that is drawn, narrowed by the installation that the reader chose."""
    identity = tuple(Matcher(label, "=~", f"${label}") for label in context.identity)
    scoped = replace(context, window="1m", scope=lambda _source: identity)
    step = duration(SHOWN * context.time_scale)
    return [
        Annotation(name=name, colour=colour, expr=query.fill(scoped), step=step, title=title, text=text)
        for name, colour, query, title, text in _events()
    ]


def _events() -> list[tuple[str, str, Query, str, str]]:
    at = "{{instance}}"
    return [
        ("Alerts", ALERT, fired(), "{{alertname}} fires", "{{job}} {{instance}}"),
        (
            "Deploys",
            DEPLOY,
            appeared(api.APP_INFO, (api.VERSION,)),
            "{{job}}: version {{version}}",
            "A version that was not there a minute ago.",
        ),
        ("Application started", RESTART, restarted(api.START_TIME), "{{job}} started", ""),
        ("PostgreSQL started", RESTART, restarted(postgres.START_TIME), "PostgreSQL started", at),
        ("Redis started", RESTART, restarted(redis.START_TIME), "Redis started", at),
        ("Exporter started", RESTART, restarted(self_.START_TIME), "Exporter started", at),
        ("PostgreSQL configured", CHANGE, reconfigured(), "PostgreSQL: {{name}} changed", at),
        (
            "Redis policy",
            CHANGE,
            appeared(redis.INFO, (redis.MAXMEMORY_POLICY,)),
            "Redis: policy {{maxmemory_policy}}",
            at,
        ),
        ("Redis memory limit", CHANGE, changed(redis.MEMORY_MAX), "Redis: maxmemory changed", at),
    ]


def _now(metric: Metric, by: Sequence[Label] = ()) -> str:
    return f"max by {_by(metric, by)} ({select(metric)})"


def _before(metric: Metric, by: Sequence[Label] = (), back: float = BEFORE) -> str:
    ago = f"[{span(back)}]{since(SHOWN)}"
    return f"max by {_by(metric, by)} (last_over_time({select(metric)}{ago}))"


def _by(metric: Metric, by: Sequence[Label] = ()) -> str:
    return grouping(tuple(label.name for label in (*level(metric), *by)))


def fired() -> Query:
    """An alert began to fire. How long it does would cover the lines that show why."""
    firing = select(external.ALERTS, external.ALERTSTATE.eq("firing"), external.SEVERITY.ne("info"))
    return Query(f"{firing} unless {firing}{since(SHOWN)}", (external.ALERTS,))


def restarted(start: Gauge) -> Query:
    """The newest start is later than it was; of what was away for longer, that it is of this time.

    What started before that only was not seen, and where no target was a moment ago is a cold start.
    """
    now, before = _now(start), _before(start)
    watched = f"max by {_by(start)} ({select(external.UP)}{since(SHOWN)})"
    away = f"({now} > time() - <seconds:{BEFORE}>) and on {_by(start)} {watched} unless {before}"
    return Query(f"{now} > {before} or {away}", (start, external.UP))


def changed(metric: Gauge) -> Query:
    """The value is another one."""
    return Query(f"{_now(metric)} != {_before(metric)}", (metric,))


def appeared(info: Metric, by: Sequence[Label]) -> Query:
    """A value of a label that was not there, of what was there with another one."""
    new = f"{_now(info, by)} unless {_before(info, by, FORGOTTEN)}"
    return Query(f"({new}) and on {_by(info)} {_before(info)}", (info,))


def reconfigured() -> Query:
    """A setting has another value, came or went: that any did is told by the fingerprint of them all."""
    one, every, by = postgres_upkeep.CONFIGURED, postgres_upkeep.FINGERPRINT, (postgres_upkeep.SETTING_NAME,)
    now, before = _now(one, by), _before(one, by)
    what = f"({now} != {before}) or ({now} unless {before}) or ({before} unless {now})"
    return Query(f"({what}) and on {_by(every)} ({_now(every)} != {_before(every)})", (one, every))
