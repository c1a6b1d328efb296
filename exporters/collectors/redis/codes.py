"""What a failure means at a Redis: the class of an exception, with what to do about it."""

from __future__ import annotations

HINTS = {
    "AuthenticationError": "; there is no such user, or its password is another or none: Redis forgets "
    "users at its next start unless CONFIG REWRITE or, with an ACL file, ACL SAVE follows",
    "MaxClientsError": "; all connections that maxclients allows are taken",
    "NoPermissionError": "; give the user what exporters/redis.acl gives",
}


def explained(code: str) -> str:
    """The class, and what to do about it where the server's own words do not say."""
    return f"{code}{HINTS.get(code, '')}"
