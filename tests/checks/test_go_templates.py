"""Go's templates: what Grafana refuses, and what it takes."""

from __future__ import annotations

from time import process_time

import pytest

from dashboards.checks.provisioned.go_templates import NOTIFICATION, parse

REFUSED = {
    "{{ if .a }}{{ else }}{{ else }}{{ end }}": "an else after the else of if",
    "{{ if .a }}{{ else }}{{ else if .b }}{{ end }}": "an else after the else of if",
    "{{ if .a }}{{ else with .b }}{{ end }}": "'with' after the else of if",
    "{{ range .a }}{{ else if .b }}{{ end }}": "'if' after the else of range",
    "{{ break }}": "a break outside of a range",
    "{{ if .a }}{{ continue }}{{ end }}": "a continue outside of a range",
    "{{ range .a }}{{ else }}{{ break }}{{ end }}": "a break outside of a range",
    '{{ range .a }}{{ block "b" . }}{{ break }}{{ end }}{{ end }}': "a break outside of a range",
    '{{ define "a" . }}{{ end }}': "the define has more than its name",
    '{{ block "a" }}{{ end }}': "the block has nothing to show",
    "{{ define 'a' }}{{ end }}": "the define has no name in quotation marks",
    "{{ 'ab' }}": "'ab' is more than one character",
    "{{ if .a }}{{ $b := 1 }}{{ end }}{{ $b }}": "there is no variable '$b'",
}
TAKEN = [
    "{{ if .a }}{{ else if .b }}{{ else if .c }}{{ else }}{{ end }}",
    "{{ with .a }}{{ else with .b }}{{ else }}{{ end }}",
    "{{ range .a }}{{ if .b }}{{ break }}{{ end }}{{ continue }}{{ else }}none{{ end }}",
    "{{ range .a }}{{ range .b }}{{ else }}{{ break }}{{ end }}{{ end }}",
    '{{ block "a" . }}{{ end }}{{ define `b` }}{{ end }}',
    "{{ .ä }}{{ .a.größe }}{{ $ä := 1 }}{{ $ä }}",
    "{{ 1i }}{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}{{ 1_000 }}{{ .5e-3 }}",
    r"{{ 'a' }}{{ '\n' }}{{ '\'' }}{{ '\u00e4' }}{{ 'ä' }}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_not_parse(text: str) -> None:
    ((_, message),) = parse(text, NOTIFICATION).problems
    assert REFUSED[text] in message


@pytest.mark.parametrize("text", TAKEN)
def test_what_parses(text: str) -> None:
    assert parse(text, NOTIFICATION).problems == []


@pytest.mark.parametrize("action", ["if .a", "if $", "end", "$x := 1", "range .a", "$y", "/*"])
def test_a_template_without_end_takes_no_time_without_end(action: str) -> None:
    begun = process_time()
    assert len(parse(f"{{{{ {action} }}}}" * 50_000, NOTIFICATION).problems) <= 10
    assert process_time() - begun < 5
