"""A failure is a line of the log when it begins, whatever it is called by each server."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from exporters.collectors.failures import MOST_CAUSES, Failures
from exporters.collectors.pgbouncer import codes as pgbouncer
from exporters.collectors.postgres import codes as postgres
from exporters.collectors.redis import codes as redis
from exporters.collectors.selfstats import SelfStats


def test_each_kind_of_failure_is_told_once_until_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stats = SelfStats("redis")
    failures = Failures(stats, logging.getLogger("test"), str)
    for code in ("", "A", "A", "B", "A", "B", "", "", "A"):
        failures.tell("part", code, f" in {code}")
    failures.tell("other", "A")
    assert [record.getMessage() for record in caplog.records] == [
        "part: A in A",
        "part: B in B",
        "part: answers again",
        "part: A in A",
        "other: A",
    ]
    (errors, _) = stats.families()
    assert dict(zip(errors.labels, errors.values, strict=True)) == {
        ("redis", "part", "A"): 4,
        ("redis", "part", "B"): 2,
        ("redis", "other", "A"): 1,
    }


def told(caplog: pytest.LogCaptureFixture, *details: str) -> list[str]:
    """What the log says of failures of one class, in this order."""
    failures = Failures(SelfStats("redis"), logging.getLogger("test"), str)
    for detail in details:
        failures.tell("part", "E", f": {detail}")
    return [record.getMessage().removeprefix("part: E: ") for record in caplog.records]


def test_another_cause_of_the_same_class_is_told_and_other_numbers_are_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused, unknown = "Error {} connecting to 0x7f{}", "Error -{}: name {} not known"
    given = [text.format(number, number) for text in (refused, unknown) for number in range(5)]
    assert told(caplog, *given) == [given[0], given[5]]


def test_the_last_word_of_the_log_is_the_cause_that_stays_and_two_that_take_turns_are_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert told(caplog, "a", "b", *"abab", "a", "a", "a", "b") == ["a", "b", "a"]


def test_a_message_that_is_always_another_is_not_told_without_end(caplog: pytest.LogCaptureFixture) -> None:
    of_one = ["x" * number for number in range(1, 100)]
    assert told(caplog, *of_one, "stays", "stays", "stays") == [*of_one[:MOST_CAUSES], "stays"]


@pytest.mark.parametrize(
    ("explained", "code", "said", "unsaid"),
    [
        (postgres.explained, "53300", "ALTER ROLE", "pgbouncer.ini"),
        (pgbouncer.explained, "53300", "53300 TooManyConnections", "ALTER ROLE"),
        (pgbouncer.explained, "42501", "42501 InsufficientPrivilege", "role.sql"),
        (pgbouncer.explained, "28P01", "auth_file", "role"),
        (postgres.explained, "28P01", "no such role", "auth_file"),
        (redis.explained, "NoPermissionError", "redis.acl", "role.sql"),
        (redis.explained, "TimeoutError", "TimeoutError", ";"),
    ],
)
def test_what_to_do_is_said_in_terms_of_the_server(
    explained: Callable[[str], str], code: str, said: str, unsaid: str
) -> None:
    assert said in explained(code)
    assert unsaid not in explained(code)
