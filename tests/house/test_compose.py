"""The compose file, against the files it mounts and the stack it runs. No Docker engine is needed."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from redis import Redis as Client

from alerts.model import Engine
from alerts.notifications import Webhook
from dashboards.checks.times import seconds
from dashboards.stack import STACK
from dashboards.write import render, write
from examples.backend.migrate import MigrationError, create_indexes
from examples.backend.settings import State
from examples.demo.chain import MAX_CONNECTIONS, MAX_MEMORY
from examples.demo.databases import Postgres, Redis
from examples.demo.prepare import create_database

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.monitoring.yml"
DOCUMENT: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
SERVICES: dict[str, Any] = DOCUMENT["services"]
DEMO = {"postgres", "redis", "seed", "backend", "load", "webhook"}
OURS = "backend-observability-"
ONE_SHOT = {"preflight", "seed", "load"}
DEFAULT_WAIT = 30  # seconds that Grafana's own route waits before the first message of a group
# One whose default holds no other.
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}$]*))?\}")


def variables(text: str) -> tuple[str, dict[str, str]]:
    """The text as compose reads it with an empty environment, and the variables in it with their defaults."""
    found = {match[1]: match[3] for match in VARIABLE.finditer(text)}
    filled = VARIABLE.sub(lambda match: match[3] if match[2] == "-" else "", text)
    if not found:
        return text, {}
    whole, more = variables(filled)
    return whole, found | more


def default(text: str) -> str:
    """The text as compose reads it with an empty environment."""
    return variables(text)[0]


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Source and target of each volume."""
    pairs = [default(volume).split(":") for volume in service.get("volumes", [])]
    return [(source, target) for source, target, *_ in pairs]


def test_profiles_hold_what_they_promise() -> None:
    by_profile: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for profile in service.get("profiles", ["always"]):
            by_profile.setdefault(profile, set()).add(name)
    always = {"preflight", "grafana", "prometheus", "blackbox", "exporter"}
    alertmanager = {"alertmanager"}
    assert by_profile == {"always": always, "demo": DEMO, "own": {"webhook"}, "alertmanager": alertmanager}


@pytest.mark.parametrize("backend", ["demo", "own"])
def test_what_the_default_stack_notifies_is_started_with_either_backend(backend: str) -> None:
    for channel in STACK.notifications.channels:
        assert isinstance(channel, Webhook)
        assert isinstance(channel.url, str)
        host = urlsplit(channel.url).hostname or ""
        assert backend in SERVICES[host].get("profiles", [backend]), channel.name


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_path_exists(name: str) -> None:
    for source, _ in mounts(SERVICES[name]):
        if not source.startswith("."):
            assert source in DOCUMENT["volumes"], f"{source} is no named volume"
        elif not source.startswith(("./secrets", "./provisioning-prometheus")):  # made by `make up`
            assert (ROOT / source).exists(), source


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_to_a_whole_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+)?$", image), image


def test_the_base_image_is_pinned() -> None:
    text = (ROOT / "exporters/Dockerfile").read_text()
    assert re.search(r"ARG PYTHON_IMAGE=python:3\.11\.\d+-slim-bookworm\n", text)
    foreign = {line.split()[1] for line in text.splitlines() if line.startswith("FROM")}
    assert foreign == {"${PYTHON_IMAGE}", "build", "base"}


