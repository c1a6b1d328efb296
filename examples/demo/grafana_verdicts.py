"""`make checks-grafana`: what a real Grafana does with files that are wrong; writes docs/checks-grafana.md.

Each case is loaded into one Grafana, from which what the case before it defined is taken away. In the end the
rules of all that loaded are evaluated together, each under names of its own. The programs `grafana` and
`prometheus` are looked for on PATH.
"""

from __future__ import annotations

import argparse
import datetime
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from dashboards.checks import RULES
from dashboards.checks.provisioned import found, judge
from dashboards.checks.provisioned.check import ERRS, STOPS
from dashboards.checks.provisioned.sample import placed
from examples.demo.__main__ import directory, ends_by_signals, say
from examples.demo.own_files import MUTATIONS, changes, cleaning, documents
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
# What the cases name.
VARIABLES = dict.fromkeys(("SLACK_URL", "SLACK_TOKEN", "URL", *"CKPST"), "https://127.0.0.1/hook")
VARIABLES |= {"G": "*1234567", "MODE": "html"}
# What policies name, and the database may have beside the files.
DEFINED = ("contactPoints", "muteTimes")
BESIDE = "stops, unless the database has them"
EVALUATED = 120.0
# What is renamed so that all cases have a place beside each other, and is there to be asked for.
UID = re.compile(r"^( +(?:- )?uid: (?!chat)[a-z-]+)$", re.MULTILINE)
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
        """Whether Grafana stops and errs where we say so, and nowhere else."""
        return {self.grafana, self.ours} <= {"loads", "warns", "none"} or (
            self.grafana == self.ours or self.name in BEYOND
        )


