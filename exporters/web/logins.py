"""Are a name and a password right? Told without haste for whoever guesses, and at once for whoever is known.

A bcrypt hash takes a tenth of a second of a processor on purpose. One thread computes them, one by one,
and only so many wait for it. It has no lower priority: now and then it holds what all the others need.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from exporters.distribution import missing
from exporters.web.policy import Verdict

MOST_REMEMBERED = 1024  # logins of either kind
MOST_WAITING = 16  # clients, half of those that are served at once
MOST_OF_A_HOST = 8
PATIENCE_SECONDS = 8.0
TOLD_SECONDS = 60.0
LONGEST_PASSWORD = 72  # bytes; bcrypt looks at no more
NOBODY = b"."  # a salt and a hash of these are no password's that anybody could give


@dataclass(slots=True, eq=False)
class _Login:
    name: bytes
    password: bytes
    digest: bytes
    done: threading.Event = field(default_factory=threading.Event)
    right: bool = False


class Logins:
    """The users of one web configuration, and who of them was seen.

    Args:
        users: by name a bcrypt hash.
        log: where failures are told, one in a while.
        before: those of the file as it was; who was seen is known on, where the hash is the same.

    Attributes:
        answered: how often which answer was given to a name and a password.

    Raises:
        ExporterError: the package bcrypt is not installed.
    """

    def __init__(self, users: Mapping[str, str], log: logging.Logger, before: Logins | None = None) -> None:
        try:
            import bcrypt  # noqa: PLC0415  where nobody has a password it is not needed
        except ModuleNotFoundError as error:
            raise missing(error) from None
        self._matches = bcrypt.checkpw
        self._hashes = {name.encode(): hashed.encode() for name, hashed in users.items()}
        self._most = max(map(_cost, self._hashes.values()))
        self._log = log
        self._key: bytes = before._key if before else secrets.token_bytes()
        self._lock = threading.Lock()
        self._remembered: OrderedDict[bytes, bytes] = OrderedDict()  # whose it is; nobody's if wrong
        self._queue: deque[_Login] = deque()
        self._at_work: dict[bytes, _Login] = {}
        self._waiting: Counter[str] = Counter()
        self._working = False
        self._failed = False
        self._told = -TOLD_SECONDS
        self.answered: Counter[Verdict] = before.answered if before else Counter()
        if before:
            self._remember(before)

    def _remember(self, before: Logins) -> None:
        with before._lock:
            self._remembered.update(
                (digest, name)
                for digest, name in before._remembered.items()
                if name and before._hashes[name] == self._hashes.get(name)
            )

    def check(self, authorization: str, host: str) -> Verdict:
        """What a client's header ``Authorization`` is good for.

        Args:
            authorization: empty if it sent none.
            host: the client's, of which only so many may wait.
        """
        given = _basic(authorization)
        if given is None:
            return Verdict.NO
        verdict = self._verdict(*given, host)
        with self._lock:
            self.answered[verdict] += 1
        return verdict

    def _verdict(self, name: bytes, password: bytes, host: str) -> Verdict:
        text = len(name).to_bytes(4) + name + password
        digest = hmac.digest(self._key, text, hashlib.sha256)
        with self._lock:
            if (known := self._remembered.get(digest)) is not None:
                self._remembered.move_to_end(digest)
                return Verdict.YES if known else Verdict.NO
            if self._waiting.total() >= MOST_WAITING or self._waiting[host] >= MOST_OF_A_HOST:
                return Verdict.LATER
            login = self._at_work.get(digest) or self._enqueue(_Login(name, password, digest))
            self._waiting[host] += 1
        answered = login.done.wait(PATIENCE_SECONDS)
        with self._lock:
            self._waiting -= Counter({host: 1})
        if not answered:
            return Verdict.LATER
        if not login.right:
            self._tell(host)
        return Verdict.YES if login.right else Verdict.NO

    def _enqueue(self, login: _Login) -> _Login:
        if not self._working:
            threading.Thread(target=self._work, name="logins", daemon=True).start()
            self._working = True
        self._at_work[login.digest] = login
        self._queue.append(login)
        return login

    def _work(self) -> None:
        """Compute until nobody waits."""
        while True:
            with self._lock:
                if not self._queue:
                    self._working = False
                    return
                login = self._queue.popleft()
            right = self._computed(login)
            with self._lock:
                login.right = right
                self._remembered[login.digest] = login.name if right else b""
                if len(self._remembered) > MOST_REMEMBERED:
                    self._forget()
                del self._at_work[login.digest]
            login.done.set()

    def _computed(self, login: _Login) -> bool:
        """Whether it is right; one that cannot be computed is not, and is no end of the others."""
        try:
            return self._is_right(login.name, login.password[:LONGEST_PASSWORD])
        except BaseException as error:
            if not self._failed:
                kind = type(error).__name__
                self._log.error("a login could not be computed, and is refused: %s: %s", kind, error)
            self._failed = True
            return False

    def _forget(self) -> None:
        """One that was wrong, the oldest; only without any the oldest that was right."""
        oldest = next((digest for digest, name in self._remembered.items() if not name), None)
        del self._remembered[oldest or next(iter(self._remembered))]

    def _is_right(self, name: bytes, password: bytes) -> bool:
        """Whether it is; a no costs what the costliest hash does, whatever the name."""
        hashed = self._hashes.get(name)
        if hashed is None:
            self._matches(password, _decoy(self._most))
            return False
        if self._matches(password, hashed):
            return True
        for cost in range(_cost(hashed), self._most):  # 2^n, and 2^n to 2^(m-1), are 2^m rounds
            self._matches(password, _decoy(cost))
        return False

    def _tell(self, host: str) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._told < TOLD_SECONDS:
                return
            self._told = now
        self._log.warning(
            "client %s gave a wrong name or password; others within a minute are not told", host
        )


def _basic(header: str) -> tuple[bytes, bytes] | None:
    """Name and password; None if it holds none."""
    scheme, _, text = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(text.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None


def _cost(hashed: bytes) -> int:
    return int(hashed.split(b"$")[2])


def _decoy(cost: int) -> bytes:
    return b"$2b$%02d$" % cost + NOBODY * 53
