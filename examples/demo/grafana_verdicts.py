"""`make checks-grafana`: what a real Grafana does with files that are wrong; writes docs/checks-grafana.md.

Each case is loaded into one Grafana, from which what the case before it defined is taken away; what loads and
should fail is evaluated. The programs `grafana` and `prometheus` are looked for on PATH.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from dashboards.checks import RULES
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.check import ERRS, STOPS
from examples.demo.__main__ import directory, ends_by_signals, say
from examples.demo.process import ROOT, ServerError, wait_until
from examples.demo.servers import Grafana, Prometheus
from examples.demo.wrong_files import BEYOND, Case, cases

REPORT = ROOT / "docs/checks-grafana.md"
USER = "admin"
# Takes away what the samples define; a contact point last, as routes name it.
CLEAN = """\
apiVersion: 1
resetPolicies: [1]
deleteMuteTimes: [{name: nights}]
deleteTemplates: [{name: chat}]
deleteRules: [{uid: up}, {uid: other}, {uid: api-up}]
deleteContactPoints: [{uid: chat}]
"""
SCRAPED = (
    "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: own, static_configs: [{targets: [%s]}]}]\n"
)
SOURCE = "apiVersion: 1\ndatasources: [{name: P, uid: prom, type: prometheus, access: proxy, url: '%s'}]\n"
EVALUATED = 45.0
SHOWN = 110
REASON = re.compile(r'(?:level=error|level=eror).*?(?:error|err)="?(.*?)"?\s*$')


@dataclass(frozen=True, slots=True)
class Row:
    """What both say of a case.

    Attributes:
        name: of the case.
        grafana: `stops`, `errs` or `loads`.
        ours: `stops`, `errs`, `warns` or `none`; of several findings the worst.
        checks: which of ours said so.
        said: Grafana's words.
    """

    name: str
    grafana: str
    ours: str
    checks: tuple[str, ...]
    said: str = ""

    @property
    def agree(self) -> bool:
        """Whether Grafana stops where we say so, and nowhere else, and errs where we say so."""
        stopping = (self.grafana == "stops") == (self.ours == "stops") or self.name in BEYOND
        return stopping and (self.ours != "errs" or self.grafana == "errs")


def ours(case: Case, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Our verdict on a case, written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, text in enumerate(case.texts):
        (folder / f"case{number}{case.suffix}").write_text(text, encoding="utf-8")
    findings = judge(found([folder]), RULES)
    worst = (
        "stops"
        if any(each.effect == STOPS for each in findings)
        else "errs"
        if any(each.effect == ERRS for each in findings)
        else "warns"
        if findings
        else "none"
    )
    return worst, tuple(sorted({each.rule for each in findings}))


class Judge:
    """A running Grafana that reads its alerting files anew when it is asked to."""

    def __init__(self, home: Path) -> None:
        provisioning = home / "provisioning"
        self.folder = provisioning / "alerting"
        self.loads = 0
        for name in ("alerting", "datasources", "dashboards", "plugins"):
            (provisioning / name).mkdir(parents=True)
        config = home / "prometheus.yml"
        self.prometheus = Prometheus(home / "prometheus", config)
        config.write_text(SCRAPED % self.prometheus.address, encoding="utf-8")
        source = provisioning / "datasources/prometheus.yaml"
        source.write_text(SOURCE % self.prometheus.url, encoding="utf-8")
        self.grafana = Grafana(home / "grafana", provisioning)
        self.grafana.env |= dict.fromkeys(("SLACK_URL", "SLACK_TOKEN"), "https://127.0.0.1/hook")

    def ask(self, method: str, path: str) -> requests.Response:
        """An answer of Grafana's API."""
        password = self.grafana.env["GF_SECURITY_ADMIN_PASSWORD"]
        return requests.request(method, self.grafana.url + path, auth=(USER, password), timeout=60)

    def load(self, texts: Sequence[str], suffix: str = ".yaml") -> str:
        """Why Grafana refuses these files; empty if it takes them."""
        for old in self.folder.iterdir():
            old.unlink()
        for number, text in enumerate(texts):
            if not text.startswith("datasources:"):  # of which Grafana has its own here
                (self.folder / f"case{number}{suffix}").write_text(text, encoding="utf-8")
        before = self.grafana.log.stat().st_size
        answer = self.ask("POST", "/api/admin/provisioning/alerting/reload")
        if answer.ok:
            return ""
        with self.grafana.log.open("rb") as log:
            log.seek(before)
            lines = log.read().decode(errors="replace").splitlines()
        reasons = [match[1] for line in lines if (match := REASON.search(line))]
        return reasons[-1] if reasons else answer.text

    def health(self, uid: str) -> str:
        """What an evaluation of the loaded rule says: empty if it is well."""
        told: dict[str, Any] = {}

        def evaluated() -> bool:
            groups = self.ask("GET", "/api/prometheus/grafana/api/v1/rules").json()["data"]["groups"]
            rules = [each for group in groups for each in group["rules"]]
            told.update(next((each for each in rules if each["uid"] == uid), {}))
            return not str(told.get("lastEvaluation", "0")).startswith("0")

        wait_until(evaluated, "an evaluation", timeout=EVALUATED, pause=0.5)
        return str(told.get("lastError") or "error") if told.get("health") == "error" else ""

    def verdict(self, case: Case, expected: str) -> tuple[str, str]:
        """What Grafana does with a case, and its words."""
        self.load((CLEAN.replace("[{uid: up}", f"[{{uid: up}}, {{uid: up-{self.loads}}}"),))
        texts = [text.replace("interval: 1m", "interval: 10s") for text in case.texts]
        if expected == "errs":  # under a name of its own, so that no other rule's evaluation counts
            self.loads += 1
            texts = [text.replace("uid: up\n", f"uid: up-{self.loads}\n") for text in texts]
        said = self.load(texts, case.suffix)
        if said:
            return "stops", said
        if expected != "errs":
            return "loads", ""
        error = self.health(f"up-{self.loads}")
        return ("errs", error) if error else ("loads", "")


