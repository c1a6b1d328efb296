"""`python -m examples.demo`: a backend as audited, then fixed, then broken, and the message about it."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import logging
import os
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dashboards.prove.report import panels, summary, undeclared
from dashboards.queries import NOW_WINDOW
from dashboards.scorecard import Score, lines
from dashboards.stack import STACK
from examples.demo.chain import Chain
from examples.demo.process import ServerError
from examples.demo.render import demo_stack, renderer
from examples.demo.scenario import Delivery, Phase, Plan, Scenario
from examples.demo.states import STATES
from signals.audit import QUARTER

TIME_SCALE = 1 / 15
# So long after a signal it is looked whether it ends anything.
LOST = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BEGAN = time.monotonic()


def main() -> int:
    """Play the demo; 1 if the message did not come, 2 if a server did not start."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep everything running until Ctrl-C")
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=TIME_SCALE,
        help="factor on intervals, windows and holds; 1 in production; default 1/15",
    )
    options = parser.parse_args()
    ends_by_signals()
    # Of a transaction that Ctrl-C breaks off, psycopg would tell on the terminal.
    logging.getLogger("psycopg").addHandler(logging.NullHandler())
    try:
        return play(options.time_scale, stay=options.stay)
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _time_scale(text: str) -> float:
    try:
        if 0.05 <= float(text) <= 1:
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"it is {text!r}; expected 0.05 to 1")


def play(time_scale: float, *, stay: bool) -> int:
    """Everything, in a directory that is gone afterwards."""
    say(f"time_scale {time_scale:.4g}: 15 minutes of production take {900 * time_scale:.0f} s here")
    with directory() as home:
        chain = Chain(
            home,
            renderer(time_scale=time_scale),
            state="baseline",
            time_scale=time_scale,
            grafana=shutil.which("grafana") is not None,
            report=say,
        )
        with chain:
            scenario = Scenario(chain, demo_stack(STACK, chain.ports, time_scale=time_scale), Plan())
            delivered = _three_phases(scenario)
            if stay:
                _stay(chain)
    return 0 if delivered else 1


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(_timed(line), flush=True)


def _timed(line: str) -> str:
    return f"[{time.monotonic() - BEGAN:5.0f} s] {line}"


def _three_phases(scenario: Scenario) -> bool:
    plan = scenario.plan
    scale = scenario.stack.time_scale
    say(f"baseline: the backend as audited, {plan.rate:g} requests/s for {plan.baseline * scale:.0f} s")
    before = scenario.baseline()
    _show(before, scale)
    say(
        "fixed: indexes, joins, cache, compression, max_connections 200, maxmemory 512 MB; "
        f"the same load for {plan.fixed * scale:.0f} s"
    )
    _show(scenario.fixed(), scale, before.scores)
    say(
        f"fault: {plan.fault}; {plan.alert} must be delivered, and be over when it is healed; times in its "
        f"text are scaled: {60 * scale:.2g} s is a minute in production"
    )
    arrived = set()
    for delivery in scenario.drill():
        _tell(delivery, linked=scenario.chain.grafana is not None)
        arrived.add((delivery.receiver, delivery.status))
    missing = {("webhook", "firing"), ("webhook", "resolved")} - arrived
    for _, status in sorted(missing):
        say(f"{plan.alert} was not delivered as {status} in time")
    return not missing


def _show(phase: Phase, scale: float, before: Sequence[Score] = ()) -> None:
    _indented(phase.load.lines())
    say(
        f"{phase.name}: the scorecard; rates and times are those of the last {NOW_WINDOW * scale:.0f} s; "
        f'"cut by" compares with the worst {QUARTER * scale:.0f} s so far, at the baseline its own'
    )
    _indented(lines(phase.scores, before))
    others = [each for each in phase.proofs if each.what != "panel"]
    for proofs in (panels(phase.proofs), others):
        say(f"{phase.name}: {summary(proofs)}")
        _indented(undeclared(proofs))
    _indented(STATES.disproved(phase.proofs, STACK))
    say(f"{phase.name}: alerts firing: {', '.join(phase.firing) or 'none but the watchdog'}")


def _indented(text: Iterable[str]) -> None:
    for line in text:
        print(f"          {line}")


def _tell(delivery: Delivery, *, linked: bool) -> None:
    labels, annotations = delivery.alert["labels"], delivery.alert["annotations"]
    say(f"delivered to {delivery.receiver} after {delivery.seconds:.0f} s:")
    told = [f"[{delivery.status.upper()}] {labels['severity']}: {labels['alertname']}"]
    if delivery.status == "firing":
        names = ("summary", "description", "dashboard_url", "runbook_url")
        told += [f"{name}: {annotations[name]}" for name in names if annotations.get(name)]
        if not linked:
            runbook = f"alerts/runbooks/{labels['alertname']}.md"
            told.append(f"the links lead into Grafana; there is none on PATH, so read {runbook}")
    _indented(told)


def _stay(chain: Chain) -> None:
    """Tell how to look around, and wait for the end."""
    _around(chain)
    say("Ctrl-C ends everything")
    threading.Event().wait()


def _around(chain: Chain) -> None:
    for name in ("postgres", "pgbouncer", "redis"):
        say(f"{name}: {chain.ports.address(name)}")
    for server in chain.observers:
        say(f"{server.name}: {server.url}")
    secret = chain.home / "exporter.env"
    secret.touch(mode=0o600)
    secret.write_text("".join(f"{name}={shlex.quote(url)}\n" for name, url in chain.exporter.env.items()))
    config, check = chain.home / "exporter.yml", shlex.join(chain.exporter.arguments)
    say(f"the collectors: (set -a; . {secret}; python -m exporters check {check})")
    say(f"the indexes: (set -a; . {secret}; python -m exporters indexes --config.file {config})")
    file = chain.home / "chain.json"
    chain.targets.save(file)
    options = f"--prometheus {chain.prometheus.url} --stack examples.demo.running:STACK --state {chain.state}"
    say(f"more load:   python -m examples.load --url {chain.api.url} --rate 25 --seconds 600")
    say(f"all panels, under that load: DEMO={file} python -m dashboards prove {options}")
    say(f"more faults: python -m examples.faults errors --chain {file}")


def ends_by_signals() -> None:
    """Let Ctrl-C and its kin end everything in order."""
    for number in SIGNALS:
        signal.signal(number, _end)


def _end(number: int, _: object) -> None:
    """Leave by the finally clauses, once: a second Ctrl-C must not interrupt the tidying."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    # Whatever is being printed may not be interrupted by another print.
    os.write(sys.stdout.fileno(), f"{_timed('ending')}\n".encode())

    # Raised in what the garbage collector calls, it is lost, which is nothing to tell: it comes again.
    sys.unraisablehook = _unless_ended

    def again(_number: int, _frame: object) -> None:
        # Where nothing is being tidied, the first one was lost.
        if sys.exc_info()[0] is None:
            signal.setitimer(signal.ITIMER_REAL, LOST)
            sys.exit(128 + number)

    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, again)
    signal.setitimer(signal.ITIMER_REAL, LOST)
    sys.exit(128 + number)


def _unless_ended(lost: sys.UnraisableHookArgs) -> None:
    if lost.exc_type is not SystemExit:
        sys.__unraisablehook__(lost)


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """One that is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="backend-observability-"))
    try:
        yield home
    finally:
        shutil.rmtree(home)
        say("stopped; nothing is left but the packages")


if __name__ == "__main__":
    sys.exit(main())
