"""A server that answers and does not let the role in: what it says, and what mends that.

It carries no SQLSTATE out of libpq, only words, which are English unless `lc_messages` says otherwise. They
are never shown, since nobody knows what stands in them.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

# The server's word, and libpq's own where the server asks for what is not there.
ANSWERED = ("FATAL:", "no password supplied")
# By what stands in its words: what that means, and the SQL that mends it where it is one statement.
MEANINGS = {
    'permission denied for database "': (
        "the role lacks CONNECT on the database",
        "GRANT CONNECT ON DATABASE {database} TO {role};",
    ),
    "is not permitted to log in": ("the role may not log in", "ALTER ROLE {role} LOGIN;"),
    "is not currently accepting connections": (
        "the database takes no connections",
        "ALTER DATABASE {database} ALLOW_CONNECTIONS true;",
    ),
    'too many connections for role "': (
        "all connections that the role may have are taken; it needs one for each target of the server, one "
        "more where its page is under way at a reload that changes it, and some for check: "
        "ALTER ROLE obs_exporter CONNECTION LIMIT n",
        "",
    ),
    'too many connections for database "': (
        "all connections that the database may have are taken: ALTER DATABASE ... CONNECTION LIMIT n",
        "",
    ),
    "too many clients": ("all connections that max_connections allows are taken", ""),
    "remaining connection slots": ("all connections that max_connections leaves to the role are taken", ""),
    "no pg_hba.conf entry": (
        "no line of pg_hba.conf is for this role, database and address, with TLS or without as it came; "
        "after one is added: SELECT pg_reload_conf()",
        "",
    ),
    "pg_hba.conf rejects": ("a line of pg_hba.conf rejects this role, database and address", ""),
    'FATAL:  role "': ("there is no such role", ""),
    'FATAL:  database "': ("there is no such database", ""),
    "no password supplied": ("the server asks for a password, and none is given", ""),
    "starting up": ("it starts, or recovers", ""),
    "shutting down": ("it stops", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is known of it.

    Attributes:
        meaning: empty where its words are not known.
        mend: one statement for a superuser; empty where none is known.
    """

    meaning: str = ""
    mend: str = ""


def refusal(words: str, role: str, database: str) -> Refusal | None:
    """What libpq's words on a failed connection mean.

    Args:
        words: of each server that was tried.
        role: who was refused.
        database: that was asked for.

    Returns:
        None where no server answered.
    """
    if not any(word in words for word in ANSWERED):
        return None
    meaning, mend = next((means for part, means in MEANINGS.items() if part in words), ("", ""))
    quoted = {"role": _quoted(role), "database": _quoted(database)}
    return Refusal(meaning=meaning, mend=mend.format(**quoted))


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string()