def main() -> int:
    """Judge every case; 1 if Grafana and the checks disagree, 2 if there is no Grafana."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo.grafana_verdicts", description=__doc__)
    parser.add_argument("--output", type=Path, default=REPORT, help=f"default: {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    ends_by_signals()
    rows: list[Row] = []
    try:
        with directory() as home:
            judge_ = Judge(home)
            try:
                judge_.prometheus.start()
                judge_.grafana.start()
                version = judge_.ask("GET", "/api/health").json()["version"]
                for case in cases():
                    verdict, checks = ours(case, home / "ours/alerting")
                    grafana, said = judge_.verdict(case, verdict)
                    rows.append(Row(case.name, grafana, verdict, checks, said.replace(str(home), "")))
                    say(f"{'' if rows[-1].agree else 'APART '}{rows[-1]}")
            finally:
                judge_.grafana.stop()
                judge_.prometheus.stop()
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.output.write_text(page(version, rows), encoding="utf-8")
    return 0 if all(row.agree for row in rows) else 1


def page(version: str, rows: Sequence[Row]) -> str:
    """The report."""
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    apart = sum(not row.agree for row in rows)
    lines = [
        "# What Grafana does with wrong files, and what we say",
        "",
        f"Grafana {version} was given each of these {len(rows)} files or sets of files on {date}, by",
        "`make checks-grafana`, which writes this page. *stops*: it refuses to load them, which ends it at",
        "its start. *errs*: it loads them, and the evaluation fails. *loads*: it says nothing; evaluated was",
        "only what should fail. Ours is the worst that [the checks](checks.md) say; *warns* is of what",
        "Grafana drops, or what never does what is meant.",
        "",
        f"{len(rows) - apart} of {len(rows)} agree: we say that it stops where it does, and nowhere else.",
        "What the database holds and which variables are set, no file says; where that decides, we are",
        "silent: " + "; ".join(sorted(BEYOND)) + ".",
        "",
        "| case | Grafana | ours | checks | Grafana's words |  |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = " ".join(row.said.split()).replace("|", "/").replace("`", "'")
        said = said[:SHOWN] + ("…" if len(said) > SHOWN else "")
        checks = ", ".join(row.checks)
        end = "ok" if row.agree else "apart"
        lines.append(f"| {row.name} | {row.grafana} | {row.ours} | {checks} | {said} | {end} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    say(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
