"""A link leads to a board and panel that are there, and brings variables that it knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboards.checks.expressions import Json, panels
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject

LINK = re.compile(r"/d/([A-Za-z0-9_-]+)([^\s\"')\]>]*)")
PANEL = re.compile(r"[?&]viewPanel=(?:panel-)?(\d+)")
VARIABLE = re.compile(r"[?&]var-(\w+)=|\$\{(\w+):queryparam\}")


def _links(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    for path, where, text in subject.texts:
        for link in LINK.finditer(text):
            yield path, where, link[1], link[2]


@file_rule(
    "link-target",
    "links lead to boards and panels that are there, and board lists to tags",
    answers=("E27",),
    about="own",
)
def boards(subject: Subject, report: Report) -> Iterator[Finding]:
    """Links into nothing."""
    known = subject.boards_by_uid
    for path, where, uid, rest in _links(subject):
        if uid not in known:
            fix = nearest(uid, known) or f"There are: {listed(known)}."
            yield report(path, where, f"it links to the board {uid!r}, which is not there", fix)
            continue
        panel = PANEL.search(rest)
        if panel and int(panel[1]) not in {each.get("id") for each in panels(known[uid])}:
            yield report(
                path, where, f"it links to panel {panel[1]} of {uid}, which is not there", "Derive it."
            )
    tags = {tag for board in known.values() for tag in board.get("tags", ())}
    for path, board in subject.boards.items():
        for link in board.get("links", ()):
            for tag in link.get("tags", ()):
                if tag not in tags:
                    yield report(
                        path, f"link {link.get('title')!r}", f"no board has the tag {tag!r}", "Tag one."
                    )


@file_rule(
    "link-variable", "links bring variables that their board declares", level="warning", answers=("E27",)
)
def variables(subject: Subject, report: Report) -> Iterator[Finding]:
    """Grafana ignores what it does not know: the link then shows everything."""
    for path, where, uid, rest in _links(subject):
        board: Json | None = subject.boards_by_uid.get(uid)
        known = {each.get("name") for each in (board or {}).get("templating", {}).get("list", ())}
        for found in VARIABLE.finditer(rest):
            name = found[1] or found[2]
            if board is not None and name not in known:
                message = f"its link brings ${name}, which the board {uid} does not declare"
                yield report(path, where, message, f"Declared there: {listed(map(str, known))}.")
