"""Where secrets are, never what they are: references to them, and how a literal one gives itself away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from signals.numbers import require_fields

FILE = re.compile(r"[A-Za-z0-9_./-]+\Z")
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*\Z")
# Whoever knows such an address can post: its path is the password.
SECRET_SERVICE = re.compile(
    r"hooks\.slack(-gov)?\.com|discord(app)?\.com/api/webhooks|webhook\.office\.com|outlook\.office\.com/webhook"
    r"|logic\.azure\.com|api\.powerplatform\.com|hooks\.zapier\.com|maker\.ifttt\.com|hook\.[a-z0-9.]*make\.com"
    r"|hook\.integromat\.com|\.m\.pipedream\.net|nosnch\.in|hc-ping\.com|cronitor\.link"
    r"|events\.pagerduty\.com/integration|uptime\.betterstack\.com/api/v1/heartbeat",
    re.IGNORECASE,
)
SECRET_SEGMENT = re.compile(r"bot\d+:|[0-9a-f]{32}", re.IGNORECASE)
# What is a secret in any text: tokens and keys that say whose they are, and keys such as those of PagerDuty.
SECRET_TEXT = re.compile(
    r"\bx(ox[a-z]|app)-|(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])|\bSG\.[\w-]{16,}|\bgl(sa|pat)[_-]\w{16,}"
    r"|\bx(key|smtp)sib-|\bgh[pousr]_\w{20,}|\b[rs]k_(live|test)_|\beyJ[\w-]{16,}|-----BEGIN ",
    re.IGNORECASE,
)
LONG = 24


class NotifyError(ValueError):
    """Notifications that cannot be: the message names the channel, the value and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where the engine finds a secret when it starts: a file, or Grafana alone a variable.

    Attributes:
        file: a name below `Notifications.secrets_dir`, or an absolute path.
        variable: of Grafana's environment.
    """

    file: str = ""
    variable: str = ""

    def __post_init__(self) -> None:
        require_fields("a SecretRef", self, NotifyError, secret=True)
        if bool(self.file) == bool(self.variable):
            raise NotifyError("a SecretRef names a file or a variable; give exactly one of the two")
        if self.file and not FILE.match(self.file):
            raise NotifyError(
                f"SecretRef file {shown(self.file)}: expected a path of letters, digits and _./-, such as "
                "slack_url, with the secret in that file; rename it"
            )
        if self.variable and not VARIABLE.match(self.variable):
            raise NotifyError(
                f"SecretRef variable {shown(self.variable)}: expected a name such as SLACK_URL, with the "
                "secret in that variable; rename it"
            )
        if holds_secret(self.file + self.variable) or _has_drawn_run(self.file + self.variable):
            raise NotifyError(
                "a SecretRef (not shown) looks like the secret itself; expected the name of the file or "
                'variable that holds it, such as SecretRef(file="slack_url"); put the secret there'
            )

    def path(self, secrets_dir: str) -> str:
        """The file's whole path; empty for a variable."""
        return str(PurePosixPath(secrets_dir) / self.file) if self.file else ""


Secret = Annotated[SecretRef, 'a SecretRef, such as SecretRef(file="slack_url")']


def is_secret(url: str) -> bool:
    """Whether the address itself gives the right to post, as far as one can see."""
    parts = urlsplit(url)
    return bool(SECRET_SERVICE.search(f"{parts.netloc}{parts.path}")) or any(
        _looks_drawn(segment) for segment in parts.path.split("/")
    )


def _looks_drawn(segment: str) -> bool:
    """Whether it is a key or token (of a bot, in hexadecimal, a UUID, random characters) and no words."""
    if SECRET_SEGMENT.search(segment.replace("-", "")):
        return True
    if _has_drawn_run(segment):
        return True
    kinds = [any(map(kind, segment)) for kind in (str.islower, str.isupper, str.isdigit)]
    return len(segment) >= LONG and all(kinds)


def _has_drawn_run(text: str) -> bool:
    runs = re.findall(rf"[0-9A-Za-z]{{{LONG},}}", text)
    return any(not run.isalpha() and not run.isdigit() for run in runs)


def holds_secret(text: str) -> bool:
    """Whether a token, a key or the address of a hook stands in a text that is no place for one."""
    return bool(SECRET_TEXT.search(text) or SECRET_SERVICE.search(text))


def is_key(name: str) -> bool:
    """Whether it is a key rather than the name of a user."""
    return bool(holds_secret(name) or SECRET_SEGMENT.search(name.replace("-", "")) or _has_drawn_run(name))


def is_folder(path: str) -> bool:
    """Whether each engine reads it as it is, in the middle of a reference."""
    return bool(FILE.match(path)) and not holds_secret(path)


def shown(name: str) -> str:
    """A name that cannot be one, unless it looks like the secret itself."""
    return "(not shown)" if "://" in name or _looks_drawn(name) or holds_secret(name) else repr(name)
