"""`lint PATH...`: what it reads, what it refuses in one line, and how it ends."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboards.cli import main
from dashboards.errors import StackError
from tests.checks.others import Json, board, graph, judge, variable

RAW = "web_requests_total{job=~'$job',instance=~'$instance'}"


def lint(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["lint", *map(str, arguments)])


def written(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


FAULTY = board(graph(RAW, unit="short"))
# Each holds the same fault, and no other.
FORMS: dict[str, Any] = {
    "plain.json": FAULTY,
    "api.json": {"dashboard": FAULTY, "meta": {"slug": "theirs"}},
    "imported.json": {"dashboard": FAULTY, "overwrite": True},
    "resource.json": {"kind": "Dashboard", "metadata": {"name": "theirs"}, "spec": FAULTY},
}


@pytest.mark.parametrize("name", FORMS)
def test_a_dashboard_is_read_in_each_form(tmp_path: Path, name: str) -> None:
    done = lint(written(tmp_path, name, FORMS[name]))

    assert done.exit_code == 1, done.output
    first, last = done.stderr.splitlines()
    assert first.startswith(f"{tmp_path / name}: panel 'Requests', query A: web_requests_total is a counter")
    assert first.endswith("Put it under rate() or increase(). [counter-growth]")
    assert "1 board, " in last
    assert "1 finding; left out without --metrics-from: metric-exists" in last


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "marked.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(board()).encode())

    assert lint(path).exit_code == 0


def test_a_folder_is_read_whole_and_what_is_no_dashboard_is_named(tmp_path: Path) -> None:
    right = written(tmp_path, "a/right.json", board())
    written(tmp_path, "a/b/faulty.json", FAULTY | {"uid": "faulty", "title": "Faulty"})
    other = written(tmp_path, "package.json", {"name": "x"})
    done = lint(tmp_path, right)

    assert done.exit_code == 1
    assert f"left out: {other}: no dashboard" in done.stderr
    assert "2 boards, " in done.stderr  # the one named twice is one
    assert "faulty.json: panel 'Requests', query A" in done.stderr


@pytest.mark.parametrize("content", [b"", b'{"a": 1} // b', b"\x89PNG\xff", b'{"annotations": {"a": "b"}'])
def test_other_json_that_nobody_can_read_hides_no_finding(content: bytes, tmp_path: Path) -> None:
    written(tmp_path, "faulty.json", FAULTY)
    (tmp_path / "tsconfig.json").write_bytes(content)
    done = lint(tmp_path)

    assert (done.exit_code, "[counter-growth]" in done.stderr) == (1, True), done.stderr
    assert f"left out: {tmp_path}/tsconfig.json: no dashboard" in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        b'{"rows": 1} // b',
        b'{"annotations": {"list": [',
        b'{"title": "Shop", "uid": "shop", ',
        b'{"apiVersion": 1, "groups": [{"name":',
        b'{"a": 1, "contactPoints": [',
        '{"title": "Shop", "panels": []}'.encode("utf-16"),
    ],
)
def test_a_broken_dashboard_or_alerting_file_of_a_folder_is_not_left_out(
    content: bytes, tmp_path: Path
) -> None:
    written(tmp_path, "right.json", board())
    (tmp_path / "cut.json").write_bytes(content)
    done = lint(tmp_path)

    assert done.exit_code == 2, done.output
    assert done.stderr.startswith(f"error: {tmp_path}/cut.json: no "), done.stderr


def test_findings_are_json_if_asked(tmp_path: Path) -> None:
    done = lint(written(tmp_path, "faulty.json", FAULTY), "--json")
    (found,) = json.loads(done.stdout)

    assert done.exit_code == 1
    assert (found["rule"], found["level"], found["waived"]) == ("counter-growth", "error", "")


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    crowded = [graph(id=n, gridPos={"x": 0, "y": 8 * n, "w": 24, "h": 8}) for n in range(1, 27)]
    done = lint(written(tmp_path, "crowded.json", board(*crowded)))

    assert done.exit_code == 0
    assert "warning: 26 panels ask when it opens" in done.stderr


DEEP = "[" * 5000 + "]" * 5000
# file, what is in it, what the one line names
REFUSED = [
    ("empty.json", b"", "it is empty"),
    ("blank.json", b" \n", "it is empty"),
    ("binary.json", b"\x89PNG\r\n\x1a\n\x00\xff", "no UTF-8"),
    ("text.json", b"not json", "no JSON: Expecting value"),
    ("cut.json", b'{"panels": [', "no JSON"),
    ("nan.json", b'{"panels": [NaN]}', "NaN is no number of JSON"),
    ("list.json", b"[]", "a list, no dashboard"),
    ("number.json", b"1", "a int, no dashboard"),
    ("other.json", b'{"name": "x"}', "neither panels nor rows"),
    ("v2.json", b'{"elements": {}, "layout": {}, "title": "x"}', "of schema v2"),
    ("deep.json", DEEP.encode(), "nested too deep"),
    ("nested.json", b'{"panels": ' + b"[" * 90 + b"]" * 90 + b"}", "nested more than 60 deep"),
]


@pytest.mark.parametrize(("name", "content", "message"), REFUSED)
def test_what_is_no_dashboard_is_told_in_one_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    done = lint(tmp_path / name)

    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {tmp_path / name}: ")
    assert message in line
    assert "expected a dashboard" in line


def test_a_path_that_is_missing_empty_or_huge_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "other.txt").write_text("hello\n", encoding="utf-8")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(30_000_000)
    for path, message in (
        (tmp_path / "gone.txt", "no such file or folder; expected a dashboard"),
        (tmp_path / "other.txt", "it is of another kind; expected a dashboard"),
        (tmp_path / "folder", "no dashboard and no alerting file in this folder"),
        (huge, "it has more than 20000000 bytes; expected a dashboard"),
    ):
        done = lint(path)
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert f"{path}: " in line
        assert message in line
        assert "alerting file" in line


def test_options_for_paths_need_one() -> None:
    done = lint("--metrics-from", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "go with a PATH" in done.stderr


def test_a_text_that_no_terminal_takes_stays_one_line(tmp_path: Path) -> None:
    strange = graph(RAW, unit="short", title="a\nb\x1b[31m \ud83d")
    done = lint(written(tmp_path, "strange.json", board(strange)))

    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 2
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "expr", ["(" * 300 + "up" + ")" * 300, "+".join(["up"] * 20_000), "-" * 20_000 + "up"]
)
def test_a_query_that_would_end_the_parser_is_a_finding(expr: str) -> None:
    (found,) = [each for each in judge(board(graph(expr, unit="short"))) if each.rule == "promql-parses"]
    assert "more than" in found.message


def test_a_waiver_from_a_file_is_counted_and_must_be_needed(tmp_path: Path) -> None:
    path = written(tmp_path, "faulty.json", FAULTY)
    waiver = {
        "rule": "counter-growth",
        "place": f"{path}: panel 'Requests'",
        "reason": "the number is shown as it is",
    }
    done = lint(path, "--waivers", written(tmp_path, "waivers.yml", [waiver]))
    assert done.exit_code == 0, done.output
    assert "0 findings" in done.stderr
    assert done.stderr.rstrip().endswith(", 1 waived")

    told = lint(path, "--waivers", written(tmp_path, "waivers.yml", [waiver]), "--json")
    assert [each["waived"] for each in json.loads(told.stdout)] == ["the number is shown as it is"]

    written(tmp_path, "faulty.json", board())
    done = lint(path, "--waivers", written(tmp_path, "waivers.yml", [waiver]))
    assert done.exit_code == 1
    assert "Take the waiver out. [waiver-needed]" in done.stderr

    right = written(tmp_path, "right.json", board())
    assert lint(right, "--waivers", written(tmp_path, "waivers.yml", [waiver])).exit_code == 0, "of another"
    done = lint(right, "--waivers", written(tmp_path, "waivers.yml", "a: ["))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("series", "unit", "wrong"),
    [
        ("redis_config_maxmemory", "bytes", ""),
        ("redis_current_eviction_exceeded_time_ms", "ms", ""),
        ("redis_instantaneous_eventloop_cycles_per_sec", "ops", ""),
        ("pg_stat_replication_pg_wal_lsn_diff", "bytes", "short"),
        ("redis_mem_aof_buffer_bytes", "bytes", "short"),
        ("redis_connected_clients", "short", "bytes"),
    ],
)
def test_a_name_of_theirs_that_says_no_unit_is_left_alone(series: str, unit: str, wrong: str) -> None:
    def found(shown: str) -> list[str]:
        judged = judge(board(graph(series + '{job=~"$job",instance=~"$instance"}', unit=shown)))
        return [each.message for each in judged if each.rule == "panel-unit"]

    assert found(unit) == []
    assert bool(found(wrong or unit)) == bool(wrong)


def test_one_file_of_waivers_serves_with_and_without_what_is_exported(tmp_path: Path) -> None:
    path = written(tmp_path, "theirs.json", board())
    waivers = written(
        tmp_path, "waivers.yml", [{"rule": "metric-exists", "place": str(path), "reason": "not yet there"}]
    )
    page = tmp_path / "page.prom"
    page.write_text("# TYPE web_things gauge\nweb_things 1\n")

    without = lint(path, "--waivers", waivers)
    assert (without.exit_code, "left out without --metrics-from: metric-exists" in without.stderr) == (
        0,
        True,
    )
    beside = lint(path, "--waivers", waivers, "--metrics-from", str(page))
    assert (beside.exit_code, beside.stderr.rstrip()[-10:]) == (0, ", 1 waived")

    page.write_text('# TYPE web_requests counter\nweb_requests_total{path="/",job="a",instance="b"} 1\n')
    there = lint(path, "--waivers", waivers, "--metrics-from", str(page))
    assert "metric-exists finds nothing here" in there.stderr, there.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "nosuch.yml",
            "there is no such file; give a YAML or JSON list of rule, place and reason, or leave ",
        ),
        (".", "cannot be read: Is a directory; give a YAML or JSON list"),
        ("/dev/zero", "it is a device or a pipe; save it to a file; give a YAML or JSON list"),
        ("pipe", "it is a device or a pipe"),
        ("long", "it has more than 1000000 bytes"),
        ("deep", "line 1: it is nested more than 100 deep"),
        ("merged", "written out, its aliases make more than 1000000 values"),
    ],
)
def test_a_file_of_waivers_that_is_none_is_told_with_what_to_give(
    name: str, told: str, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text(" " * 1_000_001)
    (tmp_path / "deep").write_text("[" * 5000)
    merges = [f"- &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 12)]
    (tmp_path / "merged").write_text("- &a0 {k: 1}\n" + "".join(merges))
    done = lint(written(tmp_path, "right.json", board()), "--waivers", tmp_path / name)
    assert done.exit_code == 2
    assert told in done.stderr
    assert str(tmp_path / name) in done.stderr
    assert (len(done.stderr.splitlines()), "Errno" in done.stderr) == (1, False)


VALUES: list[Any] = [
    None, True, 0, -1, 1.5, "", "$x", "\ud83d", [], [[]], [None], ["a"], [{}], {}, {"a": []}, {"steps": 1},
    "((", "{{", "${", "[[a]]", {"uid": []}, {"id": []}, {"mode": {}},
]  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*place, key)
        yield from places(each, (*place, key))


def full() -> Json:
    """A board with something of everything."""
    override = {"matcher": {"id": "byName", "options": "a"}, "properties": [{"id": "unit", "value": "s"}]}
    table = graph(
        id=2, type="table", transformations=[{"id": "organize", "options": {"renameByName": {"a": "b"}}}]
    )
    table["fieldConfig"]["overrides"] = [override]
    table["fieldConfig"]["defaults"] |= {"thresholds": {"steps": [{"value": None}]}, "custom": {"min": 1}}
    row = {
        "id": 3,
        "type": "row",
        "title": "Row",
        "panels": [graph(id=4)],
        "gridPos": {"x": 0, "y": 9, "w": 24, "h": 1},
    }
    annotations = {"list": [{"name": "a", "expr": "up", "target": {"expr": "up"}}]}
    old = {"title": "Old", "panels": [graph(id=5, span=6, type="graph", yaxes=[{"format": "s"}])]}
    more = {"__inputs": [{"name": "DS", "pluginId": "loki"}], "rows": [old], "annotations": annotations}
    links = [{"title": "a", "url": "/d/other", "type": "link", "tags": ["x"]}]
    return board(graph(), table, row, links=links, refresh="5s", **more) | {
        "templating": {"list": [variable("job"), variable("x", query={"query": "label_values(up, x)"})]}
    }


def test_nothing_in_a_board_of_any_type_breaks_the_checks() -> None:
    chosen = random.Random(20)  # noqa: S311 - the same each time
    for _ in range(120):
        document = deepcopy(full())  # nothing shared with what other tests build
        for _ in range(chosen.choice((1, 1, 2, 3))):
            place = chosen.choice(list(places(document)))
            holder: Any = document
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = deepcopy(chosen.choice(VALUES))
        try:
            found = judge(document)
        except StackError:
            continue  # it is no dashboard any more
        assert all(each.message for each in found)


WRONG_GROUP = "groups:\n  - {name: api, folder: team, interval: 15s, rules: [{uid: a, title: Up}]}\n"


def test_alerting_files_are_told_with_line_and_column_effect_and_fix(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(WRONG_GROUP)
    done = lint(str(path))
    assert done.exit_code == 1
    assert f"{path}:2:41: group api: its interval is 15s; expected a multiple of 10s (Grafana" in done.stderr
    assert "[interval-tick]" in done.stderr


def test_findings_as_githubs_annotations(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(WRONG_GROUP)
    done = lint("--format", "github", str(path))
    assert done.exit_code == 1
    assert f"::error file={path},line=2,col=41,title=interval-tick::group api: " in done.stdout


def test_findings_as_json_say_line_and_effect(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(WRONG_GROUP)
    done = lint("--format", "json", str(path))
    found = next(each for each in json.loads(done.stdout) if each["rule"] == "interval-tick")
    assert (found["line"], found["column"], found["effect"]) == (2, 41, "Grafana does not start")


def test_a_folder_of_boards_and_alerting_files_is_looked_at_as_both(tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text('{"uid": "a", "title": "A", "panels": []}')
    (tmp_path / "rules.yaml").write_text("groups: []\n")
    assert "1 board, " in lint(str(tmp_path)).stderr
    assert "1 alerting file, " in lint(str(tmp_path)).stderr


def test_yaml_that_is_something_else_is_no_alerting_file(tmp_path: Path) -> None:
    path = tmp_path / "compose.yaml"
    path.write_text("services: {}\n")
    done = lint(str(path))
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {path}: it is of another kind; expected ")


def test_the_page_of_checks_and_its_flag() -> None:
    assert lint("--list", "--markdown").stdout.startswith("# Checks on alerting files")
    assert lint("--markdown").exit_code == 2
    assert lint("--json", "--format", "text").exit_code == 2
