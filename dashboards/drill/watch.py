"""What fires, and what was delivered, as seen from outside while drills are under way."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from alerts.message import TOLD
from dashboards.drill.model import Drill, Site
from dashboards.drill.storm import Letter, letters
from dashboards.errors import StackError
from dashboards.prometheus_api import Prometheus
from exporters.catalogue.external import ALERTNAME, ALERTS, ALERTSTATE

ALWAYS = frozenset({"Watchdog"})
PAUSE = 0.4
# A Prometheus or receiver that says nothing for so long is no part of any drill.
SILENCE = 60.0
# What a line that names an alert says without these labels.
TOLD_ANYWAY = {"__name__", ALERTSTATE.name, *TOLD}
FIRING, PENDING = (f'{ALERTS.name}{{{ALERTSTATE.name}="{state}"}}' for state in ("firing", "pending"))


class EndedError(Exception):
    """The drills were ended before their time."""


@dataclass(kw_only=True)
class Spell:
    """A time for which alerts of one name fired, in Unix time; without an end it still does."""

    start: float
    end: float | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """One alert of a message.

    Attributes:
        received: Unix time.
        status: ``firing`` or ``resolved``.
        alert: labels and annotations, as they stood in the message.
    """

    received: float
    status: str
    alert: dict[str, Any]

    @property
    def name(self) -> str:
        """Of the alert."""
        return str(self.alert["labels"][ALERTNAME.name])


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A message as worded for people."""

    received: float
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Stray:
    """An alert that no drill under way accounts for.

    Attributes:
        name: of the alert.
        labels: of those that fired under this name.
        at: Unix time.
        drills: those whose fault was on, or the last one that was.
    """

    name: str
    labels: tuple[Mapping[str, str], ...]
    at: float
    drills: tuple[Drill, ...]

    def __str__(self) -> str:
        """Its name, and what it fired for."""
        things = (
            " ".join(f"{key}={value}" for key, value in each.items() if key not in TOLD_ANYWAY)
            for each in self.labels
        )
        return f"{self.name} ({'; '.join(things)})"


