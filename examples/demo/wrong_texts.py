"""Matchers and templates, right and wrong in one thing, for a real Grafana and for our checks to judge."""

from __future__ import annotations

# As a route has them.
MATCHERS = [
    """matchers: ['"foo bar"="x"']""",
    """matchers: ['{a=~"b|c", d!="e"}', 'f=g']""",
    r"""matchers: ['a=~"\d+\\.[(]"']""",
    "object_matchers: [[a, =~, '(?i)b[(?!]'], [c, '!~', '(?P<d>e)[+]+'], [f, =~, '\\(\\?=']]",
    "match_re: {a: '(b|c)+?'}",
]
NO_MATCHERS = [
    """matchers: ['a=~"("']""",
    """matchers: ['b=c, a=~(']""",
    "match_re: {a: '('}",
    "object_matchers: [[a, =~, '(?!x)y']]",
    "object_matchers: [[a, =~, '(?<=x)y']]",
    r"object_matchers: [[a, '!~', '(a)\1']]",
    "object_matchers: [[a, =~, 'a++']]",
]
# Each with what is wrong in it.
NO_TEMPLATES = {
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
    "{{ /* a */ }}": "'/' means nothing in an action",
    "{{ | len }}": "there is nothing before '|'",
    "{{ .a | | len }}": "there is nothing before '|'",
    "{{ ..a }}": "'.a' follows '.' without a blank",
    "{{ with $a, $b := .c }}{{ end }}": "it declares 2 variables; here it may be 1",
    "{{ range $a, $b, $c := .d }}{{ end }}": "it declares 3 variables; here it may be 2",
    "{{ len(.a) }}": "'(' follows 'len' without a blank",
    "{{ len .a, 1 }}": "',' means nothing there",
    '{{ .a | "b" }}': "takes nothing from the command before it",
    "{{ .a | 1 }}": "takes nothing from the command before it",
    "{{ if .a }}{{ end if }}": "there is 'if' after end",
    "{{ if .a == .b }}{{ end }}": "'=' means nothing there",
    "{{ 1x }}": "there is no function 'x'",
    "{{ (.a }}": "its parentheses do not match",
    "{{ .a) }}": "its parentheses do not match",
    "{{ () }}": "there is nothing before ')'",
    "{{ .a - .b }}": "'-' means nothing in an action",
}
TEMPLATES = [
    "{{ if .a }}{{ else if .b }}{{ else if .c }}{{ else }}{{ end }}",
    "{{ with .a }}{{ else with .b }}{{ else }}{{ end }}",
    "{{ range .a }}{{ if .b }}{{ break }}{{ end }}{{ continue }}{{ else }}none{{ end }}",
    "{{ range .a }}{{ range .b }}{{ else }}{{ break }}{{ end }}{{ end }}",
    '{{ block "a" . }}{{ end }}{{ define `b` }}{{ end }}',
    "{{ $a = 1 }}{{ .a | }}{{ (.a | len) }}{{ (index .a 1).b }}{{ $.a.b }}{{ .a | .b }}",
    "{{/* a */}}{{- /* b */ -}}{{ and (eq .a 1) (not .b) }}",
    "{{ .ä }}{{ .a.größe }}{{ $ä := 1 }}{{ $ä }}",
    "{{ 1i }}{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}{{ 1_000 }}{{ .5e-3 }}",
    r"{{ 'a' }}{{ '\n' }}{{ '\'' }}{{ '\u00e4' }}{{ 'ä' }}",
]
