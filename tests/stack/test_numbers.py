"""Panels against what the load generator did, and what PostgreSQL and Redis say of themselves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg
import pytest
import requests
from redis import Redis as Client

from examples.faults import injected, make
from examples.load import ENDPOINTS, Load, Result
from exporters.catalogue.api import LATENCY_BUCKETS
from signals import api, api_cost, pool, postgres, postgres_statements, postgres_upkeep, postgres_work, redis
from tests.stack.conftest import Running, eventually
from tests.stack.truth import Fact, Servers, compared, lines, of_load, showing

SECONDS = 40.0
# Until the last request is counted, scraped and stored, and a count of keys or statements is over.
SETTLED = 6.0
BATCH = "/api/payroll/batch"
FAILING = "/api/employees"
# What a client beside the application does: holds connections, calls a statement, writes keys and rows; and
# at every third of these calls looks for a key in vain, and writes one that expires. Those of the application
# are few, expire at one time, and so may all come at an edge of the window, where no sample sees them.
HELD, CALLED, ROWS, WRITTEN, STORED, EVERY = 7, 120, 5, 300, 4000, 3
# So many calls before: the exporter shows few statements, and of these first the ones called more often.
RARE = 12
NAME = "truth"
STATEMENT = f"SELECT pg_sleep(0.01), generate_series(1, {ROWS}) AS {NAME}".encode()


@dataclass(frozen=True)
class Known:
    """A load of our own in a quiet time: everything it did, and from when to when it was all there was."""

    result: Result
    began: float
    end: float
    before: Servers
    after: Servers

    @property
    def window(self) -> int:
        """The load and the quiet after it, so that each rate is a count by the window."""
        return round(self.end - self.began)

    def grown(self, counter: str) -> float:
        """How much a counter of Redis grew, per second."""
        return float(self.after.redis[counter] - self.before.redis[counter]) / self.window

    def called(self, command: str) -> float:
        """How often Redis was sent a command, per second."""
        before = self.before.commands.get(command, 0)
        return (self.after.commands[command] - before) / self.window


def scraped(running: Running) -> float:
    """When each target was scraped last, or later."""
    return running.prometheus.query("min(timestamp(up))")[0][1][0]


@pytest.fixture(scope="module")
def known(running: Running) -> Iterator[Known]:
    running.load.stop()
    # A series that appears within a window has no growth there; these rare ones must be there before.
    assert requests.get(f"{running.chain.api.url}/api/employees/0", timeout=10).status_code == 404
    with ExitStack() as stack, Client.from_url(running.chain.redis.url) as client:

        def connected() -> psycopg.Connection:
            dsn = running.chain.database_url
            return stack.enter_context(psycopg.connect(dsn, application_name=NAME, autocommit=True))

        held = [connected() for _ in range(HELD)]
        for _ in range(RARE):
            held[0].execute(STATEMENT)
        time.sleep(SETTLED)
        before, began = Servers.ask(running, NAME), time.time()
        # What comes before the window's first sample is not seen to grow; it begins at a whole second.
        eventually(lambda: scraped(running) > began + 0.5, "each target is scraped", within=30)
        load = Load(
            running.chain.api.url, rate=running.rate, seconds=SECONDS, endpoints=ENDPOINTS, seed=7
        ).start()
        client.mset({f"session:{NAME}-{number}": "x" for number in range(WRITTEN)})
        for number in range(CALLED):
            held[0].execute(STATEMENT)
            if number % EVERY == 0:
                client.get(f"{NAME}-nowhere")
                client.set(f"{NAME}-{number}", "x", px=100)
            time.sleep(SECONDS / 2 / CALLED)
        held[1].execute(f"CREATE TEMP TABLE stored AS SELECT generate_series(1, {STORED})".encode())
        result = load.join()
        time.sleep(SETTLED)
        end, after = time.time(), Servers.ask(running, NAME)
        yield Known(result, began, end, before, after)
        client.delete(*(f"session:{NAME}-{number}" for number in range(WRITTEN)))
    running.start_load()


def test_the_counters_are_exact(running: Running, known: Known) -> None:
    for (method, handler, status), count in known.result.answers.items():
        selector = f'sum(http_requests_total{{method="{method}",handler="{handler}",status="{status}"}})'
        after = running.prometheus.query(selector, known.end)[0][1][0]
        earlier = running.prometheus.query(selector, known.began)
        assert after - (earlier[0][1][0] if earlier else 0) == count, (method, handler, status)


def test_panels_of_the_application_show_what_was_sent(running: Running, known: Known) -> None:
    result, window = known.result, known.window
    sent = list(of_load(result, window))
    by_endpoint: Counter[tuple[str, str]] = Counter()
    for method, handler, _, rate in sent:
        by_endpoint[method, handler] += rate
    wire, raw = sum(result.wire_bytes.values()), sum(result.raw_bytes.values())
    facts = [
        Fact(signal=api.REQUEST_RATE, true=sum(rate for *_, rate in sent)),
        *(
            Fact(signal=api.REQUEST_RATE_BY_HANDLER, line=f"{handler} {method}", true=rate)
            for (method, handler), rate in by_endpoint.items()
        ),
        Fact(signal=api.HANDLER_RATE, line=BATCH, true=by_endpoint["POST", BATCH]),
        Fact(
            signal=api.ERRORS_BY_STATUS, line="404", true=sum(rate for *_, code, rate in sent if code == 404)
        ),
        Fact(signal=api.ERROR_RATIO, true=0, off=0),
        Fact(signal=api.IN_PROGRESS, true=0, off=0),
        Fact(signal=api.WORKERS, true=4, by=0),
        Fact(signal=pool.CEILING, line=None, true=4 * 30, by=0),
        Fact(signal=api_cost.BANDWIDTH, true=wire / window),
        Fact(signal=api_cost.BANDWIDTH_RAW, true=raw / window),
        Fact(signal=api_cost.COMPRESSION, true=1 - wire / raw, by=0.05),
    ]
    found = compared(running, facts, window, known.end)
    assert found.wrong == []
    assert len(found.panels) >= 8, found.panels


def test_times_are_within_what_the_client_saw(running: Running, known: Known) -> None:
    times = sorted(seconds for durations in known.result.durations.values() for seconds in durations)
    # Some at the edges of the window are not in its samples: of the others the bucket may be a little higher.
    mean, slow = sum(times) / len(times), times[int(len(times) * 0.97)]
    for board, panel in showing(api.LATENCY_AVERAGE):
        (shown,) = lines(running, board, panel, api.LATENCY_AVERAGE, known.window, known.end).values()
        assert 0.1 * mean <= shown <= 1.05 * mean
    for board, panel in showing(api.LATENCY_P95):
        (shown,) = lines(running, board, panel, api.LATENCY_P95, known.window, known.end).values()
        assert shown <= min((bound for bound in LATENCY_BUCKETS if bound >= slow), default=slow)
    hits = lines(
        running, *showing(api_cost.CACHE_HIT_RATIO)[0], api_cost.CACHE_HIT_RATIO, known.window, known.end
    )
    assert hits["dashboard_admin"] > 0.8


def test_panels_of_redis_show_what_it_says_of_itself(running: Running, known: Known) -> None:
    after = known.after.redis
    hits, misses = known.grown("keyspace_hits"), known.grown("keyspace_misses")
    facts = [
        Fact(signal=redis.HITS, true=hits),
        Fact(signal=redis.MISSES, true=misses),
        Fact(signal=redis.HIT_RATIO, true=hits / (hits + misses), by=0.05),
        Fact(signal=redis.COMMANDS, line="get", true=known.called("get")),
        Fact(signal=redis.EXPIRATIONS, true=known.grown("expired_keys")),
        Fact(signal=redis.EVICTIONS, true=known.grown("evicted_keys"), off=0),
        Fact(signal=redis.NETWORK_OUT, true=known.grown("total_net_output_bytes"), by=0.2),
        Fact(signal=redis.NETWORK_IN, true=known.grown("total_net_input_bytes"), by=0.2),
        Fact(signal=redis.MEMORY_USED, true=after["used_memory"], by=0.05),
        Fact(signal=redis.MEMORY_SETTING, true=after["maxmemory"], by=0),
        Fact(signal=redis.CLIENTS, true=after["connected_clients"], by=0.1, off=1),
        Fact(signal=redis.KEYS, line="db0", true=after["db0"]["keys"], by=0.02),
        Fact(signal=redis.KEYS_BY_PATTERN, line="db0 session:*", true=known.after.keys["session"], by=0.01),
    ]
    found = compared(running, facts, known.window, known.end)
    assert found.wrong == []
    assert len(found.panels) >= 8, found.panels
    assert min(known.grown("expired_keys"), misses) * known.window >= CALLED // EVERY
    assert known.after.keys["session"] - known.before.keys["session"] == WRITTEN


def test_panels_of_postgres_show_what_it_says_of_itself(running: Running, known: Known) -> None:
    after, window = known.after, known.window
    queryid, calls = after.statement
    calls -= known.before.statement[1]
    inserted = after.inserted - known.before.inserted
    facts = [
        Fact(signal=postgres.CONNECTIONS_BY_APPLICATION, line=NAME, true=HELD, by=0),
        Fact(signal=postgres.CONNECTIONS_BY_STATE, line="idle", true=after.states["idle"], by=0.1, off=2),
        Fact(signal=postgres.USABLE, true=after.usable, by=0),
        Fact(signal=postgres_work.COMMITS, true=(after.commits - known.before.commits) / window),
        Fact(signal=postgres_work.INSERTED, line=None, true=inserted / window),
        # As of the last look at sizes; a vacuum may have given pages back since.
        Fact(signal=postgres_upkeep.DATABASE_SIZE, line="backend", true=after.size, by=0.05),
        Fact(signal=postgres_statements.CALL_RATE, line=f"backend {queryid}", true=calls / window),
        Fact(signal=postgres_statements.CALL_ROWS, line=f"backend {queryid}", true=ROWS, by=0.02),
        Fact(signal=postgres_statements.CALL_MEAN, line=f"backend {queryid}", true=ROWS * 0.01, by=0.3),
    ]
    found = compared(running, facts, window, known.end)
    assert found.wrong == []
    assert calls == CALLED
    assert inserted >= STORED
    assert len(found.panels) >= 6, found.panels


def test_errors_are_shown_as_they_were_answered(running: Running, known: Known) -> None:
    del known  # the steady load rests
    url = running.chain.api.url
    with injected(make("errors", running.chain.targets, handler=FAILING)):
        eventually(lambda: requests.get(url + FAILING, timeout=10).status_code == 500, "it fails", within=10)
        time.sleep(SETTLED)
        began = time.time()
        result = Load(url, rate=running.rate, seconds=SECONDS / 2, endpoints=ENDPOINTS, seed=9).run()
        time.sleep(SETTLED)
        end = time.time()
    window = round(end - began)
    failed = sum(count for (_, _, status), count in result.answers.items() if status >= 500)
    assert failed > 20
    facts = [
        Fact(signal=api.ERROR_RATIO, true=failed / result.answers.total(), by=0.1),
        Fact(signal=api.ERRORS_BY_STATUS, line="500", true=failed / window),
        Fact(signal=api.HANDLER_ERRORS, line=FAILING, true=1, by=0.02),
        Fact(signal=api.EXCEPTIONS, line=None, true=failed / window),
    ]
    found = compared(running, facts, window, end)
    assert found.wrong == []
    assert len(found.panels) >= 4
