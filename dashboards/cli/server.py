"""The options that say how a server is reached, and the client that they make."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dashboards.errors import StackError

if TYPE_CHECKING:
    from dashboards.prometheus_api import Prometheus

URL = click.option(
    "--prometheus",
    "url",
    default="http://127.0.0.1:9090",
    show_default=True,
    metavar="URL",
    help="Of Prometheus, or of what answers as it does, with the path before /api/v1.",
)
ACCESS = (
    click.option("--username", default="", help="For basic authentication."),
    click.option(
        "--password-file", type=click.Path(path_type=Path), help="The file that holds the password."
    ),
    click.option(
        "--bearer-token-file", type=click.Path(path_type=Path), help="The file that holds a token, instead."
    ),
    click.option(
        "--ca-file",
        type=click.Path(path_type=Path),
        help="The authority that signed the server's certificate, as PEM.",
    ),
)


def server_option(command: Callable[..., None]) -> Callable[..., None]:
    """Where a Prometheus is, and who asks it: the command is given it as `prometheus`.

    Raises:
        StackError: the options contradict each other, or a file cannot be read.
    """

    @functools.wraps(command)
    def given(*, url: str, asker: Prometheus, **more: Any) -> None:
        command(prometheus=replace(asker, url=url.rstrip("/")), **more)

    return URL(access_options(given))


def access_options(command: Callable[..., None]) -> Callable[..., None]:
    """Who asks a server: the command is given a client without an address, as `asker`.

    Raises:
        StackError: the options contradict each other, or a file cannot be read.
    """

    @functools.wraps(command)
    def given(
        *,
        username: str,
        password_file: Path | None,
        bearer_token_file: Path | None,
        ca_file: Path | None,
        **more: Any,
    ) -> None:
        command(asker=client(username, password_file, bearer_token_file, ca_file), **more)

    wrapped: Callable[..., None] = given
    for option in reversed(ACCESS):
        wrapped = option(wrapped)
    return wrapped


def client(
    username: str, password_file: Path | None, bearer_token_file: Path | None, ca_file: Path | None
) -> Prometheus:
    """The client that the options describe.

    Raises:
        StackError: they contradict each other, or a file cannot be read.
    """
    from dashboards.prometheus_api import Prometheus  # noqa: PLC0415 - requests is slow to import

    if bool(username) != bool(password_file):
        given, lacking = ("--username", "--password-file") if username else ("--password-file", "--username")
        raise StackError(f"{given} is given without {lacking}; expected both, or neither; give {lacking}")
    if username and bearer_token_file:
        raise StackError(
            "--username and --bearer-token-file are given; expected one kind of credentials; leave one out"
        )
    if ca_file is not None and not ca_file.is_file():
        raise StackError(f"--ca-file {ca_file}: there is no such file; give one with certificates as PEM")
    if ca_file is not None:
        try:
            ssl.create_default_context(cafile=str(ca_file))
        except OSError as error:  # of which those of TLS are
            why = "it holds none" if isinstance(error, ssl.SSLError) else error.strerror
            raise StackError(f"--ca-file {ca_file}: {why}; give a file with certificates as PEM") from None
    return Prometheus(
        url="",
        username=username,
        password=_secret("--password-file", password_file),
        token=_secret("--bearer-token-file", bearer_token_file),
        ca_file=str(ca_file or ""),
    )


def _secret(option: str, file: Path | None) -> str:
    """What a file holds, without the line's end."""
    if file is None:
        return ""
    try:
        found = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise StackError(f"{option} {file}: {why}; give a file that holds the secret alone") from None
    if not found or len(found.splitlines()) > 1:
        wrong = "it is empty" if not found else "it has several lines"
        raise StackError(f"{option} {file}: {wrong}; give a file that holds the secret alone")
    return found
