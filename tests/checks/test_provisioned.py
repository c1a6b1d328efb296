"""Each check on alerting files refuses its wrong example, by name and line, and takes the right one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import process_time

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Engine
from dashboards.checks import RULES as QUERY_CHECKS
from dashboards.checks.finding import Finding
from dashboards.checks.provisioned import CHECKS, Check, Found, found, judge, page
from dashboards.checks.provisioned.reader import UnreadableError, read
from dashboards.checks.provisioned.sample import OTHER, RULE, notifications, placed
from dashboards.cli import main
from dashboards.stack import STACK
from dashboards.write import render

ROOT = Path(__file__).parents[2]
EXAMPLES = pytest.mark.parametrize("check", CHECKS, ids=[check.id for check in CHECKS])


def lint(folder: Path, *texts: str, name: str = "file{}.yaml") -> list[Finding]:
    target = folder / "files"
    target.mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        inside, content = placed(text)
        (target / inside).mkdir(parents=True, exist_ok=True)
        (target / inside / name.format(number)).write_text(content, encoding="utf-8")
    return judge(found([folder]))


@EXAMPLES
def test_the_wrong_example_is_refused(check: Check, tmp_path: Path) -> None:
    findings = lint(tmp_path, *check.wrong.split(OTHER))
    assert {each.rule for each in findings} == {check.id}, findings
    assert all(each.line and each.column and each.effect and each.fix for each in findings)
    assert all(each.level == check.level for each in findings)


@EXAMPLES
def test_the_right_example_is_taken(check: Check, tmp_path: Path) -> None:
    assert lint(tmp_path, *check.right.split(OTHER)) == []


def test_the_page_is_the_checks() -> None:
    assert (ROOT / "docs/checks.md").read_text(encoding="utf-8") == page(), (
        "run: python -m dashboards lint --list --markdown > docs/checks.md"
    )


@pytest.mark.parametrize("engine", ["grafana", "prometheus"])
def test_our_own_files_have_no_finding(engine: Engine, tmp_path: Path) -> None:
    for path, content in render(replace(STACK, engine=engine)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    given = found([tmp_path])
    assert given.rules >= 2
    assert judge(given, QUERY_CHECKS) == []


def test_a_finding_points_at_the_field(tmp_path: Path) -> None:
    (each,) = lint(
        tmp_path,
        "groups:\n  - name: api\n    folder: team\n    interval: 1m\n    rulez: []\n",
    )
    assert (each.line, each.column, each.where) == (5, 5, "group api")
    assert "'rulez'" in each.message
    assert each.fix == "Did you mean 'rules'?"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"groups": [\n{"name": "\\ud83d\\ude00"}]}', 2),
        ('{"groups": [],\n"x": "a\\/b"}', 2),
        ('{"groups": [], "groups": []}', 1),
        ('{"groups": [\n', 2),
        ('{"groups": "\x7f"}', 1),
    ],
)
def test_json_that_a_yaml_parser_refuses(tmp_path: Path, text: str, line: int) -> None:
    (each,) = lint(tmp_path, text, name="file{}.json")
    assert (each.rule, each.line) == ("file-parses", line)


def test_an_escaped_backslash_escapes_nothing(tmp_path: Path) -> None:
    text = '{"templates": [{"name": "a", "template": "\\\\/ \\\\ud83d"}]}'
    assert lint(tmp_path, text, name="file{}.json") == []


def test_aliases_that_explode_are_counted_not_written_out(tmp_path: Path) -> None:
    lines = ["groups: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (each,) = lint(tmp_path, "\n".join(lines))
    assert (each.rule, each.effect) == ("file-bounds", "nobody looked at it")


def test_an_anchor_that_contains_itself(tmp_path: Path) -> None:
    (each,) = lint(tmp_path, "groups: &a\n  - *a\n")
    assert (each.rule, each.line) == ("file-parses", 2)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("groups: [", encoding="utf-8")
    folder = tmp_path / "alerting"
    folder.mkdir()
    (folder / "in.yaml").symlink_to(tmp_path / "outside.yaml")
    (each,) = judge(found([folder]))
    assert each.rule == "file-bounds"
    assert "leads out of" in each.message


def test_what_grafana_cannot_read_as_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "alerting"
    (folder / "old.yaml").mkdir(parents=True)
    (folder / "gone.yml").symlink_to("nowhere")
    assert [(each.rule, each.message) for each in judge(found([folder]))] == [
        ("file-parses", "it is a link that leads nowhere"),
        ("file-parses", "it is a folder"),
    ]


def test_a_folder_that_kubernetes_mounts_is_read_by_its_links(tmp_path: Path) -> None:
    data = tmp_path / "alerting" / "..2026"
    data.mkdir(parents=True)
    (data / "rules.yaml").write_text(RULE.replace("for: 5m", "fore: 5m"))
    (tmp_path / "alerting" / "..data").symlink_to("..2026")
    (tmp_path / "alerting" / "rules.yaml").symlink_to("..data/rules.yaml")
    (each,) = judge(found([tmp_path]))
    assert (each.rule, each.file) == ("field-known", str(tmp_path / "alerting/rules.yaml"))


def test_each_folder_called_alerting_is_of_a_grafana_of_its_own(tmp_path: Path) -> None:
    text = RULE + notifications()
    for name in ("test/alerting", "live/alerting"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "all.yaml").write_text(text, encoding="utf-8")
    assert judge(found([tmp_path])) == []
    (tmp_path / "live/alerting/more.yaml").write_text(text, encoding="utf-8")
    findings = judge(found([tmp_path]))
    assert {each.rule for each in findings} == {"uid-unique", "policy-once"}
    assert {each.file for each in findings} == {str(tmp_path / "live/alerting/more.yaml")}


def test_a_template_of_helm_is_no_file_yet(tmp_path: Path) -> None:
    templates = tmp_path / "chart/templates/alerts"
    templates.mkdir(parents=True)
    (templates / "rule.yaml").write_text("{{- if .Values.on }}\nspec:\n  groups: []\n{{- end }}\n")
    (tmp_path / "rules.yaml").write_text(RULE, encoding="utf-8")
    (each,) = judge(found([tmp_path]))
    assert (each.rule, each.file) == ("file-parses", str(templates / "rule.yaml"))
    (tmp_path / "chart/Chart.yaml").write_text("name: a\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["lint", str(tmp_path)])
    assert (done.exit_code, "1 alerting file," in done.stderr) == (0, True), done.stderr
    assert f"left out: {templates.parent}: templates of Helm" in done.stderr
    assert CliRunner().invoke(main, ["lint", str(templates / "rule.yaml")]).exit_code == 1


def test_a_folder_of_links_out_names_them(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("groups: []", encoding="utf-8")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "in.yaml").symlink_to(tmp_path / "outside.yaml")
    done = CliRunner().invoke(main, ["lint", str(folder)])
    assert (done.exit_code, f"{folder}/in.yaml:1:1: " in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("head", "effect"),
    [("", "Prometheus refuses the whole file"), ("    folder: team\n", "Grafana does not start")],
)
def test_a_file_that_is_no_yaml_names_its_reader(head: str, effect: str, tmp_path: Path) -> None:
    text = f"groups:\n  - name: a\n{head}    rules:\n      - alert: A\n        expr: {{{{ $x }}\n"
    (each,) = lint(tmp_path, text)
    assert (each.rule, each.effect) == ("file-parses", effect)


def test_fifty_megabytes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    (each,) = judge(found([path]))
    assert (each.rule, each.file) == ("file-bounds", str(path))


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    done = CliRunner().invoke(main, ["lint", str(tmp_path / "loop.yaml")])
    assert (done.exit_code, "no such file" in done.stderr) == (2, True), done.output
    done = CliRunner().invoke(main, ["lint", str(tmp_path)])
    assert (done.exit_code, "no alerting file in this folder" in done.stderr) == (2, True), done.output


def test_of_a_file_in_which_all_is_wrong_a_part_is_told(tmp_path: Path) -> None:
    found = lint(tmp_path, f"groups: [{', '.join(['1'] * 3000)}]")
    assert [each.rule for each in found].count("field-type") == 1000
    (rest,) = [each for each in found if each.rule == "file-bounds"]
    assert "field-type finds more than 1000 things" in rest.message


def test_many_files_are_bounded_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[Found.__module__], "TOGETHER", 3)
    assert [each.rule for each in lint(tmp_path, "groups: [1, 2]", "groups: []")] == ["field-type"] * 2 + [
        "file-bounds"
    ]


def test_the_root_of_policies_does_not_continue(tmp_path: Path) -> None:
    root = "    group_by: [alertname]\n"
    (each,) = lint(tmp_path, notifications(root, f"{root}    continue: true\n"))
    assert (each.rule, "does not start again" in each.effect) == ("policy-root", True)


def test_a_device_and_a_pipe_are_refused_unread(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in ("/dev/zero", tmp_path / "pipe.yaml"):
        done = CliRunner().invoke(main, ["lint", str(path)])
        assert (done.exit_code, "it is a device or a pipe" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("text", "refused"), [("1" * 100_000 + "m", 1), ("300y", 1), ("0" * 5000 + "5m", 0), ("290y", 0)]
)
def test_a_duration_that_nobody_can_hold(text: str, refused: int, tmp_path: Path) -> None:
    found = lint(tmp_path, RULE.replace("for: 5m", f"for: {text}"))
    assert [each.rule for each in found] == ["field-value"] * refused
    assert all("at most 292 years" in each.fix and len(each.message) < 300 for each in found)


@pytest.mark.parametrize("model", ["model: null", "queryType: ''"])
def test_a_query_without_a_model(model: str, tmp_path: Path) -> None:
    (each,) = lint(tmp_path, RULE.replace("model: {expr: worker_alive, instant: true}", model))
    assert (each.rule, each.effect, "no model" in each.message) == (
        "field-required",
        "Grafana does not start",
        True,
    )


def test_a_whole_number_of_any_length(tmp_path: Path) -> None:
    text = RULE.replace("for: 5m", f"missing_series_evals_to_resolve: {'7' * 5000}")
    assert [each.rule for each in lint(tmp_path, text)] == ["field-type"]


@given(st.binary(max_size=200) | st.text(alphabet='{}[]&*:-,"\n x0!|>%@', max_size=80).map(str.encode))
def test_no_bytes_end_the_reader(content: bytes) -> None:
    for json in (False, True):
        with suppress(UnreadableError):
            read(content, json=json)


def rules(count: int) -> str:
    """A file of so many rules, in groups of twenty."""
    head, _, body = RULE.partition("    rules:\n")
    groups = [head, "    rules:\n"]
    for number in range(count):
        if number and number % 20 == 0:
            groups.append(
                f"{head.partition('groups:')[2].lstrip(chr(10))}    rules:\n".replace("api", f"g{number}")
            )
        groups.append(
            body.replace("uid: up", f"uid: up-{number}").replace(
                "expr: worker_alive", f"expr: alive_{number} > 1"
            )
        )
    return "".join(groups)


def test_a_thousand_rules_take_a_second_or_two(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rules(1000), encoding="utf-8")
    before = process_time()
    given = found([path])
    assert judge(given, QUERY_CHECKS) == []
    assert sum(1 for _ in given.files[0].root.each("groups")) == 50
    # Of this process alone; a machine that is busy takes up to twice as long for the same work.
    assert process_time() - before < 4


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"\x00\x01\xff\xfe", 1, "it is no UTF-8"),
        (b"", 2, "it is empty"),
        (b"groups: " + b"[" * 5000, 1, "nested more than 100 deep"),
        ("".join(f"{' ' * deep}a:\n" for deep in range(1000)).encode(), 1, "nested more than 100 deep"),
        (b"\n" * 5000 + b"groups: " + b"[" * 5000, 1, "nested more than 100 deep"),
        ("\ufeffgroups: []\n".encode("utf-16-le"), 0, "0 findings"),
        ("\ufeffgroups: []\n".encode("utf-16-be"), 0, "0 findings"),
        (b"services: {}", 2, "it is of another kind"),
        (b"groups: []\n", 0, "0 findings"),
    ],
    ids=["binary", "empty", "deep", "indented", "blank", "little", "big", "other", "right"],
)
def test_bad_input_ends_in_a_finding_or_an_error(
    content: bytes, code: int, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    done = CliRunner().invoke(main, ["lint", str(path)])
    assert (done.exit_code, told in done.stderr) == (code, True), done.output
    assert "Traceback" not in done.output
