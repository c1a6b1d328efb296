"""``python -m dashboards test``: a team's own alerts are proven as the project's are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from dashboards.cli import main
from tests.unit.conftest import Build

SHOP = """\
from dataclasses import replace
from pathlib import Path

from alerts.cases import CASES
from alerts.model import Alert, Severity
from alerts.proof.model import Case, Held
from alerts.proof.series import counter
from alerts.runbooks import SECTIONS
from dashboards.boards import BOARDS
from dashboards.model import Board, graph, row, stat
from dashboards.stack import Stack
from exporters.catalogue import Counter, Gauge
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import promql, rate, ratio, value
from signals.model import Signal
from signals.numbers import COUNT, PER_SECOND, RATIO, Limit

ORDERS = Counter(name="shop_orders_total", help="Orders.", collector="shop.orders")
LOST = Counter(name="shop_orders_lost_total", help="Lost orders.", collector="shop.orders")
QUEUE = Gauge(name="shop_queue_length", help="Orders that wait.", collector="shop.orders")
WAIT = Limit(key="shop_queue", value=100, unit=COUNT, why="More than an hour's work.")
SHARE = Limit(key="shop_lost", value=0.01, unit=RATIO, why="One in a hundred.")
SOME = Limit(key="shop_some", value=0.1, unit=PER_SECOND, why="Fewer say nothing.")
WAITING = Signal(title="Orders waiting", why="Orders that wait.", act="Add workers.", query=value(QUEUE),
                 unit=COUNT, objective=WAIT, legend="orders")
LOSING = Signal(title="Orders lost", why="Orders that were lost.", act="Look at the log.",
                query=ratio(rate(LOST), rate(ORDERS)), unit=RATIO, objective=SHARE, legend="lost")
ENOUGH = promql("{rate} > <number:shop_some>", SOME, rate=rate(ORDERS))
QUEUE_LONG = Alert(name="ShopQueueLong", service="shop", severity=Severity.WARNING, signal=WAITING,
    operator=">", by=(JOB, INSTANCE), hold=300,
    summary="{{ $value | humanize }} orders wait at {{ $labels.instance }}, above {limit}.",
    description="Customers wait for their mail.")
ORDERS_LOST = Alert(name="ShopOrdersLost", service="shop", severity=Severity.WARNING, signal=LOSING,
    operator=">", by=(JOB, INSTANCE), guards=(ENOUGH,), hold=300,
    summary="{{ $value | humanizePercentage }} of orders are lost, above {limit}.",
    description="Customers pay for nothing.")
BOARD = Board(uid="shop", title="Shop", description="For the shop.", source="shop", anchor=QUEUE,
              rows=(row("Enough?", stat(WAITING, title="Waiting"), stat(LOSING, title="Lost")),
                    row("How many?", graph(WAITING), graph(LOSING))))
CASE = Case(alert=ORDERS_LOST, labels={"job": "shop", "instance": "shop:9000"},
    series=(counter(ORDERS, 1500, 1500, 1500, 1500), counter(LOST, 0, 14.9, 15.6, 0)),
    summary="1.04% of orders are lost, above 1 %.",
    held=(Held(why="there are few orders", guard=ENOUGH,
               levels={"shop_orders_total": 1.4, "shop_orders_lost_total": 1.4}),))
GIVEN = dict(boards=(*BOARDS, BOARD), metrics=(ORDERS, LOST, QUEUE), alerts=(QUEUE_LONG, ORDERS_LOST),
             runbooks=(Path(__file__).parent,))
RUNBOOK = "".join(f"## {each}\\n1. Look.\\n\\n" for each in SECTIONS)
for alert in GIVEN["alerts"]:
    (Path(__file__).parent / f"{alert.name}.md").write_text(RUNBOOK)
