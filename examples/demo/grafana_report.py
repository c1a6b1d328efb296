"""What a check by a real Grafana found, as Markdown, and what README.md may say of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.grafana import TICK
from dashboards.seen import Seen
from dashboards.write import MANIFEST
from examples.demo.grafana_drills import Verdict
from examples.demo.process import ROOT
from examples.demo.verdicts import TOLERANCE

REPORT = ROOT / "docs/grafana-check.md"
COMPOSE = ROOT / "docker-compose.monitoring.yml"
PASSED, FAILED = "passed", "failed"


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 of generated files with their names, as `build` would write them."""
    found = hashlib.sha256()
    for path in sorted(files.keys() - {MANIFEST}):
        found.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    return found.hexdigest()


def pinned_version() -> str:
    """The version of Grafana that the compose file runs."""
    found = re.search(r"image: grafana/grafana:(\S+)", COMPOSE.read_text())
    if found is None:
        raise ValueError(f"{COMPOSE.name} names no image grafana/grafana; expected one with a version")
    return found[1]


INTRODUCTION = (
    "Each fault lasted until both engines had told. Times are seconds of the demo's clock since the",
    "injection began. *Things*: how many sets of labels fired. *Apart*: the longest time for which one",
    f"engine fired and the other did not, for any of them; {TOLERANCE:g} s are tolerated, since Grafana",
    f"looks every {TICK} s, rounds up to these how long an alert must hold or is kept, and on a busy machine",
    "leaves a look out.",
    "",
)
COLUMNS = (
    *("alert", "fault", "Prometheus fired", "Grafana fired", "Alertmanager told", "Grafana told"),
    *("things", "apart", ""),
)


def verdicts_table(verdicts: Sequence[Verdict]) -> list[str]:
    """A row for each drilled alert."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for each in verdicts:
        times = (
            table[engine] for table in (each.fired, each.delivered) for engine in ("prometheus", "grafana")
        )
        told = ["-" if seconds is None else f"{seconds:.0f} s" for seconds in times]
        verdict = "WRONG: " + "; ".join(each.problems).replace("|", "/") if each.problems else "ok"
        cells = [each.alert, each.drill, *told, str(each.things), f"{each.apart:.0f} s", verdict]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A check by a real Grafana.

    Attributes:
        version: of Grafana.
        date: on which it was made, as ``2026-01-31``.
        files: the digest of the files that it read.
        verdict: ``passed`` or ``failed``.
    """

    version: str
    date: str
    files: str
    verdict: str

    @classmethod
    def read(cls, text: str) -> Report:
        """The report that this Markdown holds.

        Raises:
            ValueError: it is none.
        """
        rows = dict(re.findall(r"^\| (\w+) \| `?([^`|]+?)`? \|$", text, re.MULTILINE))
        try:
            return cls(
                version=rows["Grafana"], date=rows["date"], files=rows["digest"], verdict=rows["verdict"]
            )
        except KeyError as error:
            raise ValueError(
                f"the report has no row {error}; make it anew with `make grafana-check`"
            ) from None

    def markdown(self, sections: Mapping[str, Sequence[Seen]], verdicts: Sequence[Verdict] = ()) -> str:
        """The report, with what was seen under each heading, and then the drills' verdicts."""
        lines = [
            "# Grafana check",
            "",
            "Made by `make grafana-check`: the generated files in a real Grafana. What it does with wrong",
            "files, field by field, and what `lint` says of them: [checks-grafana.md](checks-grafana.md).",
            "",
            "| | |",
            "|---|---|",
            f"| Grafana | {self.version} |",
            f"| pinned | {pinned_version()} |",
            f"| date | {self.date} |",
            f"| digest | `{self.files}` |",
            f"| verdict | {self.verdict} |",
        ]
        for heading, found in sections.items():
            lines += ["", f"## {heading}", "", "| looked at | seen | |", "|---|---|---|"]
            lines += [f"| {each.what} | {each.seen} | {'ok' if each.well else 'WRONG'} |" for each in found]
        if verdicts:
            lines += [
                "",
                "## Drills: Grafana beside Prometheus",
                "",
                *INTRODUCTION,
                *verdicts_table(verdicts),
            ]
        return "\n".join(lines) + "\n"

    def sentence(self, files: str) -> str:
        """What README.md says, given the digest of what is committed now."""
        what = "these files" if files == self.files else "an earlier state of these files"
        told = f"Grafana {self.version} was given {what} on {self.date} and {self.verdict} the check"
        newer = "" if files == self.files else "; what is committed is newer than its report"
        pinned = pinned_version()
        other = "" if pinned == self.version else f"; {pinned}, which compose pins, was not run"
        return f"{told}{newer}{other}."
