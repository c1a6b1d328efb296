"""What several commands take, and where they find the rest."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exporters import watched
from exporters.config import Config, read_config
from exporters.dsn import did_you_mean
from exporters.errors import ConfigError
from exporters.secrets import ConnectionString
from exporters.watched import Watched

if TYPE_CHECKING:
    from exporters.web.guard import Guard

LOG = logging.getLogger("exporter")

config_option = click.option(
    "--config.file",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The exporter's YAML. May also stand before the command, or in OBS_EXPORTER_CONFIG_FILE.",
)
compat_option = click.option(
    "--compat",
    is_flag=True,
    help="With what the exporter emits by --compat; may also stand before the command.",
)
api_option = click.option(
    "--api.multiprocess-dir",
    "api_directory",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Whether the exporter can read what an API's workers write here; may also stand before the command.",
)
web_option = click.option(
    "--web.config.file",
    "web_config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Whether the exporter would take this file; may also stand before the command.",
)


def _opened(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    if given:
        ctx.find_root().params["allow_world_readable"] = True


open_option = click.option(
    "--secrets.allow-world-readable",
    is_flag=True,
    expose_value=False,
    callback=_opened,
    help="Take files with secrets that every user may read; may also stand before the command.",
)
target_option = click.option("--target", metavar="NAME", help="Ask this target of the configuration alone.")
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def servers(ctx: click.Context, config: Config) -> list[Watched]:
    """All that the exporter itself would watch, targets too.

    Raises:
        ConfigError: see `watched.servers`.
    """
    return watched.servers(config, os.environ, ctx.obj, _allow_open(ctx))


def target_server(ctx: click.Context, config: Config, name: str, *kinds: str) -> Watched:
    """One target; what the others are connected by is not looked at.

    Args:
        ctx: of the command.
        config: that names it.
        name: of the target.
        kinds: of servers that it may be.

    Raises:
        ConfigError: there is none of this name, or see `watched.of_target`.
    """
    names = [known for known, target in config.targets.items() if target.kind in kinds]
    if name not in names:
        if not names:
            others = f", only {', '.join(config.targets)}" if config.targets else ""
            raise ConfigError(
                f"--target: {name!r}; the configuration has no targets of {' or '.join(kinds)}{others}; "
                "name it there, in --config.file"
            )
        other = f", of kind {config.targets[name].kind}" if name in config.targets else ""
        raise ConfigError(
            f"--target: {name!r}{other}; expected one of {', '.join(names)}{did_you_mean(name, names)}"
        )
    return watched.of_target(name, config, os.environ, ctx.obj, _allow_open(ctx))


def main_server(ctx: click.Context, kind: str) -> ConnectionString | None:
    """Where the connection string of the one server of a kind is that a variable names.

    Raises:
        ConfigError: see `watched.watched`.
    """
    return watched.watched(os.environ, ctx.obj, _allow_open(ctx)).get(kind)


def _allow_open(ctx: click.Context) -> bool:
    return bool(ctx.find_root().params.get("allow_world_readable", False))


def guard(ctx: click.Context, given: Path | None) -> Guard | None:
    """What would guard the pages; None if nothing.

    Raises:
        ExporterError: the exporter would not take the file.
    """
    file = given or ctx.find_root().params.get("web_config_file")
    if file is None:
        return None
    from exporters.web.guard import Guard  # noqa: PLC0415  loads OpenSSL

    return Guard(file, _allow_open(ctx), LOG)


def api_directory(ctx: click.Context, given: Path | None) -> Path | None:
    """Where the exporter would look for what an API's workers write."""
    return given or ctx.find_root().params.get("api_directory")


def configuration(ctx: click.Context, file: Path | None, *, compat: bool = False) -> Config:
    """What the exporter itself would read, were it started with the same flags and variables.

    Raises:
        ConfigError: see `read_config`.
    """
    given = ctx.find_root().params
    chosen = file or given.get("config_file")
    config = read_config(chosen) if chosen else Config()
    return replace(config, compat=compat or bool(given.get("compat")))
