"""The command line: thin. Exit codes are 0 for fine, 1 for findings, 2 for usage or no answer.

One module a command; whatever is slow to import, a command imports when it runs.
"""

from __future__ import annotations

import click

from dashboards.cli.build import build
from dashboards.cli.docs import docs
from dashboards.cli.doctor import doctor
from dashboards.cli.drill import drill
from dashboards.cli.errors import Group
from dashboards.cli.lint import lint
from dashboards.cli.list_ import list_
from dashboards.cli.preflight import preflight
from dashboards.cli.prove import prove
from dashboards.cli.test import test

COMMANDS = (build, docs, doctor, drill, lint, list_, preflight, prove, test)


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: python -m dashboards build --check",
)
@click.version_option(package_name="backend-observability")
def main() -> None:
    """Dashboards and alerts for FastAPI + PostgreSQL + Redis, defined in Python."""


for command in COMMANDS:
    main.add_command(command)
