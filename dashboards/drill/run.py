"""Run drills: lanes at once, one fault of a lane after the other, each healed whatever happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from dashboards.drill.message import Messages
from dashboards.drill.model import TOLERANCE, Drill, Outcome, Report, Site, Times, lateness
from dashboards.drill.record import fingerprints
from dashboards.drill.storm import storms
from dashboards.drill.watch import EndedError, Told, Watch
from dashboards.errors import StackError

POLL = 0.2
# Seconds that an alert of an earlier drill may take until it is over, and told so.
QUIET = 120.0
LONGEST = 1800.0
UNDECLARED = " fired too, which nothing declares"
# Seconds between the two channels of one route.
CHAT = 10.0
Look = Callable[[Drill, float], list[str]]


class Course:
    """Drills on one site.

    Args:
        site: what to break.
        report: is told what happens, a line at a time.
        look: is called while a fault is on and all its alerts were delivered, with the drill and the Unix
            time at which it was injected; says what is wrong.
    """

    def __init__(
        self, site: Site, *, report: Report = lambda _: None, look: Look = lambda _drill, _since: []
    ) -> None:
        self.site = site
        self.report = report
        self.look = look
        self.alerts = {alert.name: alert for alert in site.stack.alerts}
        self.rules = fingerprints(site.built or site.stack)
        self.watch = Watch(site)
        self.messages = Messages(site)
        self.settling: list[Future[None]] = []
        self.awaited: set[str] = set()  # alerts whose end is not told yet

    def run(self, drills: Sequence[Drill]) -> list[Outcome]:
        """Every drill; the outcomes of each alert, in the order of the drills.

        Raises:
            StackError: an alert is not of this stack, something fires before anything was broken, or
                there is no answer.
        """
        self._require(drills)
        lanes: dict[str, list[Drill]] = {}
        for drill in drills:
            lanes.setdefault(drill.lane, []).append(drill)
        alone = lanes.pop("", [])
        outcomes = {id(drill): self._outcomes(drill) for drill in drills}

        def play(lane: Iterable[Drill]) -> None:
            for drill in lane:
                if drill.last:
                    wait(self.settling)
                self._play(drill, outcomes[id(drill)])

        self.watch.start()
        try:
            self._wait(lambda: not self._firing_before(), QUIET)
            if firing := self._firing_before():
                raise StackError(
                    f"{', '.join(sorted(firing))} fire although nothing was broken yet; expected none but "
                    "Watchdog; see what is wrong, or wait until it is over"
                )
            with ThreadPoolExecutor(max(1, len(lanes))) as pool, ThreadPoolExecutor(64) as self.settlers:
                try:
                    for each in [pool.submit(play, lane) for lane in lanes.values()]:
                        each.result()
                    play(self._in_turn(alone))
                    for each in self.settling:
                        each.result()
                except BaseException:
                    self.watch.ended.set()  # the faults heal, and the pools can close
                    raise
        finally:
            self.watch.stop()
        for drill in drills:  # something may have fired when the drill that is suspected was over
            self._blame_strays(drill, outcomes[id(drill)])
        return [each for drill in drills for each in outcomes[id(drill)]]

    def _in_turn(self, drills: Sequence[Drill]) -> Iterator[Drill]:
        """As they stand, but those first that have nothing to wait for."""
        for left in ([each for each in drills if each.last is last] for last in (False, True)):
            while left:
                drill = next((each for each in left if not self.kept_back(each)), left[0])
                left.remove(drill)
                yield drill

    def kept_back(self, drill: Drill) -> set[str]:
        """Alerts whose end nobody would be told: Alertmanager forgets what is over while it is inhibited.

        A drill waits for those too that it would keep firing: their times are their own.
        """
        silenced = {
            self.alerts[name].service for name in drill.allowed if self.alerts[name].inhibits is not None
        }
        awaited = self.awaited.copy()
        return {name for name in awaited if name in drill.allowed or self.alerts[name].service in silenced}

    def _firing_before(self) -> set[str]:
        return self.watch.firing() - self.site.lasting

    def _require(self, drills: Sequence[Drill]) -> None:
        for name in (each for drill in drills for each in drill.allowed):
            if name not in self.alerts:
                raise StackError(
                    f"a drill names the alert {name!r}, which this stack does not have; correct the drill"
                )

    def _outcomes(self, drill: Drill) -> list[Outcome]:
        return [
            Outcome(
                alert=name,
                rule=self.rules[name],
                drill=drill,
                computed=Times.computed(self.alerts[name], drill, self.site.stack),
            )
            for name in drill.alerts
        ]

    def _play(self, drill: Drill, outcomes: list[Outcome]) -> None:
        """Inject, wait until all is delivered, heal; what is over is awaited beside the next drill."""
        # An alert is silent beside a graver one of the same thing, which an earlier drill may have fired.
        gravers = (alert.yields_to.name for name in drill.alerts if (alert := self.alerts[name]).yields_to)
        before = (*drill.alerts, *gravers)
        if not self._wait(lambda: all(map(self.watch.over, before)), QUIET):
            still = [name for name in before if not self.watch.over(name)]
            _blame(outcomes, f"{', '.join(still)} fired, or was not told to be over, before {drill} began")
            return
        self._wait(lambda: not self.kept_back(drill), LONGEST)
        self.watch.allow(drill)
        began = time.time()
        self.report(f"{drill}: injected; {', '.join(drill.alerts)} must fire")
        try:
            with self.site.inject(drill):
                on = time.time()  # to fill a memory takes its time
                for each in outcomes:
                    self._await_firing(each, began, on)
                for each in outcomes:
                    self._await_message(each, began, on)
                _blame(outcomes, *self.look(drill, began))
        except (EndedError, StackError):
            raise
        except Exception as error:  # a fault may raise anything
            _blame(outcomes, f"{drill}: {type(error).__name__}: {error}")
        healed = time.time()
        self.watch.healed(drill)
        self.report(f"{drill}: healed after {healed - began:.0f} s")
        self.awaited |= {each.alert for each in outcomes if each.delivered is not None}
        self.settling.append(self.settlers.submit(self._settle, drill, outcomes, began, healed))

    def _await_firing(self, outcome: Outcome, began: float, on: float) -> None:
        limit = outcome.computed.fired + TOLERANCE
        self._wait(lambda: self.watch.fired(outcome.alert, began) is not None, on + limit - time.time())
        fired = self.watch.fired(outcome.alert, began)
        if fired is None:
            outcome.problems.append(f"did not fire within {limit:.0f} s")
            return
        outcome.fired = max(0.0, fired - on)
        held = self.alerts[outcome.alert].hold * self.site.stack.time_scale
        passed = fired - self.watch.cause_began(outcome.alert, began)
        # A scrape that began just before it may have met it, and its samples bear the time at which it began.
        if passed < held - self.site.stack.scraped.timeout:
            outcome.problems.append(
                f"fired {passed:.1f} s after the injection began, before its hold of {held:g} s had passed: "
                "it is not held, or something else fires it"
            )

    def _await_message(self, outcome: Outcome, began: float, on: float) -> None:
        if outcome.fired is None:
            return
        limit = outcome.computed.delivered + TOLERANCE

        about = outcome.drill.about

        def told() -> bool:
            found = self.watch.message(outcome.alert, "firing", began, about)
            return found is not None and about.items() <= found.alert["labels"].items()

        self._wait(told, on + limit - time.time())
        message = self.watch.message(outcome.alert, "firing", began, about)
        if message is None:
            outcome.problems.append(f"was not delivered within {limit:.0f} s")
        else:
            outcome.delivered = max(0.0, message.received - on)
            outcome.problems += self.messages.problems(message, outcome.drill)
            if self.site.chats:
                outcome.problems += self._chat_problems(message, began)

    def _chat_problems(self, message: Told, began: float) -> list[str]:
        self._wait(lambda: self.watch.chat(message.name, began) is not None, CHAT)
        chat = self.watch.chat(message.name, began)
        if chat is None:
            return [f"no chat was told of it, with its name in the title, within {CHAT:g} s of the message"]
        return self.messages.worded(chat, message)

    def _settle(self, drill: Drill, outcomes: list[Outcome], began: float, healed: float) -> None:
        """Wait until each alert is over, and told so; then nothing that fires is this drill's any more."""
        for each in outcomes:
            if each.delivered is not None:
                self._await_end(each, healed)
        # What is pending by now fires because of it, however late.
        self._wait(lambda: not self.watch.active(drill.allowed), QUIET)
        self.watch.disallow(drill)
        self._blame_strays(drill, outcomes)
        sent = self.watch.sent()
        for name in sorted(drill.allowed):
            _blame(outcomes, *storms(sent, self.alerts[name], self.site.stack, began))
        for each in outcomes:
            self.report(line(each))

    def _blame_strays(self, drill: Drill, outcomes: Iterable[Outcome]) -> None:
        strays = {str(each) for each in self.watch.strays if any(drill is one for one in each.drills)}
        for each in outcomes:
            each.problems[:] = [said for said in each.problems if not said.endswith(UNDECLARED)]
            if strays:
                each.problems.append(", ".join(sorted(strays)) + UNDECLARED)

    def _await_end(self, outcome: Outcome, healed: float) -> None:
        """Another fault may keep the alert firing; then it is over so long after that one's end."""
        limit = outcome.computed.resolved + TOLERANCE

        def over() -> bool:
            return self.watch.over(outcome.alert)

        def over_or_late() -> bool:
            ended = self.watch.cause_ended(outcome.alert, healed)
            return over() or (ended is not None and time.time() > ended + limit)

        self._wait(over_or_late, LONGEST)
        self.awaited.discard(outcome.alert)
        message = self.watch.last_message(outcome.alert, "resolved")
        if message is None or message.received < healed or not over():
            outcome.problems.append(f"was not told to be over within {limit:.0f} s of the healing")
        else:
            # Another fault that was healed meanwhile may have kept it firing.
            told = message.received
            outcome.resolved = told - self.watch.cause_healed(outcome.alert, healed, told)
            if outcome.resolved > limit:
                outcome.problems.append(f"was told to be over later than within {limit:.0f} s of the healing")

    def _wait(self, ready: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline:
                return False
            self.watch.wait(POLL)
        return True


def _blame(outcomes: Iterable[Outcome], *problems: str) -> None:
    for each in outcomes:
        each.problems += problems


def line(outcome: Outcome) -> str:
    """One outcome for people: each time, the latest that is computed, and by how much it came later."""
    computed = outcome.computed
    told = ", ".join(
        f"{word} after {'-' if seconds is None else f'{seconds:.0f}'} s (computed {limit:.0f})"
        f"{lateness(seconds, limit)}"
        for word, seconds, limit in (
            ("fired", outcome.fired, computed.fired),
            ("delivered", outcome.delivered, computed.delivered),
            ("resolved", outcome.resolved, computed.resolved),
        )
    )
    word = "ok    " if outcome.well else "FAILED"
    return f"{word} {outcome.alert}: {told}" + "".join(f"; {each}" for each in outcome.problems)
