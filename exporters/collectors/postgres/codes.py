"""What a failure means: an SQLSTATE, or the class of an exception, with what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import errors

CONNECTING = {
    "AuthMethod": "; the server, or a pooler before it, does not check the role as channel_binding or "
    "require_auth asks for; the former needs TLS and scram-sha-256",
    "ConnectionRefusedError": "; nothing listens",
    "DatabaseClosed": "; the database takes no connections",
    "gaierror": "; no address is known",
    "InvalidParameter": "; a parameter of the connection string has a value that libpq does not know",
    "MaxClientConn": "; PgBouncer has all the clients that its max_client_conn allows",
    "PrivateKeyOpen": "; libpq takes the file of sslkey with mode 0600 alone, or 0640 where it is root's",
    "PrivateKeyUnread": "; the file of sslkey is not the key of sslcert in PEM, or sslpassword is not its "
    "passphrase",
    "StartupParameter": "; PgBouncer takes no options: leave them out of the connection string, or let it "
    "pass over them by ignore_startup_parameters",
    "TargetSessionAttrs": "; no server is what target_session_attrs asks for",
    "TlsNotSupported": "; the server has no TLS, which sslmode demands",
}
HINTS = {
    **CONNECTING,
    "08P01": "; PgBouncer cannot log in to the server, as its log says, or was asked at its console, the "
    "database pgbouncer, which is for a target of kind pgbouncer",
    "28000": "; there is no such role, it may not log in, or pg_hba.conf does not let it in, which "
    "python -m exporters check tells apart",
    "28P01": "; the password is wrong, or there is no such role",
    "42501": "; grant the role what exporters/sql/role.sql grants",
    "3D000": "; there is no such database, or none in the [databases] of a PgBouncer",
    "53300": "; all connections that the server or the role may have are taken; where it is the role, it "
    "needs one for each target of the server, one more where its page is under way at a reload that "
    "changes it, and some for check: ALTER ROLE obs_exporter CONNECTION LIMIT n",
    "55000": "; pg_stat_statements must stand in shared_preload_libraries",
    "55P03": "; another session holds a lock on a table",
    "57014": "; it took longer than the time there was",
}

# pg_stat_statements converts each text that it keeps, of whatever database, to the encoding of this one.
OF_TEXTS = dict.fromkeys(
    ("22021", "22P05", "42883"),
    "; pg_stat_statements keeps a text of a database in another encoding, which this database's cannot hold: "
    "watch a database in UTF8, or leave out what reads texts",
)


def explained(code: str, hints: Mapping[str, str] = HINTS) -> str:
    """An SQLSTATE with its name, or an exception's class, and what to do about it."""
    return f"{named(code)}{hints.get(code, '')}"


def named(code: str) -> str:
    """An SQLSTATE with its name, or an exception's class."""
    try:
        return f"{code} {errors.lookup(code).__name__}"
    except KeyError:
        return code
