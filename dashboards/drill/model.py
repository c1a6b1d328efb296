"""A drill as data: the fault, the alerts that it must fire, what may fire with them, and by when."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.model import Alert
from alerts.routing import GROUP_INTERVAL, GROUP_WAIT
from dashboards.checks.finding import nearest
from dashboards.errors import StackError
from dashboards.stack import Stack, named
from signals.numbers import Seconds

DEFAULT = "examples.drills:DRILLS"
# Seconds of this machine's clock that anything may come later than computed; it is told as late. A busy
# machine skips a scrape or an evaluation, so that what it would show comes with the next, and lets each of
# the servers wait for its turn; and the watch sees a moment later what happened.
TOLERANCE = 10.0
SPAN = re.compile(r"<span:(\d+)>")
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One fault. Times are those of production unless said otherwise.

    Attributes:
        alerts: the names of those that must fire, be told, resolve, and be told again.
        fault: its name, for whoever injects it and for the report.
        options: of the fault.
        consequences: alerts that rightly may fire too.
        about: labels that each of the messages must carry: that the fault was found where it is.
        lane: drills of different lanes run at once, those of one lane after each other; without one it
            disturbs all others, and runs when they are done.
        lag: seconds that pass before the stack's exporters see the fault, since they remember.
        window: seconds until the limit is crossed; by default all that the alert's query looks back.
        fades: seconds until it is crossed no longer, likewise.
        unscaled: seconds of this machine's clock, whatever the time scale, that pass before the stack's
            servers see the fault, or its end.
        resent: likewise, until its end is told again where it could not be told at once.
        last: whether it begins when all others are over, as it disturbs how messages are sent.
        in_ci: whether it belongs to the few that touch every layer.
    """

    alerts: tuple[str, ...]
    fault: str
    options: Mapping[str, Any] = field(default_factory=dict)
    consequences: frozenset[str] = frozenset()
    about: Mapping[str, str] = field(default_factory=dict)
    lane: str = ""
    lag: Seconds = 0
    window: Seconds | None = None
    fades: Seconds | None = None
    unscaled: float = 0
    resent: float = 0
    last: bool = False
    in_ci: bool = False

    @property
    def allowed(self) -> frozenset[str]:
        """All that may fire because of it."""
        return self.consequences | frozenset(self.alerts)

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.fault} ({options})" if options else self.fault


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds of this machine's clock.

    Attributes:
        fired: from the end of the injection until Prometheus says that it fires.
        delivered: from then until the receiver has the message.
        resolved: from the healing until the receiver is told that it is over.
    """

    fired: float
    delivered: float
    resolved: float

    @classmethod
    def computed(cls, alert: Alert, drill: Drill, stack: Stack) -> Times:
        """The latest that the definition allows, on the stack's clock."""
        scale = stack.time_scale
        evaluation = max(1.0, stack.rules.evaluation * scale)
        seen = drill.unscaled + drill.lag * scale + stack.scraped.interval + evaluation
        back = looks_back(alert)
        rises, fades = (back if each is None else each for each in (drill.window, drill.fades))

        def whole(seconds: float) -> float:
            return math.ceil(seconds * scale / evaluation) * evaluation

        wait, interval = (max(1, round(each * scale)) for each in (GROUP_WAIT, GROUP_INTERVAL))
        fired = seen + rises * scale + whole(alert.hold)
        return cls(
            fired=fired,
            delivered=fired + wait,
            resolved=seen + fades * scale + whole(alert.keep) + interval + drill.resent,
        )


@dataclass(kw_only=True)
class Outcome:
    """What came of one alert of a drill: seconds as in `Times`, None for what did not come.

    `rule` is the mark of what fired, see `dashboards.drill.record`.
    """

    alert: str
    rule: str
    drill: Drill
    computed: Times
    fired: float | None = None
    delivered: float | None = None
    resolved: float | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether all was as it should be."""
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running stack to break.

    Attributes:
        stack: as its Prometheus has it, with its time scale.
        prometheus: URL.
        receiver: URL of what takes the messages: GET gives ``[{"received": Unix time, "body": {...}}]``,
            the oldest first, and with ``?since=`` only those after that time.
        inject: breaks it inside, and mends it whatever happens.
        grafana: URL, if one runs: the links of messages are opened there.
        alertmanager: URL, if one notifies: silence links lead there, and must select what they are about.
        lasting: alerts that look back for days, and so may fire long after a fault of minutes.
        chats: whether the receiver is also sent what a chat is (Slack's attachments), with a title and text.
        built: the stack as it is in production, with the limits there; by default `stack`, but for its clock.
    """

    stack: Stack
    prometheus: str
    receiver: str
    inject: Callable[[Drill], AbstractContextManager[None]]
    grafana: str = ""
    alertmanager: str = ""
    lasting: frozenset[str] = frozenset()
    chats: bool = False
    built: Stack | None = None


@dataclass(frozen=True, kw_only=True)
class Drills:
    """All drills of a stack. A team brings its own: ``--drills module:NAME``.

    Attributes:
        drills: in the order in which they run, those of each lane.
        undrilled: alerts without a drill, each with the reason.
        site: opens the stack that runs as this file says, or starts one and takes it down again.
        backfilled: of these, those that are proven on blocks of the past, and how many seconds of it.
    """

    drills: tuple[Drill, ...]
    undrilled: Mapping[str, str]
    site: Callable[[Path | None, Report], AbstractContextManager[Site]]
    backfilled: Mapping[str, Seconds] = field(default_factory=dict)

    def chosen(self, names: tuple[str, ...], *, in_ci: bool = False) -> tuple[Drill, ...]:
        """The drills of these alerts; without names all of them, or those for CI.

        Raises:
            StackError: there is no drill of this name.
        """
        for name in names:
            if name in self.undrilled:
                raise StackError(f"there is no drill for {name!r}: {self.undrilled[name]}")
            if name not in self.alerts:
                hint = nearest(name, {*self.alerts, *self.undrilled}) or "`drill --list` names them all."
                raise StackError(f"there is no drill for {name!r}; expected an alert that has one. {hint}")
        return tuple(
            drill
            for drill in self.drills
            if (set(names) & set(drill.alerts) if names else drill.in_ci or not in_ci)
        )

    @property
    def alerts(self) -> frozenset[str]:
        """The names of all that have a drill."""
        return frozenset(name for drill in self.drills for name in drill.alerts)

    def without(self, stack: Stack) -> tuple[str, ...]:
        """Alerts of the stack that have neither a drill nor a reason for having none."""
        known = self.alerts | set(self.undrilled)
        return tuple(each.name for each in stack.alerts if each.name not in known)


def looks_back(alert: Alert) -> float:
    """Seconds of the past that decide over the alert."""
    text = alert.signal.query.text
    spans = [float(each) for each in SPAN.findall(text)]
    return max([*spans, alert.window if "<window>" in text else 0.0])


def lateness(seconds: float | None, latest: float) -> str:
    """How much later than the latest something came, in words; nothing where it did not."""
    late = round((seconds or 0.0) - latest, 1)
    return f" late by {late:g} s" if late > 0 else ""


def load(reference: str) -> Drills:
    """The drills that ``module:NAME`` names.

    Raises:
        StackError: there is no such module or name, or it holds something else.
    """
    try:
        return named(reference, Drills, option="--drills", example="mycompany.drills:DRILLS")
    except StackError as error:
        if reference != DEFAULT or "no module named 'examples" not in str(error):
            raise
        raise StackError(
            f"{error} The example's drills come with the checkout, not with the package: run this there, or "
            "bring your own with --drills module:NAME"
        ) from None
