"""promtool's verdict on cases."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from alerts.model import Alert, RenderContext
from alerts.proof.model import Case
from alerts.proof.plan import rule_file, test_file

UNIT = re.compile(r"^Unit Testing:\s+(.+)$", re.MULTILINE)


def write(folder: Path, case: Case, alert: Alert, context: RenderContext) -> Path:
    """A folder with a rule and its test; the path of the test."""
    folder.mkdir(parents=True)
    (folder / "rule.yml").write_text(
        yaml.safe_dump(rule_file(alert, context, case.spans), allow_unicode=True)
    )
    path = folder / "test.yml"
    path.write_text(yaml.dump(test_file(case), Dumper=yaml.CSafeDumper, allow_unicode=True, width=10**6))
    return path


def judge(paths: Sequence[Path]) -> Mapping[Path, str]:
    """What promtool says of each test file; empty means that it passed."""
    command = ["promtool", "test", "rules", *map(str, paths)]
    output = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240
    ).stdout
    parts = UNIT.split(output)
    if len(parts) < 3:
        raise RuntimeError(f"promtool said nothing of {len(paths)} files: {output[:500]}")
    told = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {path: "" if "SUCCESS" in told[str(path)] else told[str(path)] for path in paths}
