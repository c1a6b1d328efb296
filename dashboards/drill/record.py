"""What is kept of drills: each outcome with the rule that it was about, as no other rule is proven by it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from alerts.prometheus import rule_of
from dashboards.drill.model import Drills
from dashboards.errors import StackError
from dashboards.stack import Stack
from exporters.catalogue import Metric

# What decides when an alert fires. Its words and links are judged anew by each drill.
DECIDES = ("expr", "for", "keep_firing_for")
DIGITS = 12
TIMES = ("fired", "delivered", "resolved")
Kept = Mapping[str, Mapping[str, Any]]


def fingerprints(stack: Stack) -> dict[str, str]:
    """A mark of each alert's rule, which is another one when its rule, or a recording that it reads, is.

    Args:
        stack: of whatever time scale; rules are taken as they are in production.
    """
    production = stack if stack.time_scale == 1 else replace(stack, time_scale=1.0)
    context = production.rules
    recordings = {each.metric.name: each for each in production.recorded}

    def read(metrics: Iterable[Metric]) -> dict[str, str]:
        found: dict[str, str] = {}
        for recording in (recordings[each.name] for each in metrics if each.name in recordings):
            found |= {recording.metric.name: context.record(recording), **read(recording.query.metrics)}
        return found

    marks = {}
    for alert in production.alerts:
        rule = rule_of(alert, context)
        decides = [*(rule.get(key) for key in DECIDES), read(alert.condition.metrics)]
        text = json.dumps(decides, sort_keys=True)
        marks[alert.name] = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return marks


def load(file: Path) -> dict[str, Mapping[str, Any]]:
    """The outcomes that a file holds, by alert; none, if it is not there.

    Raises:
        StackError: the file holds something else.
    """
    try:
        rows = {row["alert"]: row for row in json.loads(file.read_text(encoding="utf-8"))}
        late = [
            f"{name}, {time} after {row[time]} s, at most {row['computed'][time]} and {row['tolerance']} more"
            for name, row in rows.items()
            for time in TIMES
            if row["ok"] and not row[time] <= row["computed"][time] + row["tolerance"]
        ]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StackError(
            f"{file} is not what `python -m dashboards drill --record` writes ({type(error).__name__}); "
            "restore the file from version control, or remove it and drill again"
        ) from None
    if late:
        raise StackError(
            f"{file} calls in order what came too late: {'; '.join(late)}; expected no such outcome; "
            "drill again"
        )
    return rows


def merged(kept: Kept, rows: Sequence[Mapping[str, Any]], drills: Drills) -> list[Mapping[str, Any]]:
    """What is kept from now on, in the order of the drills.

    Args:
        kept: what was kept until now; alerts that have no drill any more are left out.
        rows: new outcomes; only those that are as they should be take the place of older ones.
        drills: all that there are.
    """
    now = {**kept, **{row["alert"]: row for row in rows if row["ok"]}}
    return [now[name] for drill in drills.drills for name in drill.alerts if name in now]


def save(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write outcomes as `load` reads them.

    Raises:
        StackError: the file cannot be written.
    """
    try:
        file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise StackError(
            f"cannot write {file}: {error.strerror}; give --record a file in a folder that is there"
        ) from None
