"""Files that their readers cannot read, or that nobody should have to."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding
from dashboards.checks.provisioned.check import STOPS, UNREAD, check
from dashboards.checks.provisioned.sample import IN, rule


def _while_read(*_: object) -> Iterator[Finding]:
    """Nothing: these are found while a file is read."""
    return iter(())


parses = check(
    "file-parses",
    summary="every file is read by its reader's YAML parser, JSON too",
    cause="`json.dumps` writes an emoji as two halves, `\\/` is an escape of JSON alone, a key stands twice.",
    effect=STOPS,
    fix="Mend it at this place; write each character itself, and each key once.",
    wrong="""
        groups: []
        groups: []
    """,
    right="""
        groups: []
    """,
)(_while_read)


bounds = check(
    "file-bounds",
    summary="no file is larger, deeper or wider than people write, or leads out of its folder",
    cause="Aliases of aliases, a link to another disk, a dump that ended here by mistake.",
    effect=UNREAD,
    fix="Split it, or take it out.",
    wrong="groups: " + "[" * 101 + "]" * 101,
    right="groups: []",
)(_while_read)


documents = check(
    "file-first",
    summary="a file holds one document",
    cause="Files that were written one after another into one, with `---` between them.",
    effect="what comes after the first is not read, and nothing says so",
    fix="Write each into a file of its own, or what they hold into one list.",
    wrong="groups: []\n---\ndeleteRules: [{uid: up}]",
    right="groups: []\ndeleteRules: [{uid: up}]",
)(_while_read)


folders = check(
    "folder-read",
    summary="alerting files lie in `alerting/` itself",
    cause="A folder for each team, as Grafana reads them of dashboards.",
    effect="Grafana reads no folder below `alerting/`, and says nothing",
    fix="Put it into alerting/ itself, or copy it there before Grafana starts.",
    wrong=f"{IN}alerting/team\n{rule()}",
    right=f"{IN}alerting\n{rule()}",
    level="warning",
)(_while_read)
