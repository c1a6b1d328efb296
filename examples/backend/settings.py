"""What the backend is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

State = Literal["baseline", "fixed"]


class SettingsError(ValueError):
    """A variable of the environment is missing or cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The configuration of one process.

    Attributes:
        database_url: any SQLAlchemy URL of PostgreSQL.
        state: ``baseline`` has the audit's faults, ``fixed`` has its remedies.
        pool_timeout: seconds a request waits for a connection before it fails.
        scrape_interval: seconds between two scrapes of the metrics, at most.
        fault_file: where injected faults are written; None means that none can be injected.
    """

    database_url: str
    redis_url: str
    state: State = "baseline"
    pool_size: int = 20
    max_overflow: int = 10
    pool_timeout: float = 30.0
    scrape_interval: float = 20.0
    fault_file: Path | None = None

    @property
    def fixed(self) -> bool:
        """Whether the audit's remedies are on."""
        return self.state == "fixed"

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: names the variable, what it holds (never a URL), and what was expected.
        """
        state = env.get("BACKEND_STATE", "baseline")
        if state not in get_args(State):
            raise SettingsError(f"BACKEND_STATE is {state!r}; expected 'baseline' or 'fixed'")
        return cls(
            database_url=_required(env, "DATABASE_URL"),
            redis_url=_required(env, "REDIS_URL"),
            state=cast(State, state),
            pool_size=int(_number(env, "BACKEND_POOL_SIZE", 20)),
            max_overflow=int(_number(env, "BACKEND_MAX_OVERFLOW", 10)),
            pool_timeout=_number(env, "BACKEND_POOL_TIMEOUT", 30),
            scrape_interval=_number(env, "BACKEND_SCRAPE_INTERVAL", 20),
            fault_file=_fault_file(env),
        )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; expected a URL")
    return value


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value < 0:
        raise SettingsError(f"{name} is {text!r}; expected a number, 0 or more")
    return value


def _fault_file(env: Mapping[str, str]) -> Path | None:
    """Faults need both the switch and the file, so that neither alone opens the door in production."""
    if env.get("BACKEND_FAULTS") != "1":
        return None
    return Path(_required(env, "BACKEND_FAULT_FILE"))
