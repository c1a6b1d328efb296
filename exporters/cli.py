"""The exporter's command line: flags as other exporters name them, and messages of one line."""

from __future__ import annotations

import importlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from exporters import logs
from exporters.config import Config, read_config
from exporters.distribution import missing, version
from exporters.dsn import did_you_mean, holds_connection_string, holds_password, secrets_in
from exporters.errors import ConfigError, ExporterError
from exporters.manual import POSTGRES, REDIS, Manual
from exporters.process import Options, run
from exporters.secrets import Redactor

LOG = logging.getLogger("exporter")
DEFAULT_ADDRESS = "127.0.0.1:10910"
PREFIX = "OBS_EXPORTER"
DSN = "--dsn"  # a server without its password
# What it sets where a Service is called obs-exporter: addresses, as tcp://10.0.0.1:10910.
KUBERNETES = (f"{PREFIX}_SERVICE_", f"{PREFIX}_PORT_")
# Of the exporters that it takes the place of, and what is read here.
THEIRS = {
    "DATA_SOURCE_NAME": "DATABASE_URL",
    "DATA_SOURCE_URI": "DATABASE_URL",
    "DATA_SOURCE_URI_FILE": "DATABASE_URL",
    "REDIS_ADDR": "REDIS_URL",
}
COMMANDS = ("check", "config-schema", "indexes", "metrics")


