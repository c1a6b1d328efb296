"""Preflight: each secret that would end Grafana is named, with what to do, and never shown."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from alerts.model import Engine
from alerts.notifications import (
    Channel,
    Email,
    Notifications,
    PagerDuty,
    SecretRef,
    Slack,
    Team,
    Teams,
    Webhook,
)
from dashboards.cli import main
from dashboards.preflight import notes, problems
from dashboards.stack import Stack

GOOD = "https://hooks.slack.com/services/T0/B0/hunter2"


def told_by(secret: SecretRef, secrets_dir: str = "/run/secrets") -> Notifications:
    slack = Slack(url=secret)
    return Notifications(critical=(slack,), warning=(slack,), heartbeat=(slack,), secrets_dir=secrets_dir)


def found_in_file(value: str, folder: Path) -> list[str]:
    (folder / "slack_url").write_text(value)
    return problems(told_by(SecretRef(file="slack_url"), str(folder)))


def found_in_variable(value: str) -> list[str]:
    return problems(told_by(SecretRef(variable="SLACK_URL")), {"SLACK_URL": value})


def test_nothing_is_said_of_a_secret_that_is_there(tmp_path: Path) -> None:
    assert found_in_file(f"{GOOD}\n", tmp_path) == []
    assert found_in_variable(GOOD) == []


def test_a_missing_file_is_named() -> None:
    (line,) = problems(told_by(SecretRef(file="slack_url"), "/nowhere"))
    assert line == "channel 'slack': /nowhere/slack_url is missing; write the secret into it"


def test_a_variable_that_is_not_set_is_named_with_the_way_that_compose_has() -> None:
    (line,) = problems(told_by(SecretRef(variable="SLACK_URL")), {})
    assert line.startswith("channel 'slack': $SLACK_URL is not set; ")
    assert "Docker Compose hands no variable on" in line
    assert 'SecretRef(file="...")' in line


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "slack_url").mkdir()  # root may read whatever its mode is
    (line,) = problems(told_by(SecretRef(file="slack_url"), str(tmp_path)))
    assert "slack_url cannot be read (Is a directory)" in line


def test_a_file_that_is_no_text_is_named_without_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "slack_url").write_bytes(b"hunter2\xff")
    (line,) = problems(told_by(SecretRef(file="slack_url"), str(tmp_path)))
    assert "cannot be read (it is no text in UTF-8); write" in line
    assert "hunter2" not in line


# What Go's ParseInt, ParseFloat and ParseBool take, and so Grafana (interpolateIfaceValue in values.go).
CONVERTED = [
    *("12345678901234567890123456789012", "-17", "1_000"),
    *("1.5", ".5", "5.", "1e5", "1234567890123456789012345678e12", "0x1p-2", "nan", "inf", "-Infinity"),
    *("true", "True", "TRUE", "t", "false", "F"),
]
# What it leaves alone, near as it is.
LEFT = ["0x1F", "tRUE", "yes", "null", "~", "abcdef0123456789", "deadbeef", "1e", "1.2.3", "1__0"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("pa$word", "has a $"),
        *((value, "which Grafana turns into a") for value in CONVERTED),
    ],
)
def test_a_value_that_ends_grafana_is_refused_and_not_shown(value: str, problem: str, tmp_path: Path) -> None:
    for found in (found_in_file(f"{value}\n", tmp_path), found_in_variable(value)):
        (line,) = found
        assert problem in line
        said = line.replace(str(tmp_path), "").replace("true or false", "").split()
        assert value.strip() not in said or not value.strip()


@pytest.mark.parametrize("value", LEFT)
def test_a_value_that_grafana_leaves_alone_is_taken(value: str, tmp_path: Path) -> None:
    assert found(PagerDuty(key=SecretRef(file="secret")), value, tmp_path) == []


def test_alertmanager_takes_a_file_as_it_is(tmp_path: Path) -> None:
    pager = PagerDuty(key=SecretRef(file="secret"))
    assert found(pager, "1234\n", tmp_path, engine="prometheus") == []
    assert len(found(pager, "", tmp_path, engine="prometheus")) == 1


def found(channel: Channel, value: str, folder: Path, engine: Engine = "grafana") -> list[str]:
    """Of a channel whose secret is the file `secret`."""
    (folder / "secret").write_bytes(value.encode())
    told = Notifications(critical=(channel,), warning=(channel,), secrets_dir=str(folder))
    return problems(told, engine=engine)


MAIL = Email(to=("a@example.org",), sender="b@example.org", smarthost="mail.example.org:25",
             password=SecretRef(file="secret"))  # fmt: skip


@pytest.mark.parametrize("value", ["hunter2\n", " hunter2", "hunter2\r\n"])
def test_a_mail_password_is_that_alone_where_alertmanager_takes_it_as_it_is(
    value: str, tmp_path: Path
) -> None:
    (line,) = found(MAIL, value, tmp_path, engine="prometheus")
    assert "secret begins or ends with a space or a line break, with which Alertmanager logs in" in line
    assert "hunter2" not in line
    assert found(MAIL, value, tmp_path) == []
    assert found(MAIL, value.strip(), tmp_path, engine="prometheus") == []


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
@pytest.mark.parametrize("channel", [MAIL, Slack(url=SecretRef(file="secret"))], ids=["mail", "slack"])
def test_a_secret_of_several_lines_is_refused(channel: Channel, engine: Engine, tmp_path: Path) -> None:
    (line,) = found(channel, f"{GOOD}\n# of the team\n", tmp_path, engine)
    assert "secret has several lines; expected the secret alone" in line
    assert "hunter2" not in line


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
@pytest.mark.parametrize("value", ["hooks.slack.com/services/T0", "ftp://host/x", "https://", "https://a b"])
@pytest.mark.parametrize("kind", [Slack, Teams, Webhook])
def test_the_secret_of_a_url_is_an_address(
    kind: type[Slack | Teams | Webhook], value: str, engine: Engine, tmp_path: Path
) -> None:
    (line,) = found(kind(url=SecretRef(file="secret")), value, tmp_path, engine)
    assert "secret holds no http(s) address; expected such as https://host/path; write" in line
    assert value not in line.replace("https://host/path", "")


def test_every_problem_is_named_once_for_its_channel(tmp_path: Path) -> None:
    hook = Webhook(url="http://hook/", token=SecretRef(file="token"))
    slack = Slack(url=SecretRef(file="slack_url"))
    found = problems(Notifications(critical=(slack, hook), warning=(slack,), secrets_dir=str(tmp_path)))
    assert [line.partition(":")[0] for line in found] == ["channel 'slack'", "channel 'webhook'"]


def test_the_secrets_of_every_channel_on_every_route_are_looked_for(tmp_path: Path) -> None:
    hook = Webhook(url=SecretRef(file="url"), token=SecretRef(file="token"), hmac=SecretRef(file="hmac"))
    found = problems(
        Notifications(
            critical=(PagerDuty(key=SecretRef(file="key")),),
            warning=(Slack(url=SecretRef(file="slack")),),
            heartbeat=(hook,),
            backup=(Teams(url=SecretRef(file="teams")),),
            teams={
                "payroll": Team(
                    critical=(Slack(name="a", url=SecretRef(file="a")),),
                    warning=(Slack(name="b", url=SecretRef(file="b")),),
                )
            },
            secrets_dir=str(tmp_path),
        )
    )
    missing = [line.split(": ")[1].split(" ")[0].removeprefix(f"{tmp_path}/") for line in found]
    assert sorted(missing) == ["a", "b", "hmac", "key", "slack", "teams", "token", "url"]


@pytest.mark.parametrize("name", ["key", "hmac", "teams", "token"])
def test_digits_alone_are_refused_of_every_kind_of_secret(name: str, tmp_path: Path) -> None:
    """Grafana makes a number of them wherever they stand in a contact point, also below `hmacConfig`."""
    secret = SecretRef(file=name)
    (tmp_path / name).write_text("12345678901234567890123456789012\n")
    channel = {
        "key": PagerDuty(key=secret),
        "hmac": Webhook(url="http://hook/", hmac=secret),
        "teams": Teams(url=secret),
        "token": Webhook(url="http://hook/", token=secret),
    }[name]
    (line,) = problems(Notifications(critical=(channel,), warning=(channel,), secrets_dir=str(tmp_path)))
    assert "is all digits, which Grafana turns into a number" in line


def test_another_folder_is_looked_into_but_for_absolute_paths(tmp_path: Path) -> None:
    (tmp_path / "slack_url").write_text(GOOD)
    assert problems(told_by(SecretRef(file="slack_url")), secrets_dir=str(tmp_path)) == []
    (line,) = problems(told_by(SecretRef(file="/etc/nowhere/slack_url")), secrets_dir=str(tmp_path))
    assert "/etc/nowhere/slack_url is missing" in line


def test_who_uses_the_receiver_of_the_demo_is_told_that_nobody_hears() -> None:
    (line,) = notes(Stack())
    assert "http://webhook:9095/" in line
    assert "tells nobody" in line
    assert notes(Stack(notifications=told_by(SecretRef(file="slack_url")))) == []


def test_who_has_no_dead_mans_switch_is_told() -> None:
    deaf = replace(told_by(SecretRef(file="slack_url")), heartbeat=())
    (line,) = notes(Stack(notifications=deaf))
    assert line.startswith("no channel hears the heartbeat: ")


@pytest.mark.parametrize(
    ("url", "differs"),
    [(None, False), ("http://localhost:3000/", False), ("http://localhost:4000", True)],
)
def test_links_that_lead_elsewhere_are_told(url: str | None, differs: bool) -> None:
    lines = notes(Stack(notifications=told_by(SecretRef(file="slack_url"))), grafana_url=url)
    assert len(lines) == differs
    assert all("http://localhost:3000, but Grafana is at http://localhost:4000" in line for line in lines)


STACK = """
from alerts.notifications import Notifications, SecretRef, Slack
from dashboards.stack import Stack
SLACK = Slack(url=SecretRef(file="slack_url"))
STACK = Stack(notifications=Notifications(critical=(SLACK,), warning=(SLACK,), heartbeat=(SLACK,)))
"""


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack that names one secret, as a team writes it."""
    (tmp_path / "told_by_slack.py").write_text(STACK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "told_by_slack", raising=False)
    return "told_by_slack:STACK"


