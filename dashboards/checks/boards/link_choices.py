"""A link to another board takes along where the reader looks: else it shows all installations there."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.boards.links import LINK, urls
from dashboards.checks.boards.panels import each
from dashboards.checks.finding import Finding, Report, file_rule, listed
from dashboards.checks.subject import Subject

SOURCE = "datasource"


@file_rule(
    "link-choice",
    "links to boards bring the data source and the installation that were chosen",
    answers=("E27",),
    about="own",
)
def choices(subject: Subject, report: Report) -> Iterator[Finding]:
    """Links after which another installation is in the picture."""
    for path, where, url in _leading(subject):
        lost = [name for name in (SOURCE, *subject.identity) if not _brings(url, name)]
        if lost:
            fix = f"Add {'&'.join(f'${{{name}:queryparam}}' for name in lost)}."
            yield report(path, where, f"its link {url!r} leads to a board without {listed(lost)}", fix)


def _leading(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Every link to boards that does not bring all variables by itself, with its file and place."""
    for path, board in subject.boards.items():
        for link in board.get("links", ()):
            url = str(link.get("url", ""))
            if not link.get("includeVars") and (link.get("type") == "dashboards" or LINK.search(url)):
                yield path, f"link {link.get('title')!r}", url
    for path, where, panel in each(subject):
        for url in urls([panel.get("links"), panel.get("fieldConfig")]):
            if LINK.search(url):
                yield path, where, url


def _brings(url: str, name: str) -> bool:
    return f"${{{name}:queryparam}}" in url or f"var-{name}=" in url
