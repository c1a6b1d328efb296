"""A rule that reads a recording stands behind it in its group, or is refused by name."""

from __future__ import annotations

import pytest
import yaml

from tests.checks.small import RULE_FILE, Json, alert, judge, only

RATE = "job:http_requests:rate5m"
WORST = "job:http_response_wire_bytes:worst15m"
RECORD = {"record": RATE, "expr": "sum by (environment, cluster, job) (rate(http_requests_total[5m]))"}
READS = f"max_over_time({RATE}[15m])"
ALERT = alert(f"{READS} > 5")


def judged(*groups: list[Json], names: str = "ab") -> list[tuple[str, str]]:
    """Where the check finds what, in a file of these groups."""
    file = {"groups": [{"name": name, "rules": rules} for name, rules in zip(names, groups, strict=False)]}
    found = only(judge({RULE_FILE: yaml.safe_dump(file).encode()}), "recording-order")
    assert all(each.fix == f"Put it behind the recording of {RATE}, into its group." for each in found)
    return [(each.where, each.message) for each in found]


@pytest.mark.parametrize("reader", [ALERT, {"record": WORST, "expr": READS}], ids=["alert", "recording"])
def test_a_reader_behind_its_recording_is_right(reader: Json) -> None:
    assert judged([RECORD, reader]) == []


@pytest.mark.parametrize(
    ("reader", "where"),
    [(ALERT, "alert Small"), ({"record": WORST, "expr": READS}, f"record {WORST}")],
    ids=["alert", "recording"],
)
def test_a_reader_before_its_recording_is_refused(reader: Json, where: str) -> None:
    assert judged([reader, RECORD]) == [(where, f"it reads {RATE}, which is recorded after it")]


def test_a_reader_in_another_group_is_refused() -> None:
    told = f"it reads {RATE}, which the group 'a' records, at another moment"
    assert judged([RECORD], [ALERT]) == [("alert Small", told)]


def test_what_a_rule_recorded_itself_is_its_past() -> None:
    assert judged([{"record": RATE, "expr": f"{READS} > 0 or {RECORD['expr']}"}]) == []


COVERED = {"recording-order"}
TAKEN = COVERED
