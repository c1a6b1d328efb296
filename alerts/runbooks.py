"""Runbooks: one Markdown file for each alert, with the numbers of the stack filled in."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable

from alerts.model import Alert, AlertError, Severity
from alerts.render import RenderContext
from signals.numbers import SECONDS, Number, spoken
from signals.slo import HOUR, crossed_after

SECTIONS = ("Meaning", "Impact", "Check", "Fix", "False causes")
# What holds for every alert of a severity; a runbook that knows better ends with a section of its own.
ESCALATION = "Escalation"
ESCALATIONS = {
    Severity.CRITICAL: """\
- No way forward after 30 minutes, or data may be lost: call the next person on call now.
- Tell whoever answers to the users of {service} what is known, at once and then every half hour.
- Write down what was done and when, while it is done; put back whatever was changed only to stop the trouble.
""",
    Severity.WARNING: """\
- It wakes nobody, and does not mend itself: give it to whoever owns {service}, with what the checks said.
- Users feel it already, or a critical alert of {service} fires too: call whoever is on call.
- It comes back every week: the limit or its cause is wrong; change one of the two.
""",
    Severity.INFO: """\
- Nobody is told of it. Raise what it shows in the next review of {service}.
""",
}
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
# Braces of PromQL and shells are none of these.
HOLE = re.compile(
    r"\{(limit|hold|window|query|number:([a-z][a-z0-9_]*)|after:([a-z][a-z0-9_]*):(1|0\.\d+))\}"
)
# What looks like one of them, and is none.
HOLES = ("limit", "hold", "window", "query", "number", "after")
BRACED = re.compile(r"(\{([a-z]+)(?::[^{}]*)?\})")


def folder() -> Traversable:
    """Where the project's own runbooks are, in a checkout and in an installed package."""
    return resources.files("alerts") / "runbooks"


def runbook(alert: Alert, context: RenderContext, *, folders: Sequence[Traversable] = ()) -> str:
    """The alert's runbook as Markdown, filled in.

    ``{limit}``, ``{hold}``, ``{window}`` are the alert's, ``{query}`` is its whole PromQL, and
    ``{number:KEY}`` is an objective or limit. ``{after:KEY:SHARE}`` is how long that share of events must be
    bad until the fast alert on the service level with this target fires. What to do when it does not help is
    added, by severity, unless the file says it.

    Args:
        alert: whose runbook.
        context: what the stack gives.
        folders: looked through before the project's own.

    Raises:
        AlertError: there is none, it lacks a section, or it names an unknown number.
    """
    text = _read(place(alert, folders=folders))
    found = tuple(HEADING.findall(text))
    if found == SECTIONS:
        told = ESCALATIONS[alert.severity].replace("{service}", alert.service)
        text = f"{text.rstrip()}\n\n## {ESCALATION}\n{told}"
    elif found != (*SECTIONS, ESCALATION):
        raise AlertError(
            f"runbook {alert.name}.md has the sections {list(found)}; expected {list(SECTIONS)}, and "
            f"{ESCALATION} where it differs from others'; write each, in this order, as `## Name`"
        )

    for name, section in zip(found, HEADING.split(text)[2::2], strict=False):
        if not section.strip():
            raise AlertError(
                f"runbook {alert.name}.md says nothing under {name!r}; expected what whoever is woken needs; "
                "write it"
            )

    _require_known_holes(alert, text)

    def filled(hole: re.Match[str]) -> str:
        if hole[1] == "query":
            return context.fill(alert.condition, alert.window)
        key = hole[2] or hole[3]
        if not key:
            return context.says(alert, hole[0])
        number = context.numbers.get(key)
        if number is None:
            raise AlertError(
                f"runbook {alert.name}.md names {hole[0]}; expected the key of an objective or limit, "
                f"one of {sorted(context.numbers)}; correct the key"
            )
        return (
            _fires_after(float(hole[4]), number, alert, context)
            if hole[4]
            else spoken(number.value, number.unit)
        )

    return HOLE.sub(filled, text)


def _require_known_holes(alert: Alert, text: str) -> None:
    for braced, word in BRACED.findall(HOLE.sub("", text)):
        if meant := difflib.get_close_matches(word, HOLES, n=1, cutoff=0.75):
            raise AlertError(
                f"runbook {alert.name}.md has {braced}, which nothing fills in; expected one of "
                f"{', '.join(HOLES)}; did you mean {meant[0]!r}?"
            )


def _fires_after(share: float, target: Number, alert: Alert, context: RenderContext) -> str:
    crossed = crossed_after(share, target.value, context.numbers)
    if crossed is None:
        return "no time at all (never)"
    seconds = (crossed + alert.hold) * context.time_scale
    step = 60 if seconds < 2 * HOUR else HOUR / 10
    return spoken(math.ceil(seconds / step) * step, SECONDS)


def place(alert: Alert, *, folders: Sequence[Traversable] = ()) -> Traversable:
    """The file of the alert's runbook.

    Args:
        alert: whose runbook.
        folders: looked through before the project's own.

    Raises:
        AlertError: there is none.
    """
    places = (*folders, folder())
    for each in places:
        if (file := each / f"{alert.name}.md").is_file():
            return file
    raise AlertError(
        f"alert {alert.name} has no runbook; expected {alert.name}.md in {', '.join(map(str, places))}; "
        "write it, for whoever is woken"
    )


def _read(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise AlertError(
            f"runbook {file}: byte {error.start} is no UTF-8; expected text in UTF-8; save it as that"
        ) from None


# The first of the numbered fixes, up to the next one or a block of code; else the first paragraph.
FIX = re.compile(r"^## Fix\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
FIRST = re.compile(r"^1\. (.+?)(?=\n\d+\. |\n\s*```|\n\n|\Z)", re.MULTILINE | re.DOTALL)
PARAGRAPH = re.compile(r"\s*(\S.*?)(?=\n\s*```|\n\n|\Z)", re.DOTALL)
ENGINE = re.compile(r"\{\{|\$\{|\$__")


def first_action(alert: Alert, context: RenderContext, *, folders: Sequence[Traversable] = ()) -> str:
    """What the runbook says to do first, on one line: the first step of its Fix.

    Args:
        alert: whose runbook.
        context: what the stack gives.
        folders: looked through before the project's own.

    Raises:
        AlertError: there is no runbook, its Fix has no first step, or the engines would expand that.
    """
    fix = FIX.search(runbook(alert, context, folders=folders))
    found = fix and (FIRST.search(fix[1].rstrip()) or PARAGRAPH.match(fix[1].rstrip()))
    if not found:
        raise AlertError(
            f"runbook {alert.name}.md says nothing under `## Fix`; messages tell its first step; expected a "
            "list that begins with `1. `; write what to do"
        )
    action = " ".join(found[1].split())
    if expanded := ENGINE.search(action):
        raise AlertError(
            f"runbook {alert.name}.md: the first step under `## Fix` has {expanded[0]!r}, which "
            "Grafana and Prometheus expand in messages; put the command into a block or a later step"
        )
    return action


def orphans(alerts: Sequence[Alert], where: Traversable | None = None) -> tuple[str, ...]:
    """Runbooks that no alert has: of an alert that was renamed or removed."""
    names = {f"{alert.name}.md" for alert in alerts}
    return tuple(sorted(file.name for file in (where or folder()).iterdir() if file.name not in names))
