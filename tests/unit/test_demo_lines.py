"""What the demo prints says of which clock its times are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from examples.demo.__main__ import _around, _three_phases
from examples.demo.chain import Ports
from examples.demo.scenario import Phase, Plan
from examples.load import Result


def test_scaled_times_and_what_is_compared_are_explained_where_they_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    phase = Phase(name="baseline", load=Result(), firing=(), proofs=(), scores=())
    scenario = SimpleNamespace(
        plan=Plan(),
        stack=SimpleNamespace(time_scale=1 / 15),
        baseline=lambda: phase,
        fixed=lambda: phase,
        drill=lambda: iter(()),
    )
    assert not _three_phases(cast("Any", scenario))
    out = capsys.readouterr().out
    assert (
        'rates and times are those of the last 20 s; "cut by" compares with the worst 60 s so far, at the '
        "baseline its own" in out
    )
    assert "times in its text are scaled: 4 s is a minute in production" in out


def test_the_exporter_s_commands_are_ready_to_be_run_and_hold_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://exporter:it's $ecret@127.0.0.1/app"
    server = SimpleNamespace(url="http://127.0.0.1:1")
    chain = SimpleNamespace(
        home=tmp_path,
        ports=Ports.choose(),
        observers=(),
        exporter=SimpleNamespace(env={"DATABASE_URL": url}, arguments=["--config.file", "exporter.yml"]),
        targets=SimpleNamespace(save=lambda _: None),
        prometheus=server,
        api=server,
        state="fixed",
    )
    _around(cast("Any", chain))
    out = capsys.readouterr().out
    assert f"redis: 127.0.0.1:{chain.ports.redis}\n" in out
    assert "ecret" not in out
    assert (tmp_path / "exporter.env").stat().st_mode & 0o777 == 0o600
    commands = re.findall(r"(\(set -a; .*; )python -m exporters (check|indexes) --config.file \S+\)", out)
    assert [name for _, name in commands] == ["check", "indexes"]
    for begin, _ in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", f"{begin}printenv DATABASE_URL)"], capture_output=True, text=True, check=True
        )
        assert done.stdout == f"{url}\n"
