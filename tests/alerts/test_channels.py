"""Channels and times as a team writes them: what cannot be is refused in one line, and no secret is shown."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts import notify
from alerts.notifications import (
    Channel,
    Email,
    Hours,
    MuteTime,
    Notifications,
    NotifyError,
    PagerDuty,
    SecretRef,
    Slack,
    Team,
    Teams,
    Webhook,
)
from alerts.proof.plan import CONTEXT
from alerts.rules import ALERTS

SLACK = Slack(url=SecretRef(file="slack_url"))
TEAM = Team(critical=(SLACK,), warning=(SLACK,))
MUTE_TEAM = Team(critical=(), warning=(SLACK,))
NIGHT = MuteTime(name="night", times=("22:00-24:00", "00:00-06:00"))


@pytest.mark.parametrize(
    ("channel", "complaint"),
    [
        (Webhook(url=SecretRef(file="webhook_url")), "before 0.26 cannot read a webhook's url from a file"),
        (Slack(url=SecretRef(variable="SLACK_URL")), "reads no variable such as SLACK_URL"),
        (Email(to=("a@example.org",)), "needs smarthost and sender"),
        (Webhook(url="http://hook/", hmac=SecretRef(file="hmac")), "signs no message"),
        (Webhook(url="http://hook/", payload="v1"), "its own JSON alone, not 'v1'"),
        (Teams(url=SecretRef(file="teams_url")), "knows no Microsoft Teams"),
    ],
    ids=["url in a file", "variable", "mail", "hmac", "schema", "teams"],
)
def test_what_alertmanager_cannot_do_is_refused_and_grafana_does_it(channel: Channel, complaint: str) -> None:
    notifications = Notifications(critical=(channel,), warning=(channel,))
    with pytest.raises(NotifyError, match=complaint):
        notify.alertmanager(notifications, ALERTS, CONTEXT)
    assert notify.grafana(notifications, ALERTS, CONTEXT)["contactPoints"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (SecretRef, "give exactly one"),
        (lambda: SecretRef(file="a", variable="B"), "give exactly one"),
        (lambda: SecretRef(file="a}b"), "SecretRef file 'a}b'"),
        (lambda: SecretRef(variable="slack-url"), "SecretRef variable 'slack-url'"),
        (lambda: Webhook(url="http://user:word@host/"), "no plain http"),
        (lambda: Webhook(url="http://host/?key=1"), "no plain http"),
        (lambda: Webhook(url="https://hooks.slack.com/services/T/B/x"), "or is a secret by itself"),
        (lambda: Webhook(name="Team Hook", url="http://host/"), "choose a short word"),
        (lambda: Email(to=()), "expected addresses"),
        (lambda: Email(to=("nobody",)), "expected addresses"),
        (lambda: Notifications(critical=(), warning=(SLACK,)), "nobody hears critical"),
        (lambda: Notifications(critical=(SLACK,), warning=()), "nobody hears warning"),
        (
            lambda: Notifications(critical=(SLACK,), warning=(replace(SLACK, url=SecretRef(file="other")),)),
            "two channels are called 'slack'",
        ),
        (lambda: Slack(url=SecretRef(file="a"), mention="everyone"), "mention is 'everyone'"),
        (lambda: PagerDuty(key=SecretRef(file="a"), url="events"), "no plain http"),
        (lambda: Notifications(critical=(SLACK,), warning=(SLACK,), teams={"Pay": TEAM}), "team 'Pay'"),
        (
            lambda: Notifications(critical=(SLACK,), warning=(SLACK,), teams={"info": TEAM}),
            "none of critical",
        ),
        (lambda: Notifications(critical=(SLACK,), warning=(SLACK,), teams={"pay": SLACK}), "is a Slack"),
        (
            lambda: Notifications(critical=(SLACK,), warning=(SLACK,), teams={"pay": MUTE_TEAM}),
            "hears pay-critical",
        ),
        (lambda: Notifications(critical=(SLACK,), warning=(SLACK,), backup=(SLACK,)), "expected another one"),
        (
            lambda: Notifications(
                critical=(SLACK,), warning=(SLACK,), mutes=(replace(NIGHT, routes=("x",)),)
            ),
            "names the route 'x'; expected one of critical, warning",
        ),
        (lambda: Notifications(critical=(SLACK,), warning=(SLACK,), mutes=(NIGHT, NIGHT)), "two mute times"),
        (
            lambda: Notifications(
                critical=(SLACK,), warning=(SLACK,), mutes=(replace(NIGHT, name="always"),)
            ),
            "or the name is taken",
        ),
        (lambda: MuteTime(name="Night", times=("22:00-24:00",)), "choose a short word"),
        (lambda: MuteTime(name="night"), "mute for ever"),
        (lambda: MuteTime(name="night", times=("22:00-06:00",)), "split it at midnight"),
        (lambda: MuteTime(name="night", times=("22-24",)), "times has '22-24'"),
        (lambda: MuteTime(name="night", weekdays=("Monday",)), "weekdays has 'Monday'"),
        (lambda: MuteTime(name="night", days_of_month=("first",)), "days_of_month has 'first'"),
        (lambda: MuteTime(name="night", months=("dec",)), "months has 'dec'"),
        (lambda: Hours(location="Berlin"), "location is 'Berlin'"),
    ],
    ids=range(31),
)
def test_a_broken_channel_is_refused(make: Any, complaint: str) -> None:
    with pytest.raises(NotifyError, match=complaint):
        make()


@pytest.mark.parametrize("folder", ["secrets dir$x}", "", "/run/a}b", "/run/se crets", "$HOME"])
def test_a_folder_that_ends_a_reference_too_early_is_refused(folder: str) -> None:
    with pytest.raises(NotifyError) as caught:
        Notifications(critical=(SLACK,), warning=(SLACK,), secrets_dir=folder)
    assert f"secrets_dir is {folder!r}; expected a folder of letters, digits and _./-" in str(caught.value)


@pytest.mark.parametrize(
    "host", ["smtp.example.org", ":25", "smtp.example.org:", "smtp:0", "smtp:65536", "a b:25", "::1:25"]
)
def test_a_mail_server_without_a_host_and_a_port_is_refused(host: str) -> None:
    with pytest.raises(NotifyError) as caught:
        Email(to=("a@example.org",), smarthost=host)
    assert f"smarthost is {host!r}; expected host:port, such as smtp.example.org:587" in str(caught.value)


@pytest.mark.parametrize("host", ["u:hunter2@smtp:25", "u:hunter2@smtp", "smtp://u:hunter2@smtp:25"])
def test_a_mail_server_with_a_user_is_refused_and_not_repeated(host: str) -> None:
    with pytest.raises(NotifyError, match=r"expected host:port, .* give a user as username") as caught:
        Email(to=("a@example.org",), smarthost=host)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "host", ["smtp.example.org:587", "localhost:25", "mail-1:465", "10.0.0.1:25", "[::1]:25"]
)
def test_a_host_and_a_port_are_a_mail_server(host: str, tmp_path: Path) -> None:
    """To Alertmanager, too."""
    mail = Email(to=("a@example.org",), sender="b@example.org", smarthost=host)
    policy = Notifications(critical=(mail,), warning=(mail,))
    config, template = notify.alertmanager(policy, ALERTS, CONTEXT)
    (tmp_path / "oncall.tmpl").write_text(template)
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config))
    command = ["amtool", "check-config", tmp_path / "alertmanager.yml"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    ["apikey", "alerts", "resend", "alerts@example.org", "AKIAIOSFODNN7EXAMPLE", "service-alerts-production"],
)
def test_the_name_that_logs_in_is_no_key(name: str) -> None:
    assert Email(to=("a@example.org",), username=name).username == name


@pytest.mark.parametrize(
    "key",
    [
        "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",
        "6fc9a3c2-1b7e-4a52-9d2c-0e8f7b6a5d41",
        "xsmtpsib-a1b2",
    ],
    ids=["sendgrid", "postmark", "brevo"],
)
def test_a_key_as_the_name_that_logs_in_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(NotifyError, match=r"username \(not shown\) looks like a") as caught:
        Email(to=("a@example.org",), username=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack-gov.com/services/T0/B0/x",
        "https://hooks.zapier.com/hooks/catch/123456/abcdef/",
        "https://maker.ifttt.com/trigger/alert/with/key/dQw4w9WgXcQ",
        "https://hook.eu1.make.com/abc",
        "https://eo1ab2cd.m.pipedream.net",
        "https://nosnch.in/c2354d53d2",
        "https://hc-ping.com/fj/watchdog",
    ],
)
def test_an_address_by_which_anybody_can_post_is_refused(url: str) -> None:
    with pytest.raises(NotifyError, match="or is a secret by itself") as caught:
        Webhook(url=url)
    assert url not in str(caught.value)


def test_a_refused_url_is_not_repeated_in_the_message() -> None:
    with pytest.raises(NotifyError) as caught:
        Webhook(url="https://hooks.slack.com/services/T0/B0/hunter2")
    assert "hunter2" not in str(caught.value)


FIELDS = {
    "name": lambda secret: Slack(name=secret, url=SecretRef(file="slack_url")),
    "mention": lambda secret: Slack(url=SecretRef(file="slack_url"), mention=secret),
    "username": lambda secret: Email(to=("a@example.org",), username=secret),
    "sender": lambda secret: Email(to=("a@example.org",), sender=secret),
    "to": lambda secret: Email(to=(f"{secret}@example.org",)),
    "smarthost": lambda secret: Email(to=("a@example.org",), smarthost=secret),
    "file": lambda secret: SecretRef(file=secret),
    "variable": lambda secret: SecretRef(variable=secret),
    "url": lambda secret: PagerDuty(key=SecretRef(file="key"), url=f"https://example.org/{secret}"),
    "team": lambda secret: Notifications(critical=(SLACK,), warning=(SLACK,), teams={secret: TEAM}),
}


@pytest.mark.parametrize("make", FIELDS.values(), ids=FIELDS)
@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
        "0123456789abcdef0123456789abcdef",
        "https://hooks.slack.com/services/T0/B0/x",
        "https://prod-1.westeurope.logic.azure.com/workflows/1",
        "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",
        "https://hooks.zapier.com/hooks/catch/123456/abcdef/",
    ],
    ids=["token", "hexadecimal", "hook", "workflow", "sendgrid", "zapier"],
)
def test_a_literal_that_looks_like_a_secret_is_refused_in_every_field(make: Any, secret: str) -> None:
    with pytest.raises(NotifyError) as caught:
        make(secret)
    assert secret not in str(caught.value)


@pytest.mark.parametrize("field", ["file", "variable", "url", "username"])
def test_a_key_of_letters_and_digits_is_refused_where_a_name_is_expected(field: str) -> None:
    key = "R0A1B2C3D4E5F6G7H8J9K0L1M2N3P4Q5"
    with pytest.raises(NotifyError) as caught:
        FIELDS[field](key)
    assert key not in str(caught.value)


PAGER = PagerDuty(key=SecretRef(file="pagerduty_key"))
EVENING = replace(NIGHT, name="evening", times=("20:00-22:00",))


@pytest.mark.parametrize(
    ("given", "route", "times"),
    [
        ({"warning": (PAGER,), "hours": Hours(location="UTC")}, "warning", "working-hours"),
        ({"warning": (PAGER,), "mutes": (NIGHT, EVENING)}, "warning", "night and evening"),
        (
            {"critical": (SLACK, PAGER), "mutes": (replace(NIGHT, routes=("critical",)),)},
            "critical",
            "night",
        ),
        (
            {
                "teams": {"pay-day": replace(TEAM, critical=(PAGER,))},
                "mutes": (replace(NIGHT, routes=("pay-day",)),),
            },
            "pay-day-critical",
            "night",
        ),
        (
            {"teams": {"pay": replace(TEAM, warning=(PAGER,))}, "hours": Hours(location="UTC")},
            "pay-warning",
            "working-hours",
        ),
    ],
    ids=["hours", "mutes", "critical", "team", "team's hours"],
)
def test_an_incident_that_nothing_would_close_is_refused_unless_asked_for(
    given: dict[str, Any], route: str, times: str
) -> None:
    policy: dict[str, Any] = {"critical": (SLACK,), "warning": (SLACK,), **given}
    with pytest.raises(NotifyError, match=f"'pagerduty' hears {route}, which is mute by {times}: .*open"):
        Notifications(**policy)
    open_ = replace(PAGER, left_open=True)

    def asked(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
        return tuple(open_ if each is PAGER else each for each in channels)

    for part in ("critical", "warning"):
        policy[part] = asked(policy[part])
    policy["teams"] = {
        name: Team(critical=asked(team.critical), warning=asked(team.warning))
        for name, team in policy.get("teams", {}).items()
    }
    assert notify.grafana(Notifications(**policy), ALERTS, CONTEXT)["contactPoints"]


def test_a_pager_stands_on_routes_that_always_speak() -> None:
    hours, night = Hours(location="UTC"), replace(NIGHT, routes=("pay", "warning"))
    assert Notifications(
        critical=(PAGER,),
        warning=(SLACK,),
        heartbeat=(PAGER,),
        teams={"pay": TEAM},
        hours=hours,
        mutes=(night,),
    )


@pytest.mark.parametrize(
    "file", ["slack_url", "/etc/keys/pagerduty", "/run/secrets/payroll-slack-url-production-2"]
)
def test_the_name_of_a_file_is_no_secret(file: str) -> None:
    assert SecretRef(file=file).path("/run/secrets").endswith(file)


@pytest.mark.parametrize(
    "path",
    [
        "bot123456:AAFmZ0uQx/sendMessage",
        "integration/0123456789ABCDEF0123456789ABCDEF/enqueue",
        "integration/0123456789abcdef0123456789abcdef/enqueue",
        "ping/6fc9a3c2-1b7e-4a52-9d2c-0e8f7b6a5d41",
        "hooks/xen8qm6ctjfpiknifw1hifcdsw",
        "hook/Zk3-pQ_9vLx-72TyBn_aWe-RtU",
        "a/b/T0K3N5V7X9Z1B2D4F6H8J0L2",
    ],
)
def test_an_address_whose_path_is_the_password_is_refused_and_not_repeated(path: str) -> None:
    with pytest.raises(NotifyError, match="or is a secret by itself") as caught:
        Webhook(url=f"https://example.org/{path}")
    assert path not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://webhook:9095/",
        "http://127.0.0.1:9095",
        "https://alerts.example.org/api/v2/alertmanager-webhook-receiver/team-payments",
        "https://alerts.example.org/hooks/payments-production-eu-west-1-oncall",
        "https://alerts.example.org/AlertmanagerWebhookReceiver",
        "https://alerts.example.org/tenants/123456789012345678901234567890",
        "http://internal-0123456789abcdef0123456789abcdef.elb.example.org/alerts",
    ],
)
def test_an_address_of_words_and_numbers_is_taken(url: str) -> None:
    assert Webhook(url=url).secrets == ()
