"""The example backend has the audit's faults in one state and its remedies in the other."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
import requests
from redis import Redis as Client

from examples.backend.settings import Settings, SettingsError
from examples.demo.databases import Redis
from examples.demo.process import free_port, wait_until
from examples.demo.servers import Api
from tests.examples.conftest import StartApi

TODAY = date.today()
PAYROLL = {"factory_id": "F003", "year": TODAY.year, "month": TODAY.month}
READS = (
    "/api/dashboard/admin",
    "/api/employees?factory_id=F002",
    "/api/employees/17",
    "/api/timer-cards/pending?factory_id=F002",
    "/api/requests?status=pending",
    "/api/factories",
    "/api/factories/F002/config",
)


@pytest.fixture(autouse=True)
def cold_cache(redis_server: Redis) -> None:
    """Each test begins without cached answers."""
    with Client.from_url(redis_server.url) as client:
        for pattern in ("dashboard_admin:*", "factories:*", "factory_config:*"):
            for key in client.scan_iter(pattern):
                client.delete(key)


def get(api: Api, path: str) -> Any:
    answer = requests.get(api.url + path, timeout=10)
    answer.raise_for_status()
    return answer.json()


def statements(database: psycopg.Connection) -> int:
    """SQL statements that requests have executed, as PostgreSQL counted them.

    What SQLAlchemy asks at a worker's first connection (version, schema, types) is no request's. A
    statement is counted at the end of its transaction, which may come after the answer.
    """
    busy = "SELECT FROM pg_stat_activity WHERE usename = 'example' AND state <> 'idle'"
    wait_until(lambda: not database.execute(busy).fetchall(), "all transactions ended")
    row = database.execute(
        "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements"
        " WHERE userid = 'example'::regrole AND query ~* '^(select|update|insert)'"
        " AND query !~ 'version|current_schema|pg_type'"
    ).fetchone()
    assert row
    return int(row[0])


def queries_per_request(database: psycopg.Connection, api: Api, path: str, times: int = 6) -> float:
    before = statements(database)
    for _ in range(times):
        if path == "/api/payroll/batch":
            assert requests.post(api.url + path, json=PAYROLL, timeout=10).json() == {"employees": 20}
        else:
            get(api, path)
    return (statements(database) - before) / times


@pytest.mark.parametrize(
    "path", ["/api/dashboard/admin", "/api/requests?status=pending", "/api/payroll/batch"]
)
def test_the_baseline_asks_a_query_per_row(database: psycopg.Connection, baseline: Api, path: str) -> None:
    assert queries_per_request(database, baseline, path) > 5


@pytest.mark.parametrize("path", [*READS, "/api/payroll/batch"])
def test_fixed_needs_two_queries_a_request_at_most(
    database: psycopg.Connection, fixed: Api, path: str
) -> None:
    assert queries_per_request(database, fixed, path) <= 2


def test_a_cached_dashboard_asks_nothing(database: psycopg.Connection, fixed: Api) -> None:
    get(fixed, "/api/dashboard/admin")
    before = statements(database)
    get(fixed, "/api/dashboard/admin")
    assert statements(database) == before


@pytest.mark.parametrize("path", READS)
def test_both_states_answer_the_same_from_database_and_cache(baseline: Api, fixed: Api, path: str) -> None:
    expected = get(baseline, path)
    assert expected
    assert [get(fixed, path) for _ in range(2)] == [expected, expected]


def test_both_payrolls_come_to_the_same_salaries(
    database: psycopg.Connection, baseline: Api, fixed: Api
) -> None:
    results = []
    for api in (baseline, fixed):
        database.execute("UPDATE salary_calculations SET gross = 1 WHERE NOT is_paid")
        requests.post(f"{api.url}/api/payroll/batch", json=PAYROLL, timeout=10).raise_for_status()
        results.append(
            database.execute(
                "SELECT employee_id, gross FROM salary_calculations"
                " WHERE NOT is_paid AND gross <> 1 ORDER BY employee_id"
            ).fetchall()
        )
    assert results[0] == results[1]
    assert len(results[0]) == 20


def test_fixed_compresses_the_large_payload_by_more_than_70_percent(baseline: Api, fixed: Api) -> None:
    def size_on_the_wire(api: Api) -> int:
        with requests.get(f"{api.url}/api/factories", stream=True, timeout=10) as answer:
            return len(answer.raw.read(decode_content=False))

    assert size_on_the_wire(fixed) < 0.3 * size_on_the_wire(baseline)


def test_unknown_employees_and_factories_are_404(fixed: Api) -> None:
    for path in ("/api/employees/999999999", "/api/factories/F999/config"):
        assert requests.get(fixed.url + path, timeout=10).status_code == 404


def test_health_answers_though_database_and_cache_are_dead(start_api: StartApi) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    database, redis = f"postgresql://app@{nowhere}/app", f"redis://{nowhere}/0"
    api = start_api("dead", DATABASE_URL=database, REDIS_URL=redis)
    assert get(api, "/health") == {"status": "ok"}
    assert requests.get(f"{api.url}/api/factories", timeout=10).status_code == 500


def test_without_redis_cached_endpoints_still_answer(start_api: StartApi) -> None:
    api = start_api("no-redis", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0", BACKEND_STATE="fixed")
    assert get(api, "/api/dashboard/admin")["stats"]["active_employees"] > 0


URLS = {"DATABASE_URL": "postgresql://app:hidden@host/app", "REDIS_URL": "redis://host"}


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"REDIS_URL": "redis://host"}, "DATABASE_URL is not set"),
        ({**URLS, "BACKEND_STATE": "broken"}, "BACKEND_STATE is 'broken'; expected 'baseline' or 'fixed'"),
        ({**URLS, "BACKEND_POOL_SIZE": "many"}, "BACKEND_POOL_SIZE is 'many'; expected a number"),
        (
            {**URLS, "BACKEND_POOL_TIMEOUT": "-1"},
            "BACKEND_POOL_TIMEOUT is '-1'; expected a number, 0 or more",
        ),
        ({**URLS, "BACKEND_FAULTS": "1"}, "BACKEND_FAULT_FILE is not set"),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_fault_file_alone_opens_no_door_to_faults() -> None:
    assert Settings.from_env({**URLS, "BACKEND_FAULT_FILE": "/faults.json"}).fault_file is None
