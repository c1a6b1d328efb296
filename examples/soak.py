"""The quiet soak, `python -m examples.soak`: a healthy day in minutes, in which no alert may fire.

The fixed demo under bursts, quiet hours, deploys that replace each worker, and restarts of Redis and of the
exporter. Whatever fires beside the watchdog cried wolf, and is told with what happened then.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlsplit

from dashboards.drill.watch import ALWAYS, Watch
from dashboards.errors import StackError
from examples.demo.__main__ import ends_by_signals, say
from examples.demo.chain import Chain
from examples.demo.prepare import exporter_user
from examples.demo.process import ServerError
from examples.drills.common import TIME_SCALE
from examples.drills.site import own, site_of
from examples.load import Load

LEAST_MINUTES = 10.0


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A part of the day.

    Attributes:
        name: what happens.
        rate: requests per second; 0 is a quiet hour.
        minutes: how long, on production's clock.
        event: happens when a third of it is over.
    """

    name: str
    rate: float
    minutes: float = 10
    event: Callable[[Chain], None] = lambda _: None


def deploy(chain: Chain) -> None:
    """Replace the workers one after the other, as uvicorn does when it is hung up on."""
    if chain.api.process:
        os.kill(chain.api.process.pid, signal.SIGHUP)


def restart_redis(chain: Chain) -> None:
    """Stop it and start it again, empty; the exporter's user is in no file, so it is made anew."""
    chain.redis.stop()
    chain.redis.start()
    exporter_user(chain.redis, urlsplit(chain.exporter.env["REDIS_URL"]).password or "")


def restart_exporter(chain: Chain) -> None:
    """Stop it and start it again."""
    chain.exporter.stop()
    chain.exporter.start()


DAY = (
    Episode(name="a steady hour", rate=25),
    Episode(name="a burst", rate=60, minutes=5),
    Episode(name="few requests", rate=3),
    Episode(name="no request at all", rate=0),
    Episode(name="the morning begins", rate=25),
    Episode(name="a deploy", rate=25, event=deploy),
    Episode(name="the exporter restarts", rate=25, event=restart_exporter),
    Episode(name="a deploy at night", rate=0, event=deploy),
    Episode(name="a deploy in a burst", rate=50, minutes=5, event=deploy),
    Episode(name="Redis restarts", rate=25, event=restart_redis),
)


def main() -> int:
    """Play days until the time is over; 1 if an alert fired, 2 if a server did not start."""
    parser = argparse.ArgumentParser(prog="python -m examples.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=LEAST_MINUTES, help="how long; default %(default)g")
    options = parser.parse_args()
    ends_by_signals()
    try:
        with own(TIME_SCALE, say) as chain:
            found = list(cried(chain, options.minutes * 60))
    except (ServerError, StackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in found:
        say(line)
    say(f"{len(found)} alerts fired beside the watchdog; expected none")
    return 1 if found else 0


def cried(chain: Chain, seconds: float) -> Iterator[str]:
    """What fired in so many seconds of this machine's clock, each with the episode in which it began."""
    watch = Watch(site_of(lambda: chain.targets))
    watch.start()
    end = time.time() + seconds
    began: list[tuple[float, str]] = []
    try:
        for episode in cycle(DAY):
            if time.time() > end:
                break
            say(f"{episode.name}: {episode.rate:g} requests/s")
            began.append((time.time(), episode.name))
            _play(chain, episode, watch)
    finally:
        watch.stop()
    for name, spells in sorted(watch.spells.items()):
        for spell in spells if name not in ALWAYS else ():
            during = [each for at, each in began if at <= spell.start][-1]
            length = "until the end" if spell.end is None else f"for {spell.end - spell.start:.0f} s"
            yield f"{name} fired {length}, from {spell.start - began[0][0]:.0f} s on, in: {during}"


def _play(chain: Chain, episode: Episode, watch: Watch) -> None:
    seconds = episode.minutes * 60 * TIME_SCALE
    load = Load(chain.api.url, rate=episode.rate, seconds=seconds).start() if episode.rate else None
    try:
        watch.wait(seconds / 3)
        episode.event(chain)
        watch.wait(seconds * 2 / 3)
    finally:
        if load:
            load.stop()


if __name__ == "__main__":
    sys.exit(main())
