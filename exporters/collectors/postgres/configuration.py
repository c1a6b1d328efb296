"""What is configured at the server: whether it changed, which setting did, and what waits for a restart.

A text may hold a secret, such as a password in a command: two bytes of its digest tell that it changed.
"""

from __future__ import annotations

import hashlib

from exporters.catalogue import postgres_upkeep as catalogue
from exporters.collectors.base import Family
from exporters.collectors.postgres.model import Collector, Row, Rows, always, text

MOST = 100
FINGERPRINT_BYTES = 6  # of a float every such number is exact
SWITCHES = {"on": 1.0, "off": 0.0}
NUMBERS = frozenset({"integer", "real"})

# What a session, a role or a database sets for itself is not the server's configuration.
SQL = """
SELECT name, vartype, setting, pending_restart::int,
       (source IN ('configuration file', 'command line', 'environment variable'))::int
  FROM pg_settings
 WHERE source IN ('configuration file', 'command line', 'environment variable') OR pending_restart
 ORDER BY name
"""


def parse(rows: Rows) -> list[Family]:
    """One gauge of all, one of what waits, and one for each setting that is configured."""
    configured = {text(row[0]): number(row) for row in rows if row[4] == "1"}
    shown = dict(list(configured.items())[:MOST])
    return [
        Family(catalogue.FINGERPRINT, [()], [fingerprint(repr(configured), FINGERPRINT_BYTES)]),
        Family(catalogue.PENDING_RESTART, [()], [sum(row[3] == "1" for row in rows)]),
        Family(catalogue.CONFIGURED, [(name,) for name in shown], list(shown.values())),
    ]


def number(row: Row) -> float:
    """A setting as a number."""
    kind, setting = text(row[1]), text(row[2])
    if kind in NUMBERS:
        return float(setting)
    return SWITCHES[setting] if kind == "bool" else fingerprint(setting, 2)


def fingerprint(said: str, size: int) -> float:
    """The first bytes of a digest."""
    return float(int.from_bytes(hashlib.sha256(said.encode()).digest()[:size], "big"))


def configuration(ttl: float) -> Collector:
    """The collector, an answer standing for `ttl` seconds: the view reckons every setting first."""
    return Collector(name="postgres.configuration", sql=always(SQL), parse=parse, ttl=ttl)
