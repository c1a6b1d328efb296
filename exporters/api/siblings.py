"""Workers without a directory to share each show only their own numbers: refuse several, or say so."""

from __future__ import annotations

import hashlib
import logging
import os
import shlex
import socket
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from exporters.api.errors import InstrumentationError
from exporters.api.slots import DIRECTORY_VARIABLE, multiprocess_directory

log = logging.getLogger("exporters.api")

SERVERS = ("uvicorn", "gunicorn", "fastapi")
REMEDY = f"set {DIRECTORY_VARIABLE} to a local directory before Python starts, the same for all workers"

# By process: a child that is forked from a worker claims for itself.
claims: dict[int, socket.socket] = {}


def refuse_lonely_workers() -> None:
    """Do not start where the server was told to run several workers whose numbers could not be added.

    Raises:
        InstrumentationError: more than one worker, and no directory to share.
    """
    workers = declared_workers(sys.argv, os.environ)
    if workers > 1 and multiprocess_directory() is None:
        raise InstrumentationError(
            f"the server runs {workers} workers, and each would show only its own numbers; {REMEDY}"
        )


def declared_workers(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """How many workers the command line of uvicorn, gunicorn or fastapi asks for; 1 where it does not say.

    A number in a configuration file or in code is not seen; `warn_without_directory` is for those.
    """
    return (configured_workers(arguments, environment) or 1) if _server(arguments) in SERVERS else 1


def configured_workers(arguments: Sequence[str], environment: Mapping[str, str]) -> int | None:
    """How many workers the command line of a known server or else WEB_CONCURRENCY asks for; None: neither."""
    server = _server(arguments)
    words = list(arguments[1:]) if server in SERVERS else []
    if server == "gunicorn":
        words = shlex.split(environment.get("GUNICORN_CMD_ARGS", "")) + words
    asked = [environment.get("WEB_CONCURRENCY", "")]
    for word, following in pairwise([*words, ""]):
        if word in ("-w", "--workers"):
            asked.append(following)
        elif word.startswith("--workers="):
            asked.append(word.partition("=")[2])
        elif server == "gunicorn" and word.startswith("-w"):
            asked.append(word[2:])
    return int(next((number for number in reversed(asked) if number.isdecimal()), "0")) or None


def _server(arguments: Sequence[str]) -> str:
    script = Path(arguments[0]) if arguments else Path()
    return script.parent.name if script.name == "__main__.py" else script.name


def warn_without_directory() -> None:
    """Say, once a process, that nobody else sees its numbers: an error beside another worker (Linux).

    Each process claims a name in the abstract socket namespace, made of its parent and its command, once for
    all its applications; the kernel frees it with the process, so nothing is left behind.
    """
    if multiprocess_directory() is not None or os.getpid() in claims:
        return
    claim = claims[os.getpid()] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if _is_alone(claim):
        log.warning(
            "%s is not set: metrics stay in this process, and only a route that returns "
            "exporters.api.render() shows them; for the exporter, %s",
            DIRECTORY_VARIABLE,
            REMEDY,
        )
    else:
        log.error(
            "several workers run, and each shows only its own numbers: totals are too low and jump between "
            "scrapes; %s",
            REMEDY,
        )


def _is_alone(claim: socket.socket) -> bool:
    if not sys.platform.startswith("linux"):
        return True
    command = "\0".join([*sys.argv, str(Path.cwd())])
    digest = hashlib.sha256(command.encode("utf-8", "replace")).hexdigest()[:16]
    try:
        claim.bind(f"\0exporters.api/{os.getuid()}/{os.getppid()}/{digest}")
    except OSError:
        return False
    return True
