"""What differs between a thing as rendered and as found is named, and what means the same is not."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.differences import Terms, differences, things

TERMS = Terms(owned=("mine",), defaults={"follow": True}, unordered=("set",))
PRIVATE = Terms(private=True)


def lines(expected: Any, found: Any, terms: Terms = TERMS) -> list[str]:
    return list(differences(expected, found, terms))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"for": "60s"}, {"for": "1m"}),
        ({"interval": "1m"}, {"interval": "1m0s"}),
        ({"expr": "sum(up)  by (job)"}, {"expr": "sum by (job) (up)"}),
        ({"limit": 80}, {"limit": 80.0}),
        ({"months": ["may:july", "01"]}, {"months": ["5:7", "1"]}),
        (
            {"days_of_month": ["1:1", "-7:-1"], "weekdays": ["sunday:sunday"]},
            {"days_of_month": ["1", "-7:-1"], "weekdays": ["sunday"]},
        ),
        ({}, {"mine": 7, "follow": True, "empty": "", "off": False, "none": None, "wait": "0s", "zero": 0}),
        ({}, {"http": {"follow": True, "proxy": ""}}),
        ({"set": ["a", "b"]}, {"set": ["b", "a"]}),
        ({"rules": [{"uid": "a", "x": 1}]}, {"rules": [{"uid": "a", "x": 1, "mine": 2}]}),
        ({"url": "$__file{/run/secrets/url}"}, {"url": "[REDACTED]"}),
        ({"url": "$__env{URL}"}, {"url": "http://somewhere/"}),
        ({"url": "http://a/"}, {"url": "<secret>"}),
    ],
)
def test_what_means_the_same_is_no_difference(expected: Any, found: Any) -> None:
    assert lines(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found", "line"),
    [
        ({"for": "60s"}, {"for": "2m"}, 'for: expected "60s", found "2m"'),
        ({"expr": "up == 0"}, {"expr": "up == 1"}, 'expr: expected "up == 0", found "up == 1"'),
        ({"expr": "up == 0"}, {"expr": "up =="}, 'expr: expected "up == 0", found "up =="'),
        ({"a": {"b": 1.0}}, {"a": {"b": 2}}, "a.b: expected 1, found 2"),
        ({"a": 1}, {}, "a: expected 1, found nothing"),
        (
            {"months": ["may"]},
            {"months": ["6"]},
            'months[5]: expected "5", found nothing\nmonths[6]: expected nothing, found "6"',
        ),
        ({}, {"more": 1}, "more: expected nothing, found 1"),
        ({}, {"follow": False}, "follow: expected nothing, found false"),
        ({}, {"http": {"proxy": "x"}}, 'http.proxy: expected nothing, found "x"'),
        ({"l": ["a"]}, {"l": ["a", "b"]}, 'l[b]: expected nothing, found "b"'),
        ({"l": ["a"]}, {}, 'l[a]: expected "a", found nothing'),
        ({"l": ["a", "b"]}, {"l": ["b", "a"]}, "l: expected the order a, b, found b, a"),
        ({"l": [{"uid": "a", "x": 1}]}, {"l": [{"uid": "a", "x": 2}]}, "l[a].x: expected 1, found 2"),
        (
            {"routes": [{"receiver": "critical", "wait": "1s"}]},
            {"routes": [{"receiver": "critical", "wait": "2s"}]},
            'routes[0 critical].wait: expected "1s", found "2s"',
        ),
        ({"url": "$__env{URL}"}, {"url": ""}, 'url: expected "$__env{URL}", found ""'),
    ],
)
def test_what_differs_is_named_with_both_values(expected: Any, found: Any, line: str) -> None:
    assert lines(expected, found) == line.split("\n")


def test_of_long_texts_the_place_that_differs_is_shown_on_one_line() -> None:
    text = "x" * 500 + "\nFIRING" + "y" * 500
    (line,) = lines({"text": text}, {"text": text.replace("FIRING", "BURNING")})
    assert "FIRING" in line
    assert "BURNING" in line
    assert "\n" not in line
    assert len(line) < 300


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("password", "hunter2"),
        ("integrationKey", "abc"),
        ("credentials", "abc"),
        ("text", "token xoxb-1-hunter2"),
        ("url", "https://hooks.slack.com/services/T0/B0/hunter2"),
        ("url", "https://example.org/path-hunter2?key=hunter2"),
        ("url", "https://me:hunter2@example.org/"),
        ("headers", {"X-Key": "hunter2"}),
        ("entries", [{"password": "hunter2"}]),
    ],
)
def test_a_secret_that_somebody_put_there_is_not_shown(key: str, found: Any) -> None:
    told = lines({key: "another"}, {key: found}, PRIVATE) + lines({}, {key: found}, PRIVATE)
    assert len(told) == 2
    assert "hunter2" not in str(told)
    assert "abc" not in str(told)


def test_a_template_is_shown_unless_a_hook_or_a_token_stands_in_it() -> None:
    text = '{{ reReplaceAll "[^0-9A-Za-z]{24}abcdefABCDEF0123456789abc" "" .Name }} one'
    (line,) = lines({"template": text}, {"template": text.replace("one", "two")}, PRIVATE)
    assert "two" in line
    (line,) = lines({"template": text}, {"template": f"{text} xoxb-1-hunter2"}, PRIVATE)
    assert "hunter2" not in line


def test_a_plain_value_of_a_channel_is_shown() -> None:
    assert lines({"text": "a"}, {"text": "gone"}, PRIVATE) == ['text: expected "a", found "gone"']
    assert lines({"url": "http://a/x"}, {"url": "http://b:1/x"}, PRIVATE) == [
        'url: expected "http://a/x", found "http://b:1/…"'
    ]


def test_what_is_missing_or_too_much_is_named() -> None:
    assert things("rule", {"A": {}, "B": {}}, {"B": {}, "C": {}}, TERMS) == {
        "rule A": ["is not there"],
        "rule B": [],
        "rule C": ["is there, but not in the files"],
    }
