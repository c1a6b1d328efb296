"""``python -m exporters indexes``: the indexes of a database, and the SQL that mends what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporters.commands.options import (
    config_option,
    configuration,
    json_option,
    main_server,
    open_option,
    target_option,
    target_server,
)
from exporters.errors import ConfigError
from exporters.manual import POSTGRES, Manual
from exporters.secrets import ConnectionString, Redactor
from exporters.watched import postgres_settings

if TYPE_CHECKING:
    from exporters.collectors.postgres.candidate_report import Proposed
    from exporters.collectors.postgres.index_report import Line, Report

CANDIDATES = 20
CANDIDATE_HEADS = ("TABLE", "COLUMNS", "TIME", "CALLS", "BLOCKS/CALL")
HEADS = ("INDEX", "TABLE", "STATE", "SCANS", "SIZE")
STEP = 1024
Cells = tuple[str, ...]
# As a remark of SQL: it may be copied with the lines around it.
UNSEEN_SQL = "-- not shown, since a name in it holds what cannot be seen; --json has it"


@click.command(
    "indexes",
    short_help="Compare indexes with those expected, and print SQL for what is wrong.",
    cls=Manual,
    environment=POSTGRES,
    exit_codes={0: "Nothing is wrong.", 1: "Something is.", 2: "Nobody answers, or what is given is wrong."},
    examples=(
        "python -m exporters indexes --dsn postgresql://localhost/app --config.file exporter.yml",
        "python -m exporters indexes --candidates",
    ),
)
@click.option(
    "--dsn",
    allow_from_autoenv=False,
    metavar="DSN",
    help="Whom to ask instead of DATABASE_URL, and without a password: ~/.pgpass and PGPASSFILE hold one.",
)
@target_option
@open_option
@config_option
@click.option(
    "--candidates",
    is_flag=True,
    help="Look for composite indexes that costly statements would search by, as top_index_candidates does.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    dsn: str | None,
    target: str | None,
    config_file: Path | None,
    candidates: bool,
    as_json: bool,
) -> None:
    """Show the expected indexes, and others that are invalid, redundant or never used; and what mends each.

    The SQL is printed, never run: it is for the owner of the tables, each statement outside of a transaction.
    Scans are counted on each server by itself: an index that is never used here may be what a replica reads
    by. A candidate is a guess from the texts of statements, and nothing that is wrong: check it with EXPLAIN.
    """
    redactor: Redactor = ctx.obj
    config = configuration(ctx, config_file)
    options = config.postgres
    source: ConnectionString | None
    if target is not None:
        if dsn:
            raise ConfigError("--dsn and --target are both given; expected one of them")
        server = target_server(ctx, config, target, "postgres")
        source, options = server.source, server.options
    elif dsn:
        source = ConnectionString(name="--dsn", value=dsn, redactor=redactor)
    else:
        source = main_server(ctx, "postgres")
    if source is None:
        raise ConfigError("no PostgreSQL to ask; expected DATABASE_URL, DATABASE_URL_FILE, --dsn or --target")
    if candidates and not options.get("top_index_candidates"):
        options = {**options, "top_index_candidates": CANDIDATES}
    settings = postgres_settings(source, options)

    from exporters.collectors.postgres.index_report import report  # noqa: PLC0415  loads psycopg

    found = report(settings)
    said = as_object(found) if as_json else "\n".join((*lines(found), *candidate_lines(found)))
    click.echo(redactor.mask(said))
    ctx.exit(0 if all(line.well for line in found.lines) else 1)


def lines(report: Report) -> Iterator[str]:
    """A head, then a line each, and below it the SQL that mends it."""
    since = _moment(report.since) if report.since else "the database was made or its server crashed"
    total = f"{report.count} indexes, {_spoken(report.size)}"
    yield f"{_seen(report.database)}: {total}; scans are counted since {since}"
    if report.unread:
        yield f"Its names are in {report.unread}, which is not read here: each byte stands for itself."
    if not any(line.expected for line in report.lines):
        yield "No index is expected: no configuration names one."
    if report.replica:
        yield "This is a replica: the SQL is for its primary, whose scans are not among those counted here."
    if any("never used" in line.state for line in report.lines):
        yield "An index made a moment ago was never used either; the server does not tell when one was made."
        if report.replicas:
            yield f"Scans on replicas ({report.replicas} connected) are not counted here: ask each too."
    if not report.lines:
        return
    yield ""
    yield from _table(HEADS, [(_cells(line), line.mend) for line in report.lines])


def candidate_lines(report: Report) -> Iterator[str]:
    """The candidates, and why there may be more; nothing where they are not looked for."""
    if report.candidates is None:
        return
    yield ""
    if report.candidates_unseen:
        yield f"Candidates: {report.candidates_unseen}"
    elif not report.candidates:
        yield "Candidates: none; no costly statement searches by columns that no index serves or is to serve"
    if report.candidates:
        yield "Candidates by the texts of statements; an index costs every write, so check each with EXPLAIN:"
        yield from _table(CANDIDATE_HEADS, [(_numbers(one), (one.create,)) for one in report.candidates])


def _numbers(one: Proposed) -> Cells:
    blocks = f"{one.blocks / max(one.calls, 1):.0f}"
    return _seen(one.table), _seen(one.columns), f"{one.seconds:.3g} s", str(one.calls), blocks


def _table(heads: Cells, rows: Sequence[tuple[Cells, tuple[str, ...]]]) -> Iterator[str]:
    """A head, then a line each with the SQL that belongs to it."""
    widths = [max(map(len, column)) for column in zip(heads, *(cells for cells, _ in rows), strict=True)]
    for cells, mend in ((heads, ()), *rows):
        yield "  ".join(map(str.ljust, cells, widths)).rstrip()
        if "".join(mend).isprintable():
            yield from (f"    {statement}" for statement in mend)
        else:
            yield f"    {UNSEEN_SQL}"


def _cells(line: Line) -> Cells:
    scans = "-" if line.scans is None else str(line.scans)
    size = "-" if line.size is None else _spoken(line.size)
    state = ", ".join((line.state, *([f"{line.parts} part{'s' * (line.parts > 1)}"] if line.parts else ())))
    return _seen(line.index), _seen(line.table), _seen(state), scans, size


def _seen(text: str) -> str:
    """The same with what would begin a line, move the cursor or turn the text around as Python writes it."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _spoken(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < STEP:
            return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.3g} {unit}"
        size /= STEP
    return f"{size:.3g} TiB"


def _moment(since: float) -> str:
    return datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")


def as_object(report: Report) -> str:
    """The same in JSON."""
    said = asdict(report)
    said["since"] = None if report.since is None else datetime.fromtimestamp(report.since, UTC).isoformat()
    written = json.dumps(said, indent=2, ensure_ascii=False)
    # Of what cannot be seen only the ends of lines stand outside of a text.
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in written)
