"""What a real Grafana said of wrong files is what we say of them today."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.demo.grafana_verdicts import Row, ours
from examples.demo.wrong_files import Case, cases

PAGE = (Path(__file__).parents[2] / "docs/checks-grafana.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: cells
    for line in PAGE.splitlines()
    if line.startswith("| ") and len(cells := [cell.strip() for cell in line.strip("| ").split(" | ")]) > 3
}
EVERY = list(cases())


@pytest.mark.parametrize("case", EVERY, ids=[case.name for case in EVERY])
def test_the_verdict_is_that_which_was_held_against_grafana(case: Case, tmp_path: Path) -> None:
    verdict, checks = ours(case, tmp_path / "alerting")
    _, grafana, recorded, named, *_ = ROWS[case.name.replace("|", "/")]
    assert (verdict, ", ".join(checks)) == (recorded, named)
    assert Row(case.name, grafana, verdict, checks).agree


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in EVERY}) == len(EVERY)
