from __future__ import annotations

import re
from pathlib import Path

from tests.versions.releases import POSTGRES, REDIS

ROW = re.compile(r"^\| (PostgreSQL|Redis|Valkey) \| ([\d., ]+) \|", re.MULTILINE)
README = Path(__file__).parents[2] / "README.md"


def test_the_readme_names_what_is_run_and_nothing_else() -> None:
    named = {
        f"{server} {number}"
        for server, numbers in ROW.findall(README.read_text())
        for number in numbers.split(", ")
    }
    assert named == {release.name for release in (*POSTGRES, *REDIS)}
