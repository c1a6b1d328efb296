"""A link to another board takes the time along: whoever follows it looks at the same minutes."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.links import LINK, urls
from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject

TIME = ("__url_time_range", "from=", "__from")


@file_rule("link-time", "links to boards bring the time that is shown", answers=("E27",))
def times(subject: Subject, report: Report) -> Iterator[Finding]:
    """Links after which the fault is no longer in the picture."""
    fix = "Add ${__url_time_range}, or set keepTime."
    for path, board in subject.boards.items():
        for link in board.get("links", ()):
            url = str(link.get("url", ""))
            leads = link.get("type") == "dashboards" or LINK.search(url)
            if leads and not link.get("keepTime") and not any(word in url for word in TIME):
                where = f"link {link.get('title')!r}"
                yield report(path, where, "it leads to a board without the time that is shown", fix)
    for path, where, panel in each(subject):
        for url in urls([panel.get("links"), panel.get("fieldConfig")]):
            if LINK.search(url) and not any(word in url for word in TIME):
                yield report(path, where, f"its link {url!r} leads to a board without the time shown", fix)