def test_our_own_images_run_read_only_as_nobody_in_particular() -> None:
    ours = [service for service in SERVICES.values() if service["image"].startswith(OURS)]
    assert len(ours) == 6
    assert all(service["read_only"] is True for service in ours)
    assert "\nUSER 65532:65532\n" in (ROOT / "exporters/Dockerfile").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_can_gain_rights(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_every_server_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


def test_what_ends_by_itself_is_not_started_again() -> None:
    assert {name for name, service in SERVICES.items() if service["restart"] == "no"} == ONE_SHOT


def test_grafana_waits_for_the_secrets_to_be_proven() -> None:
    assert SERVICES["grafana"]["depends_on"]["preflight"] == {"condition": "service_completed_successfully"}
    seen_by_grafana = [pair for pair in mounts(SERVICES["grafana"]) if pair[1] == "/run/secrets"]
    assert seen_by_grafana == [("./secrets/channels", STACK.notifications.secrets_dir)]
    assert seen_by_grafana[0] in mounts(SERVICES["preflight"])
    root = SERVICES["grafana"]["environment"]["GF_SERVER_ROOT_URL"]
    assert SERVICES["preflight"]["command"] == [
        "--stack=${STACK:-dashboards.stack:STACK}",
        "--engine=${ENGINE:-grafana}",
        f"--grafana-url={root}",
        "--retention=${RETENTION:-35d}",
    ]
    assert seen_by_grafana[0] in mounts(SERVICES["alertmanager"])


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
def test_grafana_runs_rules_only_if_it_is_rendered_to_notify(engine: Engine, tmp_path: Path) -> None:
    """It keeps rules of an earlier start, so what is mounted decides, and no second setting can disagree."""
    write(render(replace(STACK, engine=engine)), tmp_path)
    ((source, mounted),) = [pair for pair in mounts(SERVICES["grafana"]) if pair[0].endswith("/grafana")]
    assert source == "./provisioning/grafana"
    *shell, script = SERVICES["grafana"]["entrypoint"]
    assert script.endswith("\nexec /run.sh\n")
    here = script.replace(mounted, f"{tmp_path}/grafana").replace("/run.sh", "env")
    told = subprocess.run([*shell, here], env={}, capture_output=True, text=True, check=True).stdout
    assert ("GF_UNIFIED_ALERTING_EXECUTE_ALERTS=false" in told) == (engine == "prometheus")
    assert "GF_UNIFIED_ALERTING_EXECUTE_ALERTS" not in SERVICES["grafana"]["environment"]


def test_grafana_reads_the_routes_before_its_own_default_address_is_notified() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert seconds(environment["GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL"]) < DEFAULT_WAIT


def test_whoever_reads_rendered_files_starts_again_when_they_change() -> None:
    reading = {
        name
        for name, service in SERVICES.items()
        if any(source.startswith("./provisioning") for source, _ in mounts(service))
    }
    assert reading == {name for name, service in SERVICES.items() if "labels" in service}
    assert DOCUMENT["x-provisioned"]["labels"] == {"backend-observability.files": "${FILES_DIGEST:-}"}


def test_nobody_gets_into_grafana_without_a_password() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert "GF_SECURITY_ADMIN_PASSWORD__FILE" in environment
    assert not [name for name in environment if "ANONYMOUS_ORG_ROLE" in name]


def test_secrets_are_files_and_never_stand_in_the_environment() -> None:
    for name, secret in DOCUMENT["secrets"].items():
        assert set(secret) == {"file"}
        assert default(secret["file"]).startswith("./secrets/"), name
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET_KEY|_URL_FILE", name):
                assert name.endswith("_FILE")
                assert value.startswith(("/run/secrets/", "/run/grafana/"))


def test_each_reader_of_secrets_joins_the_group_that_owns_them() -> None:
    for name, service in SERVICES.items():
        reads = "secrets" in service or any("/secrets/" in source for source, _ in mounts(service))
        assert ("group_add" in service) == reads, name
    assert DOCUMENT["x-reads-secrets"]["group_add"][0].startswith("${SECRETS_GID:?")


def test_retention_addresses_and_links_are_those_of_the_stack() -> None:
    command = [default(word) for word in SERVICES["prometheus"]["command"]]
    assert f"--storage.tsdb.retention.time={STACK.retention}d" in command
    assert default(SERVICES["grafana"]["environment"]["GF_SERVER_ROOT_URL"]) == STACK.grafana_url
    named = [address for job in STACK.targets.jobs for address in job.addresses]
    named += [STACK.targets.blackbox, STACK.targets.alertmanager, STACK.targets.prometheus[len("http://") :]]
    hosts = {address.partition(":")[0] for address in named} - {"localhost"}
    assert hosts <= set(SERVICES)


@pytest.mark.parametrize("name", ["prometheus", "alertmanager"])
def test_links_lead_to_the_published_port_and_not_to_a_container(name: str) -> None:
    (published,) = SERVICES[name]["ports"]
    port = published.removeprefix("127.0.0.1:").rpartition(":")[0]
    assert f"--web.external-url=http://localhost:{port}" in SERVICES[name]["command"]


@pytest.mark.parametrize("state", get_args(State))
def test_the_databases_of_the_example_have_the_limits_of_its_state(state: State, tmp_path: Path) -> None:
    for program in ("docker-entrypoint.sh", "redis-server"):
        (tmp_path / program).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (tmp_path / program).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "BACKEND_STATE": state}

    def arguments(name: str) -> list[str]:
        assert default(SERVICES[name]["environment"]["BACKEND_STATE"]) == "baseline"
        command = [word.replace("$$", "$") for word in SERVICES[name]["command"]]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split("\n")

    postgres = arguments("postgres")
    assert postgres[:3] == ["postgres", "-c", "shared_preload_libraries=pg_stat_statements"]
    assert postgres[3:] == ["-c", f"max_connections={MAX_CONNECTIONS[state]}", ""]
    redis = arguments("redis")
    assert redis[:4] == ["--aclfile", "/run/secrets/redis.acl", "--maxmemory", MAX_MEMORY[state]]
    assert redis[4:] == ["--maxmemory-policy", "allkeys-lru", "--save", "", ""]