@dataclass
class Watch:
    """Looks at Prometheus and the receiver again and again, in a thread of its own."""

    site: Site
    spells: dict[str, list[Spell]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    chats: list[Chat] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)
    under_way: list[Drill] = field(default_factory=list)
    begins: list[tuple[float, Drill]] = field(default_factory=list)
    heals: list[tuple[float, Drill]] = field(default_factory=list)
    pending: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.prometheus = Prometheus(url=self.site.prometheus)
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.failed = ""
        self.answered = time.monotonic()
        self.received = 0.0
        self.thread = threading.Thread(target=self._run, name="drill-watch", daemon=True)

    def start(self) -> None:
        """Look once, then go on.

        Raises:
            StackError: Prometheus or the receiver does not answer.
        """
        self._look()
        self.thread.start()

    def stop(self) -> None:
        """Look no longer; whoever waits is told."""
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()

    def allow(self, drill: Drill) -> None:
        """From now on this drill accounts for what fires."""
        with self.lock:
            self.under_way.append(drill)
            self.begins.append((time.time(), drill))

    def healed(self, drill: Drill) -> None:
        """Its fault is gone; what it fired may take some time to be over."""
        with self.lock:
            self.heals.append((time.time(), drill))

    def disallow(self, drill: Drill) -> None:
        """It accounts for nothing any more."""
        with self.lock:
            self.under_way.remove(drill)
            self.begins = [(at, each) for at, each in self.begins if each is not drill]

    def cause_began(self, name: str, since: float) -> float:
        """When the first fault that is accounted for began that may fire this alert, at the latest then."""
        with self.lock:
            return min([since, *(at for at, drill in self.begins if name in drill.allowed)])

    def cause_ended(self, name: str, since: float) -> float | None:
        """When the last fault was healed that may fire this alert; None while one is still on."""
        with self.lock:
            on = [drill for drill in self.under_way if name in drill.allowed]
            if any(not any(drill is healed for _, healed in self.heals) for drill in on):
                return None
            return self._last_healing(name, since, math.inf)

    def cause_healed(self, name: str, since: float, until: float) -> float:
        """When a fault that may fire this alert was last healed before a time, at least since."""
        with self.lock:
            return self._last_healing(name, since, until)

    def _last_healing(self, name: str, since: float, until: float) -> float:
        return max([since, *(at for at, drill in self.heals if name in drill.allowed and at <= until)])

    def firing(self, names: Iterable[str] | None = None) -> set[str]:
        """Which of these fire now; without names, all but those that always do."""
        with self.lock:
            now = {name for name, spells in self.spells.items() if spells[-1].end is None}
        return now - ALWAYS if names is None else now & set(names)

    def active(self, names: Iterable[str]) -> set[str]:
        """Which of these fire now, or are about to."""
        wanted = set(names)
        return self.firing(wanted) | (self.pending & wanted)

    def fired(self, name: str, since: float) -> float | None:
        """When an alert of this name fired first after that time."""
        with self.lock:
            return next((each.start for each in self.spells.get(name, ()) if each.start >= since), None)

    def message(
        self, name: str, status: str, since: float, about: Mapping[str, str] | None = None
    ) -> Told | None:
        """The first one about an alert of this name, with this status, after that time.

        Where several things are wrong at once, the one with these labels goes before the others.
        """
        with self.lock:
            found = [
                each
                for each in self.told
                if (each.name, each.status) == (name, status) and each.received >= since
            ]
        wanted = (about or {}).items()
        return next((each for each in found if wanted <= each.alert["labels"].items()), None) or next(
            iter(found), None
        )

    def chat(self, name: str, since: float) -> Chat | None:
        """The first message after that time whose title says that an alert of this name fires."""
        with self.lock:
            return next(
                (
                    each
                    for each in self.chats
                    if each.received >= since and "FIRING" in each.title and name in each.title.split()
                ),
                None,
            )

    def last_message(self, name: str, status: str) -> Told | None:
        """The last one about an alert of this name with this status."""
        with self.lock:
            found = [each for each in self.told if (each.name, each.status) == (name, status)]
        return found[-1] if found else None

    def sent(self) -> list[Letter]:
        """All messages so far, as they were grouped."""
        with self.lock:
            return list(self.letters)

    def over(self, name: str) -> bool:
        """Whether nothing of this name fires, and the last that was told of each of them was its end."""
        with self.lock:
            last = {
                str(sorted(each.alert["labels"].items())): each.status
                for each in self.told
                if each.name == name
            }
            spells = self.spells.get(name)
        return "firing" not in last.values() and (not spells or spells[-1].end is not None)

    def wait(self, seconds: float) -> None:
        """Let some time pass.

        Raises:
            EndedError: the watch was stopped.
            StackError: there is nothing to be seen any more.
        """
        if self.ended.wait(seconds):
            raise EndedError
        if self.failed:
            raise StackError(self.failed)

    def _run(self) -> None:
        while not self.ended.wait(PAUSE):
            try:
                self._look()
            except StackError as error:
                if time.monotonic() > self.answered + SILENCE:
                    self.failed = str(error)

    def _look(self) -> None:
        pending = frozenset(labels[ALERTNAME.name] for labels, _ in self.prometheus.query(PENDING))
        firing: dict[str, tuple[Mapping[str, str], ...]] = {}
        for labels, _ in self.prometheus.query(FIRING):  # what fires meanwhile is in both
            firing[labels[ALERTNAME.name]] = (*firing.get(labels[ALERTNAME.name], ()), labels)
        told, chats, sent = self._messages()
        now = time.time()
        self.answered = time.monotonic()
        with self.lock:
            self.pending = pending
            accounted = (ALWAYS | self.site.lasting).union(*(drill.allowed for drill in self.under_way))
            for name, things in firing.items():
                spells = self.spells.setdefault(name, [])
                if not spells or spells[-1].end is not None:
                    spells.append(Spell(start=now))
                    if name not in accounted:
                        self.strays.append(Stray(name=name, labels=things, at=now, drills=self._suspects()))
            for name, spells in self.spells.items():
                if name not in firing and spells[-1].end is None:
                    spells[-1].end = now
            self.told += told
            self.chats += chats
            self.letters += sent

    def _suspects(self) -> tuple[Drill, ...]:
        """Also those that are healed: what they broke may show now."""
        return tuple(self.under_way or [drill for _, drill in self.heals[-1:]])

    def _messages(self) -> tuple[list[Told], list[Chat], list[Letter]]:
        try:
            answer = requests.get(self.site.receiver, params={"since": repr(self.received)}, timeout=10)
            messages = [each for each in answer.json() if each["received"] > self.received]
            told = [one for each in messages for one in read(each)]
            chats = [chat for each in messages for chat in worded(each)]
            sent = [letter for each in messages for letter in letters(each)]
        except requests.RequestException as error:
            raise StackError(
                f"no answer from the receiver at {self.site.receiver} ({type(error).__name__}); "
                "is it running?"
            ) from None
        except (KeyError, TypeError):
            raise StackError(
                f"the receiver at {self.site.receiver} gave no list of messages; expected "
                '[{"received": Unix time, "body": {"alerts": [...]}}]'
            ) from None
        if messages:
            self.received = messages[-1]["received"]
        return told, chats, sent


def worded(message: dict[str, Any]) -> list[Chat]:
    """The attachments of one message to a chat."""
    body = message["body"]
    return [
        Chat(received=message["received"], title=str(each.get("title", "")), text=str(each.get("text", "")))
        for each in (body.get("attachments", ()) if isinstance(body, dict) else ())
    ]


def read(message: dict[str, Any]) -> list[Told]:
    """The alerts of one message, as Alertmanager and Grafana send them."""
    body = message["body"]
    return [
        Told(received=message["received"], status=each["status"], alert=each)
        for each in (body.get("alerts", ()) if isinstance(body, dict) else ())
    ]
