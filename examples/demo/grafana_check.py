"""`make grafana-check`: the generated files in a real Grafana, and docs/grafana-check.md about what it did.

Without --grafana, the program `grafana` on PATH is run twice: on the committed files, byte for byte, and in
the demo's chain, where rules have data, and Grafana must say of each drilled alert what Prometheus says.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dashboards import tombstones
from dashboards.drill import Drill
from dashboards.drill.storm import letters
from dashboards.drill.watch import ALWAYS
from dashboards.errors import StackError
from dashboards.grafana_api import Grafana as Client
from dashboards.grafana_proof import answered, evaluated, loaded
from dashboards.prove import last
from dashboards.seen import Seen
from dashboards.stack import STACK
from dashboards.write import render
from examples.demo.__main__ import TIME_SCALE, directory, ends_by_signals, say
from examples.demo.chain import Chain
from examples.demo.grafana_doctor import examined
from examples.demo.grafana_drills import Duel, Verdict
from examples.demo.grafana_report import FAILED, PASSED, REPORT, Report, digest
from examples.demo.grafana_variations import told
from examples.demo.process import ROOT, ServerError, free_port
from examples.demo.render import demo_stack, grafana_stack, renderer
from examples.demo.scenario import Plan, Scenario, first
from examples.demo.servers import Grafana
from examples.drills import DRILLS

COMMITTED = ROOT / "provisioning/grafana"
BURIED = tombstones.buried(ROOT / "provisioning")
ERROR_LINE = re.compile(r"level=(?:error|eror|fatal|crit)\b.*")
# We provision no plugins, and Grafana calls the folder that is not there an error.
HARMLESS = re.compile(r"plugin provisioning files from directory")
# Prometheus is not there while only the files are loaded, so rules and boards cannot ask it.
NOT_OF_FILES = re.compile(
    r"logger=(?:ngalert|tsdb|plugin|data-proxy|query_data)\S*|no such host|connection refused"
)
SHOWN = 300
UNREACHABLE = "PrometheusUnreachable"
# Grafana's clock ticks every ten seconds, whatever the scale.
UNREACHABLE_SECONDS = 150


def main() -> int:
    """Run the check; 1 if something is not as it should be, 2 if there is no Grafana."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.demo.grafana_check",
        description=__doc__,
        epilog="Credentials for --grafana: GRAFANA_TOKEN, or GRAFANA_USER and GRAFANA_PASSWORD.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--grafana", metavar="URL", help="ask this one, which already reads provisioning/")
    parser.add_argument("--output", type=Path, default=REPORT, help=f"default: {REPORT.relative_to(ROOT)}")
    parser.add_argument("--all-drills", action="store_true", help="not only the few that CI makes")
    options = parser.parse_args()
    ends_by_signals()
    verdicts: list[Verdict] = []
    try:
        if options.grafana:
            sections = _asked(options.grafana)
        else:
            sections, verdicts = _run(in_ci=not options.all_drills)
    except (ServerError, StackError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    well = all(seen.well for found in sections.values() for seen in found)
    well = well and not any(each.problems for each in verdicts)
    (version,) = {
        seen.seen.partition(";")[0] for found in sections.values() for seen in found if seen.what == "version"
    }
    report = Report(
        version=version,
        date=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        files=digest(render(STACK)),
        verdict=PASSED if well else FAILED,
    )
    options.output.write_text(report.markdown(sections, verdicts))
    say(f"{report.verdict}; README.md should say: {report.sentence(report.files)}")
    return 0 if well else 1


def _asked(url: str) -> dict[str, list[Seen]]:
    """A Grafana that somebody else runs: nothing is injected there, so no message is waited for."""
    client = Client.of_environment(url, STACK.datasource_uid)
    found = [
        *loaded(STACK, client, buried=BURIED),
        evaluated(STACK, client),
        answered(STACK, client, last(3600)),
    ]
    return {"A running Grafana": _told(found)}


def _run(*, in_ci: bool) -> tuple[dict[str, list[Seen]], list[Verdict]]:
    with directory() as home:
        committed = _committed(home)
    with directory() as home:
        chain, verdicts = _chain(home, DRILLS.chosen((), in_ci=in_ci))
    with directory() as home:
        say("grafana on files that somebody changed")
        changed = _told(told(home))
    sections = {
        "The committed files, byte for byte": committed,
        "Files that somebody changed": changed,
        "The demo's chain": chain,
    }
    return sections, verdicts


def _committed(home: Path) -> list[Seen]:
    """Grafana starts on what is committed, and holds all of it."""
    server = Grafana(home / "grafana", COMMITTED, port=free_port())
    say("grafana on the committed files")
    try:
        server.start()
        found = [
            *loaded(STACK, _client(server), buried=BURIED),
            _log(server, lambda line: not NOT_OF_FILES.search(line)),
        ]
    finally:
        server.stop()
    return _told(found)


def _chain(home: Path, drills: Sequence[Drill]) -> tuple[list[Seen], list[Verdict]]:
    """The same definitions on the demo's clock, with data."""
    say(f"the demo's chain with grafana, on a clock that is {1 / TIME_SCALE:g} times as fast")
    chain = Chain(home, renderer(time_scale=TIME_SCALE), time_scale=TIME_SCALE, grafana=True, report=say)
    with chain:
        assert chain.grafana is not None  # noqa: S101 - asked for above
        client = _client(chain.grafana)
        local = demo_stack(STACK, chain.ports, time_scale=TIME_SCALE, home=home)
        stack = grafana_stack(local, chain.ports, home)
        scenario = Scenario(chain, local, Plan())
        scenario.load(scenario.plan.fixed).run()
        found = _told(examined(local, stack, chain, client))
        found += _told([answered(stack, client, last(scenario.plan.fixed * TIME_SCALE))])
        duel = Duel(chain, client, say)
        verdicts = duel.run(drills)
        found += _told([duel.alike(), evaluated(stack, client), _log(chain.grafana, lambda _: True)])
        found += _told(_blind(scenario, client))
    return found, verdicts


def _blind(scenario: Scenario, client: Client) -> Iterator[Seen]:
    """The one rule that Grafana alone evaluates: Prometheus is gone, and comes back."""
    chain, began = scenario.chain, time.time()
    yield _heard(scenario, UNREACHABLE, "firing", chain.prometheus.stop)
    health = client.health()
    told = f"{health['status']}: {health['message']}"
    yield Seen(what="data source meanwhile", seen=told, well=health["status"] == "ERROR")
    yield _heard(scenario, UNREACHABLE, "resolved", chain.prometheus.start)
    if chain.grafana_webhook:
        yield alone(chain.grafana_webhook.messages(), UNREACHABLE, began)


def alone(messages: Iterable[dict[str, Any]], alert: str, since: float) -> Seen:
    """Whether one message told that this alert fires, and none that another does."""
    heard = [
        ", ".join(sorted(names))
        for message in messages
        if message["received"] >= since
        for letter in letters(message)
        if (names := letter.names(firing=True) - ALWAYS)
    ]
    told = f"{len(heard)}: {'; '.join(heard)}"
    return Seen(what="messages meanwhile of what fires", seen=told, well=heard == [alert])


def _heard(scenario: Scenario, alert: str, status: str, cause: Callable[[], object]) -> Seen:
    began = time.time()
    cause()
    receiver = scenario.chain.grafana_webhook
    while receiver and time.time() < began + UNREACHABLE_SECONDS:
        if found := first(receiver, alert, status, began):
            return Seen(
                what=f"{alert} {status}", seen=f"delivered {found.seconds:.0f} s after its cause", well=True
            )
        time.sleep(1)
    return Seen(what=f"{alert} {status}", seen="no message arrived", well=False)


def _client(server: Grafana) -> Client:
    password = server.env["GF_SECURITY_ADMIN_PASSWORD"]
    return Client(url=server.url, user="admin", password=password, datasource=STACK.datasource_uid)


def _log(server: Grafana, ours: Callable[[str], bool]) -> Seen:
    found = (line[0] for line in ERROR_LINE.finditer(server.log.read_text(errors="replace")))
    lines = [line for line in found if ours(line) and not HARMLESS.search(line)]
    seen = f"{len(lines)} errors" + "".join(f"; {line[:SHOWN]}" for line in lines[:3])
    return Seen(what="Grafana's log", seen=seen.replace("|", "/"), well=not lines)


def _told(found: Iterator[Seen] | list[Seen]) -> list[Seen]:
    """The list, each line said as it comes."""
    told = []
    for seen in found:
        say(f"{'ok   ' if seen.well else 'WRONG'} {seen.what}: {seen.seen}")
        told.append(seen)
    return told


if __name__ == "__main__":
    sys.exit(main())
