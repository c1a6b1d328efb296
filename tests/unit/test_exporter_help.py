"""The exporter's help is a page of the manual: by sections, with what else there is to know."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from exporters.cli import COMMANDS, main
from exporters.manual import OTHERS, SECTIONS, section_of

CONTEXT = click.Context(main)


def told(*args: str) -> str:
    result = CliRunner().invoke(main, [*args, "--help"], terminal_width=78)
    assert result.exit_code == 0
    return result.output


def sections(text: str) -> dict[str, str]:
    """By heading what stands below it."""
    parts = re.split(r"^(\w[\w ]*):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_sections_of_the_page_come_in_their_order() -> None:
    found = sections(told())

    assert list(found) == [
        "Listening", "What to watch", "Configuration", "Logging", "Other options", "Commands", "Environment",
        "Exit codes", "Examples",
    ]  # fmt: skip
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
        assert f"  {name} " in found["Environment"]
    assert re.findall(r"^  (\d) ", found["Exit codes"], flags=re.MULTILINE) == ["0", "1", "2"]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_flag_is_told_once_with_its_meaning_and_its_section(name: str) -> None:
    command = main.get_command(CONTEXT, name) if name else main
    assert command is not None
    found = sections(told(*filter(None, [name])))

    for option in command.get_params(CONTEXT):
        flag = option.opts[-1]
        told_at = re.compile(rf"^  .*{flag}\b", re.MULTILINE)
        (place,) = [each for each, text in found.items() if each != "Examples" and told_at.search(text)]
        assert place == section_of(flag)
        assert flag in ("--version", "--help") or place != OTHERS
        assert isinstance(option, click.Option)
        assert option.help
    assert set(found) <= {*SECTIONS, OTHERS, "Commands", "Environment", "Exit codes", "Examples"}
    assert "Exit codes" in found


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_every_example_has_flags_that_there_are(name: str) -> None:
    examples = sections(told(*filter(None, [name])))["Examples"].splitlines()
    assert any(examples)
    for example in filter(None, examples):
        _, _, flags = example.partition("python -m exporters")
        args = flags.split()
        command = main.get_command(CONTEXT, name) if name else main
        assert command is not None
        assert args[:1] == [name] or not name
        with pytest.raises((click.UsageError, click.exceptions.Exit)) as raised:  # none runs
            command.make_context("exporters", [*args[bool(name) :], "--help"])
        assert raised.type is click.exceptions.Exit


@pytest.mark.parametrize(("word", "hint"), [("chek", "; did you mean 'check'?"), ("serve", "")])
def test_a_command_that_there_is_not_is_answered_with_those_that_there_are(word: str, hint: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert result.exit_code == 2
    line = result.stderr.splitlines()[-1]
    assert line == f"Error: no command {word!r}; expected one of {', '.join(COMMANDS)}{hint}"