@pytest.mark.parametrize(("state", "indexes"), [("baseline", 0), ("fixed", 5), ("broken", 0)])
def test_the_seed_creates_the_indexes_of_the_state_without_psql(
    state: str, indexes: int, postgres: Postgres, redis_server: Redis
) -> None:
    name = f"seed_{state}"
    url = create_database(postgres, name, owner=name, password="seed-secret")
    env = {"PATH": "/nowhere", "DATABASE_URL": url, "REDIS_URL": redis_server.url, "BACKEND_STATE": state}
    assert SERVICES["seed"]["environment"] == {"BACKEND_STATE": "${BACKEND_STATE:-baseline}"}
    command = [sys.executable, *SERVICES["seed"]["command"][1:]]
    said = "" if state != "broken" else "BACKEND_STATE is 'broken'; expected 'baseline' or 'fixed'\n"
    with psycopg.connect(postgres.superuser_dsn, dbname=name, autocommit=True) as connection:
        for _ in range(2):  # at each start; the second finds what an interrupted one left
            done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (bool(said), said)
            audit = "FROM pg_class JOIN pg_index ON oid = indexrelid WHERE relname ~ '^idx_' AND indisvalid"
            assert connection.execute(f"SELECT {audit}").rowcount == indexes
            connection.execute(
                "UPDATE pg_index SET indisvalid = false"
                " WHERE indexrelid = to_regclass('idx_requests_status_created')"
            )


def test_a_migration_that_fails_tells_no_password(postgres: Postgres) -> None:
    url = create_database(postgres, "no_tables", owner="no_tables", password="seed-secret")
    with pytest.raises(MigrationError, match='relation "salary_calculations" does not exist') as told:
        create_indexes(url)
    assert "secret" not in str(told.value)


def test_the_home_board_is_one_that_is_built() -> None:
    path = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(path).stem in {board.uid for board in STACK.boards}


def test_the_target_file_has_both_kinds_of_target_and_names_services() -> None:
    groups = yaml.safe_load((ROOT / "provisioning/prometheus/targets/backend.yml").read_text())
    assert [group["labels"]["kind"] for group in groups] == ["metrics", "health"]
    for group in groups:
        for target in group["targets"]:
            host = target.removeprefix("http://").partition(":")[0]
            assert host in SERVICES


def test_every_variable_is_explained_with_its_default() -> None:
    _, used = variables(COMPOSE.read_text())
    text = (ROOT / ".env.example").read_text()
    assert set(used) == set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) - {"COMPOSE_PROFILES"}
    shown = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert shown == {name: used[name] for name in shown}


def test_no_secret_enters_an_image() -> None:
    lines = (ROOT / ".dockerignore").read_text().split("\n")
    assert lines[1] == "*"
    copied = re.findall(r"^COPY (?!--from)(\S+)", (ROOT / "exporters/Dockerfile").read_text(), re.MULTILINE)
    for source in copied:
        assert f"!{source.partition('/')[0]}" in lines, source


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The secrets of the demo, as `make up` creates them."""
    run_secrets(tmp_path, "demo")
    return tmp_path / "secrets"


def run_secrets(checkout: Path, backend: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a copy of the checkout."""
    for name in ("provisioning/secrets.sh", "exporters/redis.acl"):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    without = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        ["sh", str(checkout / "provisioning/secrets.sh"), backend],
        env={**without, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_secret_file_is_created_once_and_closed_to_others(secrets: Path, tmp_path: Path) -> None:
    wanted = {default(secret["file"]).removeprefix("./") for secret in DOCUMENT["secrets"].values()}
    made = {str(path.relative_to(tmp_path)) for path in secrets.rglob("*") if path.is_file()}
    assert made == wanted
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640 for name in made)
    before = {name: (tmp_path / name).read_text() for name in made}
    again = run_secrets(tmp_path, "demo")
    assert (again.returncode, again.stdout) == (0, "")
    assert before == {name: (tmp_path / name).read_text() for name in made}