"""
PROVEN = SHOP + "STACK = Stack(**GIVEN, cases=(*CASES, CASE))\n"
UNPROVEN = SHOP + "STACK = Stack(**GIVEN)\n"


def test_one_alert_is_derived_and_one_has_a_case(build: Build) -> None:
    code, output, _ = build(PROVEN, "--mutations", command="test")
    assert code == 0, output
    assert "ShopQueueLong   all 8 states" in output
    assert "ShopOrdersLost  all 8 states" in output
    (told,) = re.findall(r"2 alerts, 2 cases: 2 proven, 0 not; (\d+) of (\d+) changes noticed", output)
    assert told[0] == told[1] != "0"


def test_an_alert_with_neither_fails_by_its_name_with_what_to_do(build: Build) -> None:
    code, output, _ = build(UNPROVEN, command="test")
    assert code == 1
    (told,) = [each for each in output.splitlines() if " NOT " in each]
    assert told.startswith("ShopOrdersLost  NOT case: it has no case, and none follows from its definition: ")
    assert "give Stack(cases=(*Stack.cases, Case(alert=…)))" in told


def test_a_case_without_its_guard_is_told(build: Build) -> None:
    code, output, _ = build(PROVEN.replace("CASES, CASE)", "CASES, replace(CASE, held=()))"), command="test")
    assert code == 1
    assert "no case is held back by guard 1; give it a Held" in output


def test_of_a_case_that_fails_what_fails_is_told_and_no_changes(build: Build) -> None:
    wrong = PROVEN.replace('summary="1.04%', 'summary="2.04%')
    code, output, _ = build(wrong, "ShopOrdersLost", "--mutations", command="test")
    assert code == 1
    (told,) = [each for each in output.splitlines() if " NOT " in each]
    lost = "of orders are lost, above 1 %."
    assert told.endswith(f'its message at 45m: expected "2.04% {lost}", got "1.04% {lost}"')


def test_a_change_that_no_case_notices_is_told(build: Build) -> None:
    wrong = PROVEN.replace("CASES, CASE)", "CASES, replace(CASE, held=()))")
    code, output, _ = build(wrong, "ShopOrdersLost", "--mutations", command="test")
    assert (code, "no case notices this change of the rule: without guard 1" in output) == (1, True), output
    ((noticed, played),) = re.findall(r"not; (\d+) of (\d+) changes noticed", output)
    assert int(noticed) == int(played) - output.count("no case notices")


def test_a_label_that_the_metric_lacks_is_told(build: Build) -> None:
    code, output, _ = build(
        PROVEN.replace("14.9, 15.6, 0)", '14.9, 15.6, 0, shop="a")'), "ShopOrdersLost", command="test"
    )
    assert code == 1
    assert "shop_orders_lost_total has no label 'shop'" in output


def test_reports_say_the_same(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    code, output, _ = build(UNPROVEN, "--json", "--junit", str(file), command="test")
    assert code == 1
    rows = json.loads(output[: output.rindex("]") + 1])
    assert [(row["alert"], row["well"]) for row in rows] == [
        ("ShopQueueLong", True),
        ("ShopOrdersLost", False),
    ]
    suite = ElementTree.fromstring(file.read_bytes())  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("9", "1")
    (failed,) = suite.findall("./testcase/failure/..")
    assert (failed.get("classname"), failed.get("name")) == ("ShopOrdersLost", "case")


def test_a_report_that_cannot_be_written_is_told_before_the_work(build: Build, tmp_path: Path) -> None:
    code, output, _ = build(UNPROVEN, "--junit", str(tmp_path / "none/report.xml"), command="test")
    assert code == 2
    assert output == (
        f"error: cannot write {tmp_path}/none/report.xml: there is no such folder; give --junit a file that "
        "you may write\n"
    )


def test_a_limit_of_the_stack_moves_the_derived_case(build: Build) -> None:
    moved = PROVEN.replace(
        "cases=(*CASES, CASE)", "limits=(Limit(key='shop_queue', value=7, unit=COUNT, why='.'),)"
    )
    code, output, _ = build(moved, "ShopQueueLong", command="test")
    assert code == 0, output


@pytest.mark.parametrize(
    ("right", "slip", "told"),
    [
        ('operator=">", by=(JOB, INSTANCE), hold=300,\n    summary="{{ $value | humanize }} orders wait',
         'operator="<", by=(JOB, INSTANCE), hold=300,\n    summary="{{ $value | humanize }} orders wait',
         "beyond its limit 100 the panel 'Orders waiting' is orange on the wrong side"),
        ('name="ShopQueueLong",', 'name="ShopQueueLong", limit=replace(WAIT, key="shop_half", value=50),',
         "its limit 50 is no line of the panel 'Orders waiting'"),
    ],
)  # fmt: skip
def test_what_build_refuses_is_not_proven(
    build: Build, tmp_path: Path, right: str, slip: str, told: str
) -> None:
    assert right in PROVEN
    file = tmp_path / "report.xml"
    code, output, _ = build(PROVEN.replace(right, slip), "--junit", str(file), command="test")
    assert code == 1
    assert f"ShopQueueLong   NOT build: alert ShopQueueLong: {told}" in output
    assert "ShopQueueLong   nothing\n" in output
    assert "ShopOrdersLost  all 8 states" in output, "another is proven all the same"
    suite = ElementTree.fromstring(file.read_bytes())  # noqa: S314 - our own
    (failed,) = suite.findall("./testcase/failure/..")
    assert (failed.get("classname"), failed.get("name")) == ("ShopQueueLong", "build")


MOVED = """
from dataclasses import replace
from alerts.cases import CASES
from dashboards.stack import Stack
from signals.limits import postgres as limits

