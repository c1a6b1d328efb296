"""Go's templates: what Grafana refuses, and what it takes."""

from __future__ import annotations

from time import process_time

import pytest

from dashboards.checks.provisioned.go_templates import NOTIFICATION, parse
from examples.demo.wrong_texts import NO_TEMPLATES, TEMPLATES


@pytest.mark.parametrize("text", NO_TEMPLATES)
def test_what_does_not_parse(text: str) -> None:
    (_, message), *_ = parse(text, NOTIFICATION).problems
    assert NO_TEMPLATES[text] in message


@pytest.mark.parametrize("text", TEMPLATES)
def test_what_parses(text: str) -> None:
    assert parse(text, NOTIFICATION).problems == []


@pytest.mark.parametrize("action", ["if .a", "if $", "end", "$x := 1", "range .a", "$y", "/*"])
def test_a_template_without_end_takes_no_time_without_end(action: str) -> None:
    begun = process_time()
    assert len(parse(f"{{{{ {action} }}}}" * 50_000, NOTIFICATION).problems) <= 10
    assert process_time() - begun < 5
