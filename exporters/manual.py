"""What ``--help`` says: by sections, as a page of the manual does, with exit codes and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

# A flag belongs where its beginning stands.
SECTIONS = {
    "Listening": ("--web.",),
    "What to watch": ("--api.", "--target", "--dsn", "--candidates"),
    "Configuration": ("--config.", "--compat", "--secrets."),
    "Logging": ("--log.",),
    "Output": ("--json", "--markdown"),
}
OTHERS = "Other options"
POSTGRES = {
    "DATABASE_URL": "PostgreSQL: a URL, SQLAlchemy's too, or key=value.",
    "DATABASE_URL_FILE": "In its place, the file that holds it, read at every connect.",
}
REDIS = {
    "REDIS_URL": "Redis or Valkey: a URL.",
    "REDIS_URL_FILE": "In its place, the file that holds it.",
}


class Manual(click.Command):
    """A command that is told by sections.

    Args:
        environment: by variable what it says, beside those of the flags.
        exit_codes: by code what it means.
        examples: lines for a shell.
    """

    def __init__(
        self,
        *args: Any,
        environment: Mapping[str, str] | None = None,
        exit_codes: Mapping[int, str],
        examples: Sequence[str],
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.environment = environment or {}
        self.exit_codes = exit_codes
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags by section, and the commands."""
        told: dict[str, list[tuple[str, str]]] = {name: [] for name in (*SECTIONS, OTHERS)}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                told[section_of(parameter.opts[-1])].append(record)
        for name, records in told.items():
            _section(formatter, name, records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands behind the flags."""
        _section(formatter, "Environment", list(self.environment.items()))
        _section(formatter, "Exit codes", [(str(code), said) for code, said in self.exit_codes.items()])
        with formatter.section("Examples"):
            for example in self.examples:  # not wrapped: they are copied
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def section_of(flag: str) -> str:
    """Where a flag is told."""
    found = (name for name, beginnings in SECTIONS.items() if flag.startswith(beginnings))
    return next(found, OTHERS)


def _section(formatter: click.HelpFormatter, name: str, records: Sequence[tuple[str, str]]) -> None:
    if records:
        with formatter.section(name):
            formatter.write_dl(records)
