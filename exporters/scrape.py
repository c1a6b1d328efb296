"""Ask every backend at once, wait no longer than the scraper does, and make one page of what came back."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from exporters.catalogue import Gauge, self_
from exporters.catalogue import pgbouncer as pgbouncer_catalogue
from exporters.catalogue import postgres as postgres_catalogue
from exporters.catalogue import redis as redis_catalogue
from exporters.collectors.base import Backend, Family, Partial
from exporters.crew import Crew
from exporters.exposition import Kept, render, write_ahead

ANSWER_SECONDS = 2.0  # a page is there by then, whatever the servers do
NETWORK_SECONDS = 0.5  # of the scraper's own time limit, for the way there and back
BACKENDS_SHARE = 0.9  # of the time; the rest is for writing the page
WAITING_SHARE = 0.95  # a backend that is a little late is waited for
WRITING_SECONDS = 0.1  # for so long a collection may be joined whose page is not written yet

COLLECTING = Crew("collect")  # of all backends

UP: Mapping[str, Gauge] = {
    "postgres": postgres_catalogue.UP,
    "redis": redis_catalogue.UP,
    "pgbouncer": pgbouncer_catalogue.UP,
}


def seconds_for(scrape_timeout: str | None, waited: float = 0.0) -> float:
    """How long making a page may take.

    Args:
        scrape_timeout: the header ``X-Prometheus-Scrape-Timeout-Seconds``, if there is one.
        waited: seconds that the scraper has waited for others before it.
    """
    try:
        limit = float(scrape_timeout or "nan")
    except ValueError:
        return ANSWER_SECONDS
    if not limit > 0:
        return ANSWER_SECONDS
    left = max(0.0, limit - waited)
    return min(ANSWER_SECONDS, max(left - NETWORK_SECONDS, left / 2))


class Scraper:
    """Makes pages. Scrapes at the same time share one collection of each backend, and the page of it.

    Args:
        backends: see `watch`.
        log: where is told what is left out.
        labels: of every series.
        process: what there is to say of the process, on the page of one that tells it.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        log: logging.Logger,
        *,
        labels: Mapping[str, str] | None = None,
        process: Callable[[], Iterable[Family]] = tuple,
    ) -> None:
        self._flights: list[_Flights] = []
        self._labels = labels or {}
        self._process = process
        self._dropped: Counter[str] = Counter()
        self._told: set[tuple[str, str]] = set()
        self._kept: Kept = {}
        self._ahead: dict[str, tuple[Family, str]] = {}
        self._log = log
        self._lock = threading.Lock()
        self._shared = _Shared([])
        self.watch(backends)

    def watch(self, backends: Sequence[Backend]) -> None:
        """From now on ask these; a collection of one that is asked already goes on."""
        known = {flights.backend: flights for flights in self._flights}
        self._flights = [known.get(backend) or _Flights(backend, self._log) for backend in backends]
        for backend in backends:
            if isinstance(backend, Partial):
                backend.found = self._write_ahead

    def page(self, seconds: float = ANSWER_SECONDS, asked: float = math.inf) -> bytes:
        """Everything known, within this time; a backend without an answer by then is down for this page.

        Those who get the same page get the same object.

        Args:
            seconds: as `seconds_for` says.
            asked: by ``time.monotonic()``, since when the scrape waits: what was collected meanwhile is its
                own too. It may have had to wait for its turn.
        """
        wait_until = time.monotonic() + seconds * WAITING_SHARE
        joined = [flights.join(asked) for flights in self._flights]
        landed = [flight.landed(wait_until) for flight in joined]
        if not joined or not all(landed):
            return self._write(joined)
        with self._lock:
            if self._shared.flights != joined:
                self._shared = _Shared(joined)
            shared = self._shared
        return shared.page(self._write)

    def _write(self, joined: Sequence[_Flight]) -> bytes:
        families = (family for flight in joined for family in flight.families())
        with self._lock:
            kept, self._ahead = {**self._kept, **self._ahead}, {}
        page = render(families, labels=self._labels, kept=kept)
        with self._lock:
            self._kept = page.kept
            self._dropped.update(page.dropped)
            self._tell({lost: number for lost, number in page.of_metrics.items() if number})
            dropped = [self._dropped[reason] for reason in self_.REASON.values]
        own = [
            Family(self_.DROPPED_SERIES, [(reason,) for reason in self_.REASON.values], dropped),
            *self._process(),
        ]
        total = page.series + 1 + sum(len(family.labels) for family in own)
        return page.body + render([Family(self_.SERIES, [()], [total]), *own], labels=self._labels).body

    def _write_ahead(self, families: Sequence[Family]) -> None:
        written = write_ahead(families, self._labels, self._kept)
        with self._lock:
            self._ahead.update(written)

    def _tell(self, lost: Mapping[tuple[str, str], int]) -> None:
        """Name what is left out, once for each metric and reason."""
        new = sorted(lost.keys() - self._told)
        self._told.update(new)
        if new:
            named = ", ".join(f"{name} ({reason}, {lost[name, reason]} series)" for name, reason in new)
            self._log.warning("left out of the page: %s", named)