(CASE,) = (case for case in CASES if case.alert.name == "PostgresConnectionsHigh")
MORE, *REST = (each for each in CASE.series if each.levels != (1, 1, 1, 1))
OWN = replace(CASE, series=(CASE.series[0], replace(MORE, levels=(5, 5, 11, 5)), *REST),
              summary=CASE.summary.replace("85%", "81%").replace("80 %", "75 %"))
"""
ALERT = "PostgresConnectionsHigh"


@pytest.mark.parametrize(
    ("given", "well"),
    [
        # Between the levels that the project's case takes, 80 % and 85 %.
        ("limits=(replace(limits.CONNECTIONS_SHARE, value=0.82),)", True),
        ("limits=(replace(limits.CONNECTIONS_SHARE_CRITICAL, value=0.94),)", True),
        ("limits=(replace(limits.CONNECTIONS_SHARE, value=0.75),), cases=(*CASES, OWN)", True),
        ("limits=(replace(limits.CONNECTIONS_SHARE, value=0.82),), cases=(*CASES, OWN)", False),
    ],
)
def test_a_written_case_is_played_with_the_limits_of_the_stack(build: Build, given: str, well: bool) -> None:
    code, output, _ = build(f"{MOVED}STACK = Stack({given})\n", ALERT, command="test")
    assert (code, f"{ALERT}  all 8 states" in output) == ((0, True) if well else (1, False)), output


def test_a_written_case_that_stands_beside_another_limit_proves_nothing(build: Build) -> None:
    given = "limits=(replace(limits.CONNECTIONS_SHARE, value=0.75),)"
    code, output, _ = build(f"{MOVED}STACK = Stack({given})\n", ALERT, "--mutations", command="test")
    assert code == 1
    (told,) = [each for each in output.splitlines() if " NOT " in each]
    assert told.startswith(
        f"{ALERT}  NOT case: its case is written beside the project's 'connections_share' of 80 %, not 75 % "
        "as in the stack, where it fails (under limit: it is silent just within its limit: "
    )
    assert told.endswith("give Stack(cases=(*Stack.cases, Case(alert=…))), as in alerts/cases")


def test_an_unknown_alert_is_told_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["test", "RedisDwn"])
    assert result.exit_code == 2
    assert "there is no alert 'RedisDwn' in the stack" in result.output
    assert "Did you mean 'RedisDown'?" in result.output


def test_without_promtool_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.proof.promtool.PROMTOOL", "no-promtool")
    result = CliRunner().invoke(main, ["test", "RedisDown"])
    assert result.exit_code == 2
    assert result.output.startswith("error: there is no promtool on the PATH")
    assert result.output.count("\n") == 1
