"""Record the pages of the real processes again: `python -m tests.pages.record`.

That of Grafana where one is on PATH; it takes as long as Grafana tries to deliver a message.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import bcrypt
import psycopg
import requests

from examples.demo.chain import POOLER, PROVISIONING, Chain, Ports
from examples.demo.databases import Redis
from examples.demo.grafana_check import COMMITTED
from examples.demo.process import free_port, wait_until
from examples.demo.servers import Grafana, HttpServer
from examples.faults import injected, make
from exporters.catalogue import CATALOGUE, Metric
from exporters.catalogue.api import EXCEPTIONS, NPLUSONE_REPEATS
from exporters.catalogue.external import GRAFANA_MESSAGES_FAILED
from exporters.catalogue.redis import KEYSPACE_PASS_TIMESTAMP, MASTER_LINK_UP
from exporters.catalogue.redis_detail import MASTER_SILENCE
from exporters.catalogue.self_ import CERTIFICATE_END, CERTIFICATE_LEFT, LOGINS
from exporters.exposition import render
from tests.pages import FOLDER
from tests.servers.certificates import Authority
from tests.servers.exporter_process import Exporter
from tests.servers.exporter_support import add_user, collect, watch

# What an example's users call, so that each family of the application has a sample.
CALLS = ("/health", "/api/dashboard/admin", "/api/employees", "/nowhere")
# And what they send.
SENT = ("/api/payroll/batch", b'{"factory_id": "F001", "year": 2026, "month": 11}')
# What the faults `errors` and `nplusone` strike.
FAILING = "/api/employees"
# A rule and a job, so that Prometheus' metrics of rules and targets are there.
RULES = "groups: [{name: one, rules: [{record: one, expr: vector(1)}]}]\n"
NAME = re.compile(r"(?:# (?:HELP|TYPE) )?([a-z][a-z0-9_]*)")


class Recorded(Chain):
    """The servers that have a page."""

    @property
    def observers(self) -> Sequence[HttpServer]:
        """Without those that nothing is asked of here."""
        return (self.api, self.exporter, self.blackbox, self.prometheus, self.alertmanager)


def _configuration(_ports: Ports, home: Path) -> None:
    folder = home / PROVISIONING / "prometheus"
    folder.mkdir(parents=True)
    (folder / "rules.yml").write_text(RULES)
    jobs = "[{job_name: none, static_configs: [{targets: ['127.0.0.1:9']}]}]"
    notify = home / PROVISIONING / "alertmanager"
    notify.mkdir()
    (notify / "alertmanager.yml").write_text("{route: {receiver: none}, receivers: [{name: none}]}\n")
    (folder / "prometheus.yml").write_text(f"rule_files: [rules.yml]\nscrape_configs: {jobs}\n")


def fetch(url: str, sent: bytes | None = None) -> str:
    """The page, whatever its status, or what is answered to what is sent."""
    question = urllib.request.Request(url, sent, {"Content-Type": "application/json"})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(question, timeout=30) as response:  # noqa: S310 - our own http:// address
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())


@contextmanager
def servers(home: Path) -> Iterator[Recorded]:
    """The backend, fixed and called a few times, once in vain; its observers, and the slot of a replica."""
    with Recorded(home, _configuration, time_scale=0.02) as chain:
        for path in CALLS:
            fetch(chain.api.url + path)
        fetch(chain.api.url + SENT[0], SENT[1])
        with psycopg.connect(chain.postgres.superuser_dsn, autocommit=True) as connection:
            connection.execute("SELECT pg_create_physical_replication_slot('replica', true)")
        with injected(make("errors", chain.targets)):
            wait_until(lambda: _shows(chain, EXCEPTIONS, after=FAILING), "an exception that nobody caught")
        with injected(make("nplusone", chain.targets)):
            wait_until(lambda: _shows(chain, NPLUSONE_REPEATS, after=FAILING), "an N+1")
        page = chain.exporter.url + "/metrics"
        wait_until(lambda: KEYSPACE_PASS_TIMESTAMP.name in fetch(page), "the first pass over the keys")
        time.sleep(1)  # what the exporter remembers for a second is then of this backend
        yield chain


def _shows(chain: Recorded, metric: Metric, *, after: str) -> bool:
    """Whether the application's page has it, once that was called."""
    fetch(chain.api.url + after)
    return metric.name in fetch(chain.exporter.url + "/metrics/api")