class _Shared:
    """The page of collections that have landed: the first scrape writes it, and all get it."""

    def __init__(self, flights: Sequence[_Flight]) -> None:
        self.flights = flights
        self._lock = threading.Lock()
        self._page: bytes | None = None

    def page(self, write: Callable[[Sequence[_Flight]], bytes]) -> bytes:
        """The page, written now unless it is there."""
        with self._lock:
            if self._page is None:
                self._page = write(self.flights)
                for flight in self.flights:
                    flight.is_written = True
            return self._page


class _Flight:
    """One collection of one backend, under way or landed.

    It takes the time that a page may take, not that of the scrape which began it: another scrape that joins
    it has a time limit of its own, and would be told that a server is down for which nobody waited.
    """

    def __init__(self, backend: Backend, log: logging.Logger) -> None:
        self._backend = backend
        self._log = log
        self._done = threading.Event()
        self._landed_at = 0.0
        self._begun = time.monotonic()
        self.is_written = False
        self._families: list[Family] = [Family(UP[backend.name], [()], [0])]
        COLLECTING.do(self._collect)

    def is_open(self, asked: float) -> bool:
        """Whether a scrape may join it: it is under way, or was when asked, or its page is to be written."""
        if not self._done.is_set() or self._landed_at >= asked:
            return True
        return not self.is_written and time.monotonic() - self._landed_at < WRITING_SECONDS

    def landed(self, deadline: float) -> bool:
        """Whether all is there by then."""
        return self._done.wait(max(0.0, deadline - time.monotonic()))

    def families(self) -> list[Family]:
        """The families; if not all are there yet, those that are, or else that the backend is down."""
        if not self._done.is_set() and isinstance(self._backend, Partial):
            found = self._backend.so_far(self._begun)
            if not self._done.is_set():  # else the next collection may have begun meanwhile
                return found
        return self._families

    def _collect(self) -> None:
        try:
            self._families = self._backend.collect(time.monotonic() + ANSWER_SECONDS * BACKENDS_SHARE)
        except Exception:
            self._log.exception("%s: collect() raised, which it must not", self._backend.name)
        finally:
            self._landed_at = time.monotonic()
            self._done.set()


class _Flights:
    """Lets a scrape join the collection under way, so that a slow server is never asked twice at once."""

    def __init__(self, backend: Backend, log: logging.Logger) -> None:
        self.backend = backend
        self._log = log
        self._lock = threading.Lock()
        self._current: _Flight | None = None

    def join(self, asked: float) -> _Flight:
        """The collection that is open, or else a new one."""
        with self._lock:
            if self._current is None or not self._current.is_open(asked):
                self._current = _Flight(self.backend, self._log)
            return self._current