def ours(case: Case, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Our verdict on a case, written into a folder."""
    written(folder, case.texts, case.suffix, case.encoding)
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


def written(folder: Path, texts: Sequence[str], suffix: str, encoding: str = "utf-8") -> None:
    """Put these files into a folder called `alerting`, or where their first line says, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        inside, content = placed(text)
        target = folder.parent / (inside or folder.name)
        target.mkdir(exist_ok=True)
        (target / f"case{number}{suffix}").write_text(content, encoding=encoding)


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
        self.grafana.env |= VARIABLES

    def ask(self, method: str, path: str) -> requests.Response:
        """An answer of Grafana's API."""
        password = self.grafana.env["GF_SECURITY_ADMIN_PASSWORD"]
        return requests.request(method, self.grafana.url + path, auth=(USER, password), timeout=60)

    def load(self, texts: Sequence[str], suffix: str = ".yaml", encoding: str = "utf-8") -> str:
        """Why Grafana refuses these files; empty if it takes them."""
        # Of data sources Grafana has its own here.
        written(
            self.folder, [text for text in texts if not text.startswith("datasources:")], suffix, encoding
        )
        before = self.grafana.log.stat().st_size
        answer = self.ask("POST", "/api/admin/provisioning/alerting/reload")
        if answer.ok:
            return ""
        with self.grafana.log.open("rb") as log:
            log.seek(before)
            lines = log.read().decode(errors="replace").splitlines()
        reasons = [match[1] for line in lines if (match := REASON.search(line))]
        return reasons[-1] if reasons else answer.text

    def verdict(self, case: Case, clean: str = CLEAN) -> tuple[str, str]:
        """Whether Grafana stops at a case, and its words."""
        if said := self.load((clean,)):
            raise ServerError(f"Grafana takes nothing after the case before {case.name}: {said}")
        said = self.load(case.texts, case.suffix, case.encoding)
        return ("stops" if said else "loads"), said

    def evaluated(self, given: Mapping[str, Case]) -> dict[str, str]:
        """What fails in the rules of these cases, by their names; empty for what evaluates."""
        texts = [
            renamed(text, number)
            for number, case in enumerate(given.values())
            for text in case.texts
            if UID.search(text) and placed(text)[0] in ("", "alerting")
        ]
        if said := self.load((CLEAN,)) or self.load(texts):
            raise ServerError(f"Grafana does not take together what it takes one by one: {said}")
        found: dict[str, dict[str, Any]] = {}

        def done() -> bool:
            groups = self.ask("GET", "/api/prometheus/grafana/api/v1/rules").json()["data"]["groups"]
            found.update((rule["uid"], rule) for group in groups for rule in group["rules"])
            times = [
                str(each.get("lastEvaluation", "0")) for each in found.values() if not each.get("isPaused")
            ]
            return bool(times) and not any(each.startswith("0") for each in times)

        wait_until(done, "the evaluations", timeout=EVALUATED, pause=1.0)
        failed = dict.fromkeys(given, "")
        names = list(given)
        for uid, each in found.items():
            if each.get("health") == "error":
                failed[names[int(uid.rpartition("-")[2])]] = str(each.get("lastError") or "error")
        return failed


def renamed(text: str, number: int) -> str:
    """A case under names of its own, asking for what is there, every ten seconds."""
    text = UID.sub(rf"\1-of-{number}", text).replace("interval: 1m", "interval: 10s")
    text = text.replace("name: api\n", f"name: api {number}\n").replace(
        "folder: team\n", f"folder: {number}\n"
    )
    return text.replace("worker_alive", "vector(1)")


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
                every = {case.name: case for case in cases()}
                *first, last = every.values()
                for case in first:
                    rows.append(row(case, *judge_.verdict(case), home))
                loaded = {each.name: every[each.name] for each in rows if each.grafana == "loads"}
                for name, error in judge_.evaluated(loaded).items():
                    if error:
                        at = list(every).index(name)
                        rows[at] = replace(rows[at], grafana="errs", said=error)
                own = own_rows(judge_, home)
                rows.append(row(last, *judge_.verdict(last), home))
                for each in rows:
                    say(f"{'' if each.agree else 'APART '}{each}")
            finally:
                judge_.grafana.stop()
                judge_.prometheus.stop()
    except ServerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.output.write_text(page(version, rows) + own_table(own), encoding="utf-8")
    return 0 if all(row.agree for row in rows) and not any("APART" in cell for cell in own.values()) else 1


def own_rows(judge_: Judge, home: Path) -> dict[tuple[str, str, str], str]:
    """Of each file, field and change of our own output what both say."""
    found: dict[tuple[str, str, str], str] = {}
    kept = documents()
    clean = cleaning(kept["notifications.json"])
    for name, document in kept.items():
        for field, change, text in changes(document):
            case = Case(field, (text,), ".json")
            each = row(case, *judge_.verdict(case, clean), home)
            told = "loads" if each.ours == "none" else "loads, and is told"
            cell = each.grafana if each.grafana == "stops" else told
            if (each.grafana == "stops") != (each.ours == "stops"):
                cell = BESIDE if field in DEFINED else f"APART: {each.grafana}, ours {each.ours}"
                say(f"{'' if field in DEFINED else 'APART '}{name} {field} {change}: {each}")
            before = found.get((name, field, change), cell)
            found[name, field, change] = before if before == cell else f"{before}; {cell}"
    return found


def own_table(own: Mapping[tuple[str, str, str], str]) -> str:
    """Our own files, changed field by field."""
    lines = [
        "",
        "## Our own files, changed field by field",
        "",
        "What Grafana does where a field is called otherwise, is missing, or is of another type; *stops*",
        "where we say so too. *is told*: it loads, and a check tells of it. What stands several times is one",
        "line.",
        "",
        "| field | renamed | removed | mistyped |",
        "|---|---|---|---|",
    ]
    fields = dict.fromkeys((name, field) for name, field, _ in own)
    for name, field in fields:
        cells = [own[name, field, mutation.__name__] for mutation in MUTATIONS]
        lines.append(f"| {name}: `{field}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def row(case: Case, grafana: str, said: str, home: Path) -> Row:
    """What both say of a case."""
    verdict, checks = ours(case, home / "ours/alerting")
    return Row(case.name, grafana, verdict, checks, said.replace(str(home), ""))


def page(version: str, rows: Sequence[Row]) -> str:
    """The report."""
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    apart = sum(not row.agree for row in rows)
    lines = [
        "# What Grafana does with wrong files, and what we say",
        "",
        f"Grafana {version} was given each of these {len(rows)} files or sets of files on {date}, by",
        "`make checks-grafana`, which writes this page. *stops*: it refuses to load them, which ends it at",
        "its start. *errs*: it loads them, and the evaluation of a rule fails. *loads*: it takes them, and",
        "each of their rules is evaluated. Ours is the worst that [the checks](checks.md) say; *warns* is of",
        "what Grafana drops, or what never does what is meant.",
        "",
        f"{len(rows) - apart} of {len(rows)} agree: we say that it stops or errs where it does, and nowhere",
        "else. What the database holds, how Grafana is configured and which variables are set, no file says;",
        "where that decides, we are silent:",
        "",
        *(f"- {name}" for name in sorted(BEYOND)),
        "",
        "| case | Grafana | ours | checks | Grafana's words |  |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        said = " ".join(row.said.partition('" stack=')[0].split()).replace("|", "/").replace("`", "'")
        said = said[:SHOWN] + ("…" if len(said) > SHOWN else "")
        checks = ", ".join(row.checks)
        end = "ok" if row.agree else "apart"
        name = row.name.replace("|", "/")
        lines.append(f"| {name} | {row.grafana} | {row.ours} | {checks} | {said} | {end} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    say(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)
