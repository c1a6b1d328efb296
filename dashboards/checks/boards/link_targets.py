"""A link leads to a board and panel that are there."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.links import PANEL, links
from dashboards.checks.expressions import panels
from dashboards.checks.finding import Finding, Report, file_rule, listed, nearest
from dashboards.checks.subject import Subject


@file_rule(
    "link-target",
    "links lead to boards and panels that are there, and board lists to tags",
    answers=("E27",),
    about="own",
)
def boards(subject: Subject, report: Report) -> Iterator[Finding]:
    """Links into nothing."""
    known = subject.boards_by_uid
    for path, where, uid, rest in links(subject):
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
