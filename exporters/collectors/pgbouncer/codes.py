"""What a failure means at the console of a PgBouncer."""

from __future__ import annotations

from exporters.collectors.postgres import codes
from exporters.collectors.postgres.connect import NOT_ALLOWED

HINTS = {
    **codes.CONNECTING,
    "28P01": "; the password is wrong, or auth_file and auth_query know no such user",
    NOT_ALLOWED: "; the user must stand in stats_users of pgbouncer.ini",
}


def explained(code: str) -> str:
    """As `codes.explained`, with what to do about it there."""
    return codes.explained(code, HINTS)