def _arguments(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each argument, and what a message calls it: that of --dsn by its flag."""
    for before, arg in zip(("", *args), args, strict=False):
        flag, equals, value = arg.partition("=")
        if flag == DSN and equals:
            yield DSN, value
        else:
            yield (DSN if before == DSN else "an argument"), arg


@contextmanager
def _told(log_format: str, redactor: Redactor) -> Iterator[None]:
    """End with exit code 2 at a user's mistake, told in one line; that is JSON where the log is."""
    try:
        yield
        return
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("exporters"):
            raise  # a fault of this package
        message = str(missing(error))
    except ExporterError as error:
        message = str(error)
    except click.UsageError as error:
        if log_format != "json":
            raise
        message = error.format_message()
    if log_format == "json":
        logs.configure("error", log_format, redactor)
        LOG.error("%s", message)
    else:
        click.echo(f"obs-exporter: {redactor.mask(message)}", err=True)
    raise click.exceptions.Exit(2)


class _Group(Manual, click.Group):
    """Takes no connection string as an argument, where every user of the machine could read it.

    A command is loaded when it runs: the server, which is what runs without one, has no room for it.
    """

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(
            f"exporters.commands.{cmd_name.replace('-', '_')}"
        ).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            known = ", ".join(COMMANDS)
            ctx.fail(f"no command {name!r}; expected one of {known}{did_you_mean(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        redactor = ctx.obj = Redactor()
        for name in ("DATABASE_URL", "REDIS_URL"):
            redactor.learn(secrets_in(os.environ.get(name, "")))
        chosen = re.findall(r"--log\.format[= ](\w+)", " ".join(args))  # before they are read
        with _told([os.environ.get(f"{PREFIX}_LOG_FORMAT", ""), *chosen][-1], redactor):
            _refuse_secrets(args)
            try:
                return super().parse_args(ctx, args)
            except click.NoSuchOption as error:
                others = "docs/migration.md has what stands for the flags of other exporters"
                raise click.UsageError(f"{error.format_message()} {others}.", ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        with _told(ctx.params["log_format"], ctx.obj):
            return super().invoke(ctx)


def _refuse_secrets(args: Sequence[str]) -> None:
    """Before click sees them, whose messages repeat what they refuse."""
    for where, text in [*_arguments(args), *_variables().items()]:
        if where == DSN and not holds_password(text):
            continue
        if holds_connection_string(text) or where == DSN:
            raise ConfigError(
                f"{where} holds a {'password' if where == DSN else 'connection string'}; expected it in "
                "DATABASE_URL or REDIS_URL, or in the file that DATABASE_URL_FILE or REDIS_URL_FILE names"
            )


def _variables() -> dict[str, str]:
    """Those that are meant for the exporter's flags."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(f"{PREFIX}_") and not f"{name}_".startswith(KUBERNETES)
    }


def _tell_unread() -> None:
    """Of variables that look as if they were the exporter's: one that is misspelt is missed by nobody."""
    known = [f"{PREFIX}_{str(option.name).upper()}" for option in main.params]
    of_commands = tuple(f"{PREFIX}_{each.upper().replace('-', '_')}_" for each in COMMANDS)
    for name in sorted(_variables()):
        if name not in known and not name.startswith(of_commands):
            LOG.warning("%s is not read; --help names those that are%s", name, did_you_mean(name, known))
    for theirs, ours in THEIRS.items():
        if os.environ.get(theirs) and not (os.environ.get(ours) or os.environ.get(f"{ours}_FILE")):
            LOG.warning("%s is not read, and %s is; docs/migration.md has all others", theirs, ours)


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h", "--help"]},
    environment={
        **POSTGRES,
        **REDIS,
        f"{PREFIX}_...": "Each flag's own, as it stands there. A flag beats its variable.",
    },
    exit_codes={
        0: "It was told to end, by SIGTERM or SIGINT.",
        1: "It ended by a fault of its own; the log has it.",
        2: "Nothing was served: a flag, a variable or a file is wrong, or the address is taken.",
    },
    examples=(
        "REDIS_URL=redis://localhost:6379 python -m exporters",
        "DATABASE_URL_FILE=/run/secrets/database_url python -m exporters --config.file exporter.yml",
        "python -m exporters --api.multiprocess-dir /run/myapp-metrics --web.config.file web.yml",
    ),
)
@click.option(
    "--web.listen-address",
    "listen_address",
    default=DEFAULT_ADDRESS,
    show_default=True,
    show_envvar=True,
    metavar="HOST:PORT",
    help="Where to listen; without HOST on all interfaces.",
)
@click.option(
    "--web.telemetry-path",
    "telemetry_path",
    default="/metrics",
    show_default=True,
    show_envvar=True,
    metavar="PATH",
    help="The path of the metrics of PostgreSQL and Redis.",
)
@click.option(
    "--web.config.file",
    "web_config_file",
    type=click.Path(path_type=Path),
    show_envvar=True,
    metavar="FILE",
    help="TLS and users, in the format of Prometheus' exporters; read again when it changes.",
)
@click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path),
    show_envvar=True,
    metavar="FILE",
    help="YAML with expected indexes, key patterns, caps, and targets of /probe.",
)
@click.option(
    "--compat",
    is_flag=True,
    show_envvar=True,
    help="Also emit the rest of the default series of postgres_exporter and redis_exporter, with their "
    "labels, for dashboards made for them.",
)
@click.option(
    "--api.multiprocess-dir",
    "api_directory",
    type=click.Path(path_type=Path),
    show_envvar=True,
    metavar="DIR",
    help="Also serve, at /metrics/api, what the workers of an API write here.",
)
@click.option(
    "--secrets.allow-world-readable",
    "allow_world_readable",
    is_flag=True,
    show_envvar=True,
    help="Take files with secrets that every user may read, as some container runtimes mount them.",
)
@click.option(
    "--web.enable-lifecycle",
    "lifecycle",
    is_flag=True,
    show_envvar=True,
    help="Let POST /-/reload have the file read again, as SIGHUP does.",
)
@click.option(
    "--log.level",
    "log_level",
    type=click.Choice(logs.LEVELS, case_sensitive=False),
    metavar="LEVEL",
    help=f"What is told at all: {', '.join(logs.LEVELS)}.",
    default="info",
    show_default=True,
    show_envvar=True,
)
@click.option(
    "--log.format",
    "log_format",
    type=click.Choice(logs.FORMATS),
    metavar="FORMAT",
    help=f"How: {' or '.join(logs.FORMATS)}.",
    default="logfmt",
    show_default=True,
    show_envvar=True,
)
@click.version_option(version(), "--version", prog_name="obs-exporter")
@click.pass_context
def main(
    ctx: click.Context,
    listen_address: str,
    telemetry_path: str,
    web_config_file: Path | None,
    config_file: Path | None,
    compat: bool,
    api_directory: Path | None,
    allow_world_readable: bool,
    lifecycle: bool,
    log_level: str,
    log_format: str,
) -> None:
    """Measure a PostgreSQL, a Redis, or both, and serve what was measured to Prometheus.

    That is what runs without a command. SIGHUP has the configuration read again.
    """
    redactor: Redactor = ctx.obj
    logs.configure(log_level, log_format, redactor)
    _tell_unread()
    if ctx.invoked_subcommand is not None:
        return
    run(
        Options(
            listen_address=listen_address,
            telemetry_path=telemetry_path,
            web_config_file=web_config_file,
            api_directory=api_directory,
            config=replace(read_config(config_file) if config_file else Config(), compat=compat),
            lifecycle=lifecycle,
            environ=os.environ,
            redactor=redactor,
            allow_open_secrets=allow_world_readable,
        )
    )
