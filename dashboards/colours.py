"""What each colour means, once for every board: red is trouble and nothing else, green is good.

A line whose name says what it is has the colour of that. Others have none of their own: they take those of
`PLAIN` in turn, or shades of `HUES` where only the running server knows their names.
"""

from __future__ import annotations

import re

from dashboards.model import Panel, Tone

GOOD, WARNING, BAD = "green", "orange", "red"
# Neither good nor bad: nothing is known.
NEUTRAL = "#6e7580"
# As the words around it, in the dark and in the light.
LIMIT = "text"
TONES: dict[Tone, str] = {"good": GOOD, "warning": WARNING, "bad": BAD, "neutral": NEUTRAL}
PLAIN = ("blue", "purple", "yellow", "light-blue", "light-yellow", "light-purple")
# Of lines that only the server names: no shade of these is near to red or orange, as Grafana's palettes are.
HUES = ("blue", "purple", "yellow", "#5cb7c4")
# How limits look, one of a panel like no other: a colour, and the lengths of a dash and of the gap behind it.
LIMITS: tuple[tuple[str, tuple[int, int]], ...] = (
    (LIMIT, (10, 10)),
    ("light-purple", (2, 6)),
    ("light-yellow", (20, 5)),
)
# What is no server's own limit, but what we could come to, or what is advised.
SOFT = ("ceiling", "recommended")

# What the values of a label look like, whichever legend they stand in.
OF_LABEL: dict[str, tuple[tuple[str, str], ...]] = {
    "status": ((r"2\d\d", GOOD), (r"3\d\d", "blue"), (r"4\d\d", WARNING), (r"5\d\d", BAD)),
    "result": (("hit", GOOD), ("miss", WARNING), ("error", BAD), ("bypass", NEUTRAL)),
    "state": (
        ("active|used", "blue"),
        ("idle", GOOD),
        (r"idle in transaction( \(aborted\))?", WARNING),
        ("fastpath function call", "purple"),
        ("disabled|other", NEUTRAL),
    ),
    "wait_event_type": (
        ("Lock", BAD),
        ("LWLock|BufferPin", WARNING),
        ("IO", "purple"),
        ("CPU", GOOD),
        ("Client", NEUTRAL),
    ),
    "severity": (("critical", BAD), ("warning", WARNING), ("info", "blue")),
}
# Lines with a name of their own.
OF_NAME: dict[str, str] = {
    "2xx": GOOD,
    "3xx": "blue",
    "4xx": WARNING,
    "5xx": BAD,
    # Neither is good or bad by itself: the dashed line says which is.
    "average": "blue",
    "p50": "light-blue",
    "p95": "purple",
    "p99": "yellow",
    "hits": GOOD,
    "hit ratio": GOOD,
    "misses": WARNING,
    "used": "blue",
    "active": "blue",
    "idle": GOOD,
    "waiting": BAD,
    "waiting for a connection": WARNING,
    "application": GOOD,
    "database": "blue",
    "cache": "purple",
    "sent": "blue",
    "blocked": BAD,
    "timeouts": BAD,
    "failed": BAD,
    "refused": BAD,
    "evicted": WARNING,
    "expired": "blue",
    "rolled back": WARNING,
    "abandoned": WARNING,
    "killed": "purple",
    "missing": BAD,
    "overflow": WARNING,
    "unused": WARNING,
    "CPU": GOOD,
    "hit": GOOD,
    "read": "purple",
    "reads": "purple",
    "writes": "yellow",
    "temporary": WARNING,
    # What was, beside what is.
    "now": "blue",
    "requests": "blue",
    "calls": "blue",
    "before": NEUTRAL,
    "a day ago": NEUTRAL,
    "a week ago": "light-purple",
    # Drawn only while the budget is spent too fast.
    "Availability, alert": BAD,
    "Latency, alert": BAD,
    "Availability, 1 h": "blue",
    "Latency, 1 h": "purple",
}
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def own_name(legend: str) -> str:
    """What a legend says itself: all of it, or what stands behind its labels."""
    return PLACEHOLDER.split(legend)[-1].strip()


def of_names(panel: Panel) -> list[tuple[str, str]]:
    """Pattern and hue of lines by the length of their names, so that one name is of one hue on every graph.

    Of one hue each line has a shade of its own.
    """
    if not any(PLACEHOLDER.search(signal.legend) for signal in panel.signals):
        return []
    count = len(HUES)
    return [(f"/^(.{{{count}}})*.{{{rest}}}$/", HUES[rest]) for rest in range(1, count)]


def of_limits(panel: Panel) -> list[tuple[str, str, tuple[int, int]]]:
    """Name, colour and dashes of each limit of a graph, as far as there are looks to tell them apart."""
    free, found = list(LIMITS), []
    for name in sorted((limit.legend for limit in panel.limits), key=lambda name: name not in SOFT):
        if free:
            colour, dashes = free.pop(1 if name in SOFT and len(free) > 1 else 0)
            found.append((name, colour, dashes))
    return found


def of_lines(panel: Panel) -> list[tuple[str, str, str]]:
    """Matcher, name and colour of each line of a graph whose colour is known before it is drawn."""
    found: dict[tuple[str, str], str] = {}
    taken = {OF_NAME.get(own_name(signal.legend)) for signal in panel.signals}
    free = (colour for colour in PLAIN if colour not in taken)
    for signal in panel.signals:
        labels = PLACEHOLDER.findall(signal.legend)
        for label in labels:
            # The value alone, or as a word of a longer legend.
            for pattern, colour in OF_LABEL.get(label, ()):
                found["byRegexp", rf"/^(.* )?({pattern})$/"] = colour
        name = own_name(signal.legend)
        own = OF_NAME.get(name) or ("" if labels else next(free, ""))
        if own:
            found["byRegexp" if labels else "byName", f"/^.* {name}$/" if labels else name] = own
    return [(matcher, name, colour) for (matcher, name), colour in found.items()]