def test_an_own_backend_brings_its_urls(tmp_path: Path) -> None:
    refused = run_secrets(tmp_path, "own", REDIS_URL="redis://localhost")
    assert refused.returncode == 2
    assert "DATABASE_URL" in refused.stderr
    assert not list((tmp_path / "secrets/own").iterdir())
    run_secrets(tmp_path, "own", REDIS_URL="redis://localhost", DATABASE_URL="postgresql://db")
    assert (tmp_path / "secrets/own/database_url").read_text() == "postgresql://db\n"
    assert run_secrets(tmp_path, "own").returncode == 0
    assert run_secrets(tmp_path, "other").returncode == 2


def test_a_url_that_is_not_taken_over_is_told_without_its_value(tmp_path: Path) -> None:
    urls = {"REDIS_URL": "redis://:old-secret@r", "DATABASE_URL": "postgresql://u:old-secret@db"}
    run_secrets(tmp_path, "own", **urls)
    assert run_secrets(tmp_path, "own", **urls).stdout == ""
    told = run_secrets(tmp_path, "own", **{**urls, "DATABASE_URL": "postgresql://u:new-secret@db"})
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == (
        "kept: secrets/own/database_url, which differs from DATABASE_URL; "
        "to replace it: make down; rm secrets/own/database_url; then the same again\n"
    )
    assert (tmp_path / "secrets/own/database_url").read_text() == f"{urls['DATABASE_URL']}\n"


def test_the_first_start_of_postgresql_makes_owner_and_exporter(
    secrets: Path, server_root: Path, tmp_path: Path
) -> None:
    postgres = Postgres(server_root / "compose").start()
    script = (ROOT / "examples/compose/roles.sh").read_text()
    here = script.replace("/run/secrets", f"{secrets}/demo").replace(
        "/etc/obs/role.sql", f"{ROOT}/exporters/sql/role.sql"
    )
    (tmp_path / "roles.sh").write_text(here)
    server = {"PGHOST": str(postgres.home), "PGPORT": str(postgres.port)}
    try:
        subprocess.run(["sh", tmp_path / "roles.sh"], env={**os.environ, **server}, check=True)
        for file, user in (("backend_database_url", "backend"), ("database_url", "obs_exporter")):
            url = (
                (secrets / "demo" / file).read_text().replace("@postgres:5432", f"@127.0.0.1:{postgres.port}")
            )
            with psycopg.connect(url.strip()) as connection:
                found = connection.execute("SELECT session_user, current_database()").fetchone()
            assert found == (user, "backend")
    finally:
        postgres.stop()


def test_redis_starts_with_its_two_users(secrets: Path, tmp_path: Path) -> None:
    server = Redis(tmp_path / "redis", aclfile=str(secrets / "demo/redis.acl")).start()
    try:
        for file, user in (("backend_redis_url", "default"), ("redis_url", "obs_exporter")):
            url = (secrets / "demo" / file).read_text().replace("@redis:6379", f"@127.0.0.1:{server.port}")
            with Client.from_url(url.strip()) as client:
                assert client.info("server")["redis_version"], user
    finally:
        server.stop()


def has_compose() -> bool:
    """Whether there is a `docker compose`; it needs no engine to read a file."""
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_compose(), reason="there is no `docker compose` here")
@pytest.mark.parametrize("profiles", ["", "demo", "demo,alertmanager"])
def test_docker_compose_reads_it(profiles: str) -> None:
    env = {**os.environ, "SECRETS_GID": "0", "COMPOSE_PROFILES": profiles}
    subprocess.run(["docker", "compose", "-f", COMPOSE, "config", "--quiet"], env=env, check=True)
