"""Ask the console of a PgBouncer once for all that the collectors ask, and say what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from psycopg.conninfo import conninfo_to_dict

from exporters.collectors.outcome import Outcome, State
from exporters.collectors.pgbouncer.backend import UP, PgBouncerSettings
from exporters.collectors.pgbouncer.codes import explained
from exporters.collectors.pgbouncer.console import Console, RefusedError
from exporters.collectors.pgbouncer.shows import Shows
from exporters.collectors.postgres.check import not_connected
from exporters.collectors.postgres.connect import NOT_ALLOWED, ConnectionFailed

SECONDS = 5.0


def check(settings: PgBouncerSettings) -> list[Outcome]:
    """Each collector's outcome; one alone where nobody answers.

    Raises:
        ConfigError: the connection string cannot be read.
    """
    conninfo = settings.conninfo()
    deadline = time.monotonic() + SECONDS
    try:
        console = Console(conninfo, deadline)
        try:
            return list(_outcomes(console, deadline))
        finally:
            console.close()
    except (ConnectionFailed, TimeoutError) as error:
        outcome = not_connected(UP, error, explained, conninfo)
        if isinstance(error, ConnectionFailed) and error.code == NOT_ALLOWED:
            user = conninfo_to_dict(conninfo).get("user", "THE USER")
            mend = (
                f"in pgbouncer.ini: stats_users = {user}",
                "at the console, as one of admin_users: RELOAD;",
            )
            outcome = replace(outcome, mend=mend)
        return [outcome]


def _outcomes(console: Console, deadline: float) -> Iterator[Outcome]:
    for part, (command, read) in Shows().parts.items():
        began = time.monotonic()
        try:
            read(console.ask(command, deadline))
        except (ConnectionFailed, TimeoutError):
            raise
        except Exception as error:  # an answer otherwise than expected
            code = error.code if isinstance(error, RefusedError) else type(error).__name__
            yield Outcome(collector=part, state=State.FAILS, detail=explained(code))
        else:
            yield Outcome(collector=part, state=State.WORKS, seconds=time.monotonic() - began)
