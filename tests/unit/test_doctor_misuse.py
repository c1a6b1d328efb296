"""What the doctor is asked without a server that could answer: told at once, before any is asked."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from dashboards.cli import main

NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--prometheus", NOBODY, "--notify"), "which notifies; give --grafana URL with --notify"),
        (
            ("--grafana", NOBODY, "--notify", "--engine", "prometheus"),
            "no Alertmanager is known; give --alertmanager URL, or --prometheus URL of one that knows it",
        ),
        (("--prometheus", NOBODY, "--notify", "--engine", "prometheus"), "no answer from Prometheus"),
        (("--grafana", NOBODY, "--notify"), "no answer from Grafana"),
    ],
)
def test_notify_without_the_engine_that_notifies_is_refused_at_once(
    arguments: tuple[str, ...], told: str
) -> None:
    done = CliRunner().invoke(main, ["doctor", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