def pages(chain: Recorded) -> Mapping[str, str]:
    """Each page, by the name it is recorded under."""
    target = urllib.parse.quote(f"{chain.api.url}/health")
    return {
        "exporter": fetch(f"{chain.exporter.url}/metrics")
        + _of_a_replica(chain.redis, chain.home)
        + _of_its_guard(chain.home / "guarded", REDIS_URL=chain.redis.url),
        "api": fetch(f"{chain.exporter.url}/metrics/api"),
        "pgbouncer": fetch(f"{chain.exporter.url}/probe?target={POOLER}"),
        "blackbox": fetch(f"{chain.blackbox.url}/probe?module=http_2xx&target={target}"),
        "prometheus": _declared("prometheus", fetch(f"{chain.prometheus.url}/metrics"), chain.home),
        "alertmanager": _declared("alertmanager", fetch(f"{chain.alertmanager.url}/metrics"), chain.home),
    }


def _of_a_replica(master: Redis, home: Path) -> str:
    """What the exporter says of Redis only where that is a replica."""
    replica = Redis(home / "redis-replica", replicaof=f"127.0.0.1 {master.port}")
    try:
        replica.start()
        add_user(replica)
        with closing(watch(replica)) as backend:
            wait_until(lambda: collect(backend).of(MASTER_LINK_UP) == 1, "the replica follows")
            page = render(backend.collect(time.monotonic() + 30)).body.decode()
    finally:
        replica.stop()
    return _lines(page, MASTER_LINK_UP, MASTER_SILENCE)


def _of_its_guard(home: Path, **env: str) -> str:
    """What the exporter says only where it has a certificate and users, of whom one has a wrong password."""
    home.mkdir()
    authority, web = Authority(home), home / "web.yml"
    authority.issue("here")
    web.write_text(
        "tls_server_config: {cert_file: here.pem, key_file: here.key}\n"
        f"basic_auth_users: {{prometheus: {bcrypt.hashpw(b'right', bcrypt.gensalt(4)).decode()}}}\n"
    )
    exporter = Exporter(home, "--web.config.file", str(web), **env)
    try:
        url = f"https://127.0.0.1:{exporter.port}/metrics"
        wrong, page = (
            requests.get(url, verify=str(authority.certificate), auth=("prometheus", password), timeout=10)
            for password in ("wrong", "right")
        )
    finally:
        exporter.stop()
    assert (wrong.status_code, page.status_code) == (401, 200)
    return _lines(page.text, LOGINS, CERTIFICATE_END, CERTIFICATE_LEFT)


def _lines(page: str, *metrics: Metric) -> str:
    return "".join(f"{line}\n" for line in page.splitlines() if any(each.name in line for each in metrics))


def grafana(home: Path) -> str:
    """The page of a Grafana that reaches neither its data source nor its receiver: both failures count."""
    (home / "grafana").mkdir()
    server = Grafana(home / "grafana", COMMITTED, port=free_port())
    try:
        server.start()
        page = f"{server.url}/metrics"
        wait_until(lambda: GRAFANA_MESSAGES_FAILED.name in fetch(page), "a message given up", timeout=1200)
        return _declared("grafana", fetch(page), home)
    finally:
        server.stop()


def _declared(source: str, page: str, home: Path) -> str:
    """What a server says of itself, as far as the catalogue declares it: the rest is long."""
    names = {metric.name for metric in CATALOGUE.of(source)}
    kept = [line for line in page.splitlines() if (found := NAME.match(line)) and found[1] in names]
    return "\n".join(kept).replace(str(home), "") + "\n"


def main() -> None:
    """Record each page again."""
    with tempfile.TemporaryDirectory() as home, servers(Path(home)) as chain:
        for name, page in pages(chain).items():
            (FOLDER / f"{name}.prom").write_text(page)
    if shutil.which("grafana"):
        with tempfile.TemporaryDirectory() as home:
            (FOLDER / "grafana.prom").write_text(grafana(Path(home)))


if __name__ == "__main__":
    main()
