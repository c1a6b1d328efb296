"""Servers of the chain are killed in turn: what is told is what the documents say, once, and none is lost.

The last of this folder, since it leaves the chain without its past.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
import yaml

from alerts.model import HEARTBEAT
from alerts.routing import GROUP_INTERVAL, GROUP_WAIT, HEARTBEAT_INTERVAL
from dashboards.drill.storm import Letter, letters, storms
from dashboards.drill.watch import ALWAYS
from dashboards.prove import Proof, Span, coming, last, prove, seen, summary
from dashboards.prove.looks import Wanted
from dashboards.prove.report import undeclared
from dashboards.prove.selectors import LOOKBACK
from dashboards.prove.states import worded
from examples.demo.process import ROOT, Server
from examples.drills.common import LASTING
from examples.drills.killed import FORGOTTEN, GRACE, KILLED, REMEMBERS, RESEND, markdown
from examples.faults.process import family
from signals.promql import duration
from tests.stack.conftest import PAUSE, REMEMBER, TIME_SCALE, Running, eventually

COMPOSE, DOCS = (ROOT / name for name in ("docker-compose.monitoring.yml", "docs/notifications.md"))
BY_SERVER = {each.server: each for each in KILLED}
DATABASES = ("postgres", "redis")
BEFORE = ALWAYS | LASTING | REMEMBER
# Prometheus learns five seconds after its start, on any clock, where Alertmanager is; so that it is not
# forgotten until then, it promises to come back a little later than on the demo's clock.
LEARNS = 5.0
PROMISES = 1.5 * TIME_SCALE
SILENCE = 3 * HEARTBEAT_INTERVAL * TIME_SCALE
SLACK = 10.0
# So many seconds are shown of what is dark: before that it was not.
SHOWN = 5.0
# Faults that do the same, and where panels are about them.
SAME = {
    "databases": ({"stop-postgres", "stop-redis"}, {"backend-overview", "backend-postgres", "backend-redis"}),
    "exporter": ({"stop-exporter"}, {"backend-overview", "backend-telemetry"}),
}
COUNTED = "Targets down"


def test_the_documentation_has_the_table_that_is_tested() -> None:
    assert markdown() in DOCS.read_text(), f"docs/notifications.md must have:\n{markdown()}"


@pytest.mark.parametrize(
    ("server", "flag"),
    [
        ("prometheus", f"--rules.alert.for-grace-period={duration(GRACE)}"),
        ("alertmanager", f"--data.maintenance-interval={duration(REMEMBERS)}"),
    ],
)
def test_the_servers_of_the_compose_file_remember_as_those_that_are_killed_here(
    server: str, flag: str
) -> None:
    assert flag in yaml.safe_load(COMPOSE.read_text())["services"][server]["command"]


@dataclass
class Story:
    """What was done, in Unix time, and what the receiver was told.

    Attributes:
        killed, back: when each server was killed last, and when it answered again.
        same: of the alerts that fired while Prometheus was killed and started again, what Alertmanager said
            of their beginning, at each look.
        dark: what the boards showed while the databases were down, and while the exporter was.
    """

    running: Running
    began: float = 0.0
    killed: dict[str, float] = field(default_factory=dict)
    back: dict[str, float] = field(default_factory=dict)
    same: list[dict[str, str]] = field(default_factory=list)
    dark: dict[str, list[Proof]] = field(default_factory=dict)

    @property
    def letters(self) -> list[Letter]:
        """All messages since the beginning."""
        url, wanted = self.running.chain.webhook.url, {"since": repr(self.began)}
        return [one for each in requests.get(url, params=wanted, timeout=5).json() for one in letters(each)]

    def told(self, *names: str, firing: bool, since: float) -> bool:
        """Whether each of these was told to fire, or to be over, since then."""
        heard = (each.names(firing=firing) for each in self.letters if each.received >= since)
        return set(names) <= {name for every in heard for name in every}

    def watch(self, what: str) -> None:
        """What the boards show of what is down, once what ended in a restart is shown no more."""

        def look(span: Span, missing: Wanted) -> list[Proof]:
            return prove(self.running.stack, self.running.prometheus, span, wanted=missing, brings=worded)

        within = LOOKBACK * TIME_SCALE + SLACK
        later = coming(SHOWN, start=self.began, within=within, every=PAUSE)
        self.dark[what] = found = seen(look, itertools.chain([last(SHOWN)], later))
        print(f"{what} down: {summary(found)}")

    def heartbeats(self) -> list[float]:
        """When each arrived."""
        return [each.received for each in self.letters if HEARTBEAT in each.names(firing=True)]

    def kill(self, server: Server) -> None:
        """As the kernel does that runs out of memory: it can neither save nor say anything."""
        assert server.process is not None
        for pid in family(server.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()
        self.killed[server.name] = time.time()

    def known(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """What Alertmanager holds to fire of these, by its id for each."""
        url = f"{self.running.chain.alertmanager.url}/api/v2/alerts"
        wanted = {"filter": f'alertname=~"{"|".join(names)}"'}
        found = requests.get(url, params=wanted, timeout=5).json()
        return {each["fingerprint"]: each for each in found}


@pytest.fixture(scope="module")
def story(running: Running) -> Iterator[Story]:
    """All of it once, as each step takes its time."""
    chain, story = running.chain, Story(running)
    chain.prometheus.flags = [
        f"--rules.alert.resend-delay={duration(RESEND * PROMISES)}",
        f"--rules.alert.for-grace-period={duration(GRACE * TIME_SCALE)}",
        # What ends while Prometheus restarts is shown for so long: five minutes, on this clock.
        f"--query.lookback-delta={duration(LOOKBACK * TIME_SCALE)}",
    ]
    chain.alertmanager.flags = [f"--data.maintenance-interval={duration(REMEMBERS * TIME_SCALE)}"]
    eventually(lambda: running.firing() <= BEFORE, "what was broken before is over", within=120)
    for server in (chain.alertmanager, chain.prometheus):
        server.stop()
        server.start()
    story.began = time.time()
    eventually(lambda: bool(story.heartbeats()), "a heartbeat", within=30)
    try:
        databases_die(story)
        prometheus_restarts(story)
        alertmanager_is_away(story)
        prometheus_is_away(story)
        yield story
    finally:
        for each in (chain.postgres, chain.redis, chain.alertmanager, chain.exporter, chain.prometheus):
            if not each.alive:
                each.start()


def databases_die(story: Story) -> None:
    for server in (story.running.chain.redis, story.running.chain.postgres):
        story.kill(server)
    eventually(
        lambda: story.told(*of_databases(), firing=True, since=story.began), "both are told", within=40
    )
    story.watch("databases")


def of_databases() -> tuple[str, ...]:
    return tuple(name for server in DATABASES for name in BY_SERVER[server].told)


def prometheus_restarts(story: Story) -> None:
    """While both fire; as soon as Alertmanager heard of them, as it forgets them soon on this clock."""
    chain, names = story.running.chain, of_databases()

    def heard() -> dict[str, str]:
        return {key: each["updatedAt"] for key, each in story.known(names).items()}

    def changed(before: dict[str, str]) -> Callable[[], bool]:
        def ready() -> bool:
            story.same.append({key: each["startsAt"] for key, each in story.known(names).items()})
            return all(heard().get(key) != at for key, at in before.items())

        return ready

    eventually(changed(heard()), "told again that they fire", within=30)
    before = heard()
    story.kill(chain.prometheus)
    chain.prometheus.start()
    story.back["prometheus"] = time.time()
    eventually(changed(before), "told again after the restart", within=30)


def alertmanager_is_away(story: Story) -> None:
    """What fired ends meanwhile, as it is mended or nobody knows of it any more, and another thing begins."""
    chain, running = story.running.chain, story.running
    log = chain.alertmanager.home / "data/nflog"

    def saved() -> bool:
        told = max(each.received for each in story.letters if HEARTBEAT not in each.names(firing=True))
        return log.exists() and log.stat().st_mtime > told + 0.5

    eventually(saved, "what was told is saved", within=20)
    story.kill(chain.alertmanager)
    chain.postgres.start()
    eventually(
        lambda: bool(running.prometheus.query("pg_up == 1")), "PostgreSQL is seen to answer", within=20
    )
    story.kill(chain.exporter)
    eventually(lambda: not running.firing() & set(of_databases()), "what fired ends", within=30)
    chain.redis.start()  # it was dead until now, though nobody knew
    wanted = set(BY_SERVER["exporter"].told)
    eventually(lambda: wanted <= running.firing(), "another thing begins", within=40)
    story.back["alertmanager"] = time.time()
    chain.alertmanager.start()
    since = story.back["alertmanager"]
    eventually(lambda: story.told(*wanted, firing=True, since=since), "what began is told", within=30)
    eventually(
        lambda: story.told(*of_databases(), firing=False, since=since), "what ended is told", within=40
    )
    eventually(lambda: story.heartbeats()[-1] > since, "the heartbeat is back", within=20)


def prometheus_is_away(story: Story) -> None:
    """Until Alertmanager forgets what fired."""
    chain, names = story.running.chain, BY_SERVER["exporter"].told
    story.kill(chain.prometheus)
    since = story.killed["prometheus"]
    away = FORGOTTEN * PROMISES + GROUP_INTERVAL * TIME_SCALE + SLACK
    eventually(lambda: story.told(*names, firing=False, since=since), "it is told to be over", within=away)
    eventually(
        lambda: time.time() - story.heartbeats()[-1] > SILENCE, "the heartbeat stays away", within=SILENCE
    )
    chain.prometheus.start()
    story.back["prometheus"] = time.time()
    since = story.back["prometheus"]
    within = LEARNS + RESEND * PROMISES + GROUP_WAIT * TIME_SCALE + SLACK
    eventually(lambda: story.told(*names, firing=True, since=since), "it is told to fire", within=within)
    story.watch("exporter")


@pytest.mark.timeout(600)  # two minutes, and what earlier tests left
@pytest.mark.parametrize(("what", "blind"), [("databases", 50), ("exporter", 100)])
def test_what_is_down_is_shown_as_down_or_not_at_all(story: Story, what: str, blind: int) -> None:
    dark = story.dark[what]
    assert list(undeclared(dark)) == []
    assert sum(each.verdict == "blind" for each in dark) >= blind
    faults, boards = SAME[what]
    about = [each for each in dark if each.moves in faults]
    assert {each.board for each in about} >= boards
    # Who looks sees it: something that answers no more is 0, and those that are down are counted.
    said = {each.title: any(answer.low == 0 for answer in each.answers) for each in about}
    assert [title for title, zero in said.items() if zero is (title == COUNTED)] == []


@pytest.mark.timeout(600)
def test_what_is_told_is_what_the_documents_say(story: Story) -> None:
    said = [each for each in KILLED if each.server in story.killed]
    assert len(said) == len(KILLED)
    allowed = {name for each in said for name in (*each.told, *each.also)} | BEFORE
    heard = {name for each in story.letters for name in each.names(firing=True)}
    assert {name for each in said for name in each.told} <= heard <= allowed


def test_each_thing_is_one_message_although_everything_died_in_turn(story: Story) -> None:
    alerts = {alert.name: alert for alert in story.running.stack.alerts}
    # Prometheus' second death made Alertmanager forget, and so tell anew.
    before = [each for each in story.letters if each.received < story.killed["prometheus"]]
    heard = {name for each in before for name in each.names(firing=True)} - ALWAYS
    found = [
        each for name in heard for each in storms(before, alerts[name], story.running.stack, story.began)
    ]
    assert found == []
    for name in of_databases():
        assert [len(each.names(firing=True)) for each in before if name in each.names(firing=True)] == [1]


def test_a_restart_of_prometheus_is_no_new_incident(story: Story) -> None:
    assert len(story.same) > 2
    assert all(each == story.same[0] for each in story.same)
    assert len(story.same[0]) == len(of_databases())


def test_an_alertmanager_that_is_away_is_noticed_by_the_heartbeat_alone(story: Story) -> None:
    killed, back = story.killed["alertmanager"], story.back["alertmanager"]
    away = BY_SERVER["alertmanager"].heartbeat
    assert away is not None
    assert back - killed > away * TIME_SCALE + SILENCE
    assert [each for each in story.letters if killed < each.received < back] == []


def test_the_heartbeat_stays_away_when_prometheus_does(story: Story) -> None:
    killed, back = story.killed["prometheus"], story.back["prometheus"]
    last = max(each for each in story.heartbeats() if each < back)
    away = BY_SERVER["prometheus"].heartbeat
    assert away is not None
    assert last - killed < away * PROMISES
    assert back - last > SILENCE
    eventually(lambda: story.heartbeats()[-1] > back, "the heartbeat is back", within=LEARNS + SLACK)


def test_what_was_forgotten_is_told_anew_once(story: Story) -> None:
    names, since = BY_SERVER["exporter"].told, story.killed["prometheus"]
    alerts = [each for each in story.running.stack.alerts if each.name in names]
    assert len(alerts) == len(names)
    for alert in alerts:
        assert storms(story.letters, alert, story.running.stack, since) == []