def test_exit_codes_tell_fine_from_findings_and_from_misuse(stack: str, tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["preflight", "--stack", stack, *words])
        return done.exit_code, done.output

    code, output = run("--secrets-dir", str(tmp_path))
    assert code == 1
    assert output == f"channel 'slack': {tmp_path}/slack_url is missing; write the secret into it\n"
    (tmp_path / "slack_url").write_text("1e5\n")
    code, output = run("--secrets-dir", str(tmp_path))
    assert code == 1
    assert "1e5" not in output
    (tmp_path / "slack_url").write_text(GOOD)
    assert run("--secrets-dir", str(tmp_path)) == (0, "every secret is there\n")
    code, output = run("--secrets-dir", str(tmp_path), "--grafana-url", "http://elsewhere:3000")
    assert code == 0
    assert output.startswith("note: links to runbooks")
    code, output = run()
    assert code == 1
    assert "/run/secrets/slack_url is missing" in output, "where Grafana finds it, if no folder is given"
    assert run("--secrets")[0] == 2


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--secrets-dir", "/nowhere", "error: --secrets-dir /nowhere: there is no such folder; expected"),
        ("--secrets-dir", __file__, "there is no such folder"),
        ("--retention", "abc", "error: --retention 'abc' is no time; expected such as 35d; give what"),
        ("--retention", "35", "--retention '35' is no time"),
        ("--retention", "", "--retention '' is no time"),
    ],
)
def test_what_cannot_be_looked_at_is_misuse(option: str, value: str, told: str) -> None:
    done = CliRunner().invoke(main, ["preflight", option, value])
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert told in done.output


@pytest.mark.parametrize(
    ("retention", "said"), [("35d", 0), ("5w", 0), ("840h", 0), ("15d", 1), ("7d", 1), ("1y", 1)]
)
def test_a_prometheus_that_forgets_sooner_than_the_stack_counts_on_is_noted(
    retention: str, said: int
) -> None:
    lines = notes(Stack(notifications=told_by(SecretRef(file="slack_url"))), retention=retention)
    assert len(lines) == said
    assert all(f"keeps {retention}, but the stack counts on 35d" in line for line in lines)
