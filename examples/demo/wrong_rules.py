"""Rules that are wrong in an expression, a query or a folder, or only look so."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.provisioned.sample import rule

_HEAD, _, _LAST = rule().partition("          - refId: B\n")
_C = (
    "{evaluator: {type: gt, params: [0]}, operator: {type: and}, query: {params: [A]}, reducer: {type: last}}"
)
_CLASSIC = f"type: classic_conditions, conditions: [{_C}]"
_RESAMPLE = "type: resample, expression: R, window: 1m, downsampler: mean, upsampler: pad"
_OVER = "type: reduce, reducer: last, expression: B"
_THRESHOLD = "type: threshold, expression: %s, conditions: [{evaluator: {type: gt, params: [0]}%s}]"
_UNLOAD = ", unloadEvaluator: {type: lt, params: [0]}"
MATHS = (
    "$A > -1", "$A>-1", "${A} > 0", "${A } > 0", "$A = 1", "$A && $B", "abs($A)", "abs($A, 1)", "nan()",
    "nan", "is_nan($A) || !$A", "sum($A)", "1 >", "($A", "$A $A", "1e3 < $A", "0x1F > $A", ".", "A > 1",
    "$A ** 2 % 3", "$A and $A", "log2($A)", "", "1", "-$A", 'abs("a")', "abs() > 1", "$A > 1 // a", "$a > 1",
)  # fmt: skip
# Models of B, C and so on; A is an instant query, R one over time, and the last one is the condition.
EXPRESSIONS: tuple[tuple[str, ...], ...] = (
    *((f"type: math, expression: '{text}'",) for text in MATHS),
    ("type: math, expression: 1",),
    ("type: math",),
    ("type: reduce, reducer: last, expression: A",),
    ("type: reduce, reducer: Last, expression: $A",),
    ("type: reduce, reducer: avg, expression: A",),
    ("type: reduce, expression: A",),
    ("type: reduce, reducer: last, expression: 1",),
    ("type: reduce, reducer: last, expression: R",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: dropNN}",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: ''}",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: drop}",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: replaceNN, replaceWithValue: 0}",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: replaceNN, replaceWithValue: '0'}",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: replaceNN}",),
    ("type: reduce, reducer: last, expression: R, settings: dropNN",),
    (_RESAMPLE, _OVER),
    (_RESAMPLE,),
    (_RESAMPLE.replace("1m", "1d"), _OVER),
    (_RESAMPLE.replace("1m", "1 minute"), _OVER),
    (_RESAMPLE.replace("window: 1m", "window: 60"), _OVER),
    (_RESAMPLE.replace("mean", "avg"), _OVER),
    (_RESAMPLE.replace("mean", "count"), _OVER),
    (_RESAMPLE.replace("pad", "last").replace("1m", "100ms"), _OVER),
    (_RESAMPLE.replace("pad", "fillna"), _OVER),
    (_RESAMPLE.replace("expression: R", "expression: A"), _OVER),
    (_THRESHOLD % ("A", ""),),
    (_THRESHOLD % ("$A", ""),),
    (_THRESHOLD % ("1", ""),),
    (_THRESHOLD % ("A", _UNLOAD),),
    (_THRESHOLD % ("A", _UNLOAD), _OVER),
    (_THRESHOLD % ("A", _UNLOAD.replace("lt", "below")),),
    (_THRESHOLD % ("A", _UNLOAD.replace("[0]", "[]")),),
    (_THRESHOLD % ("R", ""),),
    (_THRESHOLD % ("R", ""), _OVER),
    ((_THRESHOLD % ("A", "")).replace("[0]", "['0']"),),
    ((_THRESHOLD % ("A", "")).replace("[0]", "[0, 1]"),),
    ((_THRESHOLD % ("A", "")).replace("[0]", ".5"),),
    ("type: reduce, reducer: last, expression: R, settings: null",),
    ("type: reduce, reducer: last, expression: R, settings: {mode: null}",),
    ((_THRESHOLD % ("A", "")).replace("[0]", "[0x1F]"),),
    ((_THRESHOLD % ("A", "")).replace("[0]", "[null]"),),
    (_CLASSIC,),
    ("type: classic_conditions, conditions: []",),
    (_CLASSIC.replace("last", "mean"),),
    (_CLASSIC.replace("last", "percent_diff"),),
    (_CLASSIC.replace("type: and", "type: xor"),),
    (f"type: classic_conditions, conditions: [{_C}, {_C.replace('and', 'logic-or')}]",),
    (f"type: classic_conditions, conditions: [{_C}, {_C.replace('and', 'xor')}]",),
    (_CLASSIC.replace("[A]", "[]"),),
    (_CLASSIC.replace("[A]", "[A, 5m, now]"),),
    (_CLASSIC.replace("type: gt, params: [0]", "type: within_range, params: [0, 1]"),),
    (_CLASSIC.replace("type: gt, params: [0]", "type: within_range, params: [0, 1, 2]"),),
    (_CLASSIC.replace("type: gt, params: [0]", "type: no_value, params: []"),),
    (_CLASSIC.replace("type: gt, params: [0]", "type: no_value"),),
    ("type: math, expression: $A", _CLASSIC.replace("[A]", "[B]")),
    (_CLASSIC, "type: math, expression: $B"),
    ("type: math, expression: $C", "type: math, expression: $B"),
    ("type: sum, expression: A",),
)  # fmt: skip
_SETTINGS = "notification_settings: {receiver: grafana-default-email, %s}"
_MODEL = "{expr: worker_alive, instant: true}"
CHANGES: tuple[tuple[str, str, str], ...] = (
    ("a query over time by default", _MODEL, "{expr: worker_alive}"),
    ("a query that is instant and over time", _MODEL, "{expr: worker_alive, instant: true, range: true}"),
    ("a query that is neither", _MODEL, "{expr: worker_alive, instant: false, range: false}"),
    ("no expr", _MODEL, "{instant: true}"),
    ("an empty expr", _MODEL, "{expr: '', instant: true}"),
    ("an expr that is a number", _MODEL, "{expr: 1, instant: true}"),
    ("no data source", "datasourceUid: prom\n", "queryType: ''\n"),
    ("a queryType in the model", "instant: true", "instant: true, queryType: instant"),
    ("a queryType in the model that is a number", "instant: true", "instant: true, queryType: 1"),
    ("an interval as text", "instant: true", "instant: true, intervalMs: '15'"),
    ("a model with .nan", "instant: true", "instant: true, maxDataPoints: .nan"),
    ("a model with a number as a key", "instant: true", "instant: true, 1: a"),
    ("a model with a number as a key within", "instant: true", "instant: true, a: {1: b}"),
    ("a model with a list as a key", "instant: true", "instant: true, [1]: b"),
    ("a model with .inf within", "instant: true", "instant: true, a: [-.inf]"),
    ("a queryType in the model that is null", "instant: true", "instant: true, queryType: null"),
    ("an instant as text", "instant: true", "instant: 'true'"),
    ("an expression by its number", "__expr__", "'-100'"),
    ("a recording", "condition: B\n        for: 5m", "record: {metric: a, from: A}"),
    ("a recording by another name", "condition: B\n        for: 5m", "record: {metric: a-b, from: A}"),
    ("a recording without a name", "condition: B\n        for: 5m", "record: {metric: '', from: A}"),
    ("a recording of nothing", "condition: B\n        for: 5m", "record: {metric: a}"),
    ("a recording of what is not there", "condition: B\n        for: 5m", "record: {metric: a, from: Q}"),
    ("a label of Grafana's own", "for: 5m", "labels: {__grafana_autogenerated__: 'true'}"),
    ("a label with a dash", "for: 5m", "labels: {a-b: c}"),
    ("a label named alertname", "for: 5m", "labels: {alertname: a}"),
    ("an empty label", "for: 5m", "labels: {a: ''}"),
    ("a folder General", "folder: team", "folder: General"),
    ("a folder in a folder", "folder: team", "folder: team/api"),
    ("a folder with an empty part", "folder: team", "folder: team//api"),
    ("a folder of slashes", "folder: team", "folder: /"),
    ("a folder general", "folder: team", "folder: general"),
    ("a folder in General", "folder: team", "folder: General/team"),
    ("a folder General in a folder", "folder: team", "folder: team/General"),
    ("a folder six deep", "folder: team", "folder: a/b/c/d/e/f"),
    ("a folder five deep", "folder: team", "folder: c/d/e/f/g"),
    ("a folder four deep", "folder: team", "folder: b/c/d/e"),
    ("a folder with blanks around", "folder: team", "folder: ' team '"),
    ("a folder of 256 letters", "folder: team", f"folder: {'x' * 256}"),
    ("a folder of blanks", "folder: team", "folder: '  '"),
    ("a folder with a slash escaped", "folder: team", "folder: 'team\\/api'"),
    ("a folder of 190 letters", "folder: team", f"folder: {'x' * 190}"),
    ("settings that group by all", "for: 5m", _SETTINGS % "group_by: ['...']"),
    ("settings that group by all and more", "for: 5m",
     _SETTINGS % "group_by: ['...', a]"),
    ("settings that group by one twice", "for: 5m",
     _SETTINGS % "group_by: [a, a]"),
    ("settings with a wait of 0s", "for: 5m", _SETTINGS % "group_wait: 0s"),
    ("settings with an interval of 0s", "for: 5m",
     _SETTINGS % "group_interval: 0s"),
    ("missing_series_evals_to_resolve 1", "for: 5m", "missing_series_evals_to_resolve: 1"),
    ("missing_series_evals_to_resolve empty", "for: 5m", "missing_series_evals_to_resolve: ''"),
    ("a state with blanks around", "for: 5m", "noDataState: ' OK '"),
    ("a panel that is a number beyond all", "for: 5m", f"panelId: {'9' * 20}"),
)  # fmt: skip
_FLOW = "labels: {a: b}"
YAML: tuple[tuple[str, str], ...] = (
    ("a directive", "%YAML 1.2\n---\n" + rule()),
    ("a directive of 1.1", "%YAML 1.1\n---\n" + rule()),
    ("a directive of 2.0", "%YAML 2.0\n---\n" + rule()),
    ("a directive of another kind", "%FOO bar\n---\n" + rule()),
    ("a tag declared", "%TAG !a! tag:a,2000:\n---\n" + rule()),
    ("a directive without its document", "%YAML 1.2\n" + rule()),
    ("a merge", "x: &a {team: a}\n" + rule("for: 5m", "labels: {<<: *a, b: c}")),
    ("a merge of a list", "x: &a {team: a}\ny: &b {b: c}\n" + rule("for: 5m", "labels: {<<: [*a, *b]}")),
    ("a merge of null", rule("for: 5m", "labels: {<<: null, a: b}")),
    ("a merge of a merge", "x: &a {a: b}\ny: &b {<<: *a, c: d}\n" + rule("for: 5m", "labels: {<<: *b}")),
    ("a merge of text", rule("for: 5m", "labels: {<<: a}")),
    ("a merge of a list of text", rule("for: 5m", "labels: {<<: [a]}")),
    ("a merge that overrides", "x: &a {team: a}\n" + rule("for: 5m", "labels: {team: b, <<: *a}")),
    ("two merges", "x: &a {team: a}\ny: &b {b: c}\n" + rule("for: 5m", "labels: {<<: *a, <<: *b}")),
    ("a merge in quotation marks", "x: &a {team: a}\n" + rule("for: 5m", "labels: {'<<': *a}")),
    ("a merge into a rule", "x: &a {for: 5m, isPaused: false}\n" + rule("for: 5m", "<<: *a")),
    ("a merge of a wrong field", "x: &a {for: 5 m}\n" + rule("for: 5m", "<<: *a")),
    ("a merge of an unknown field", "x: &a {fore: 5m}\n" + rule("for: 5m", "<<: *a")),
    ("a merge into settings", "x: &a {receiver: nobody, group_wait: 1s}\n"
     + rule("for: 5m", "notification_settings: {<<: *a, receiver: grafana-default-email}")),
    ("a merge into a model", "x: &a {expr: worker_alive}\n" + rule("{expr: worker_alive,", "{<<: *a,")),
    ("text with a tag", rule("title: Up", "title: !!str 7")),
    ("a tag of its own", rule("title: Up", "title: !up Up")),
    ("a date as a label", rule("for: 5m", "labels: {a: 2026-01-01}")),
    ("a byte order mark", "\ufeff" + rule()),
    ("two documents", rule() + "---\n" + rule().replace("uid: up", "uid: u.p")),
    ("an empty document first", "---\n---\n" + rule()),
    ("nothing but a comment", "# nothing\n"),
    ("an empty file", ""),
    ("a document of text", "rules\n"),
    ("a document that ends", rule() + "...\n"),
    ("a document that ends, with a comment", rule() + "---\n# no more\n"),
    ("a broken document after the first", rule() + "---\na: [\n"),
    ("a key without a value", rule("for: 5m", "labels:")),
    ("a key that is a list", rule("for: 5m", "labels: {[a]: b}")),
    ("a key that is null", rule("for: 5m", "labels: {~: b}")),
    ("a key that is a number", rule("for: 5m", "labels: {7: b}")),
    ("a block that is indented by a tab", rule("for: 5m", "labels:\n        \ta: b")),
)  # fmt: skip


def expression(models: tuple[str, ...]) -> str:
    """A rule with these expressions."""
    over_time = "          - refId: R\n" + _HEAD.partition("          - refId: A\n")[2].replace(
        "instant", "range"
    )
    text = _HEAD + over_time
    for letter, model in zip("BCDE", models, strict=False):
        text += f"          - refId: {letter}\n            datasourceUid: __expr__\n"
        text += "            relativeTimeRange: {from: 600, to: 0}\n"
        text += f"            model: {{{model}}}\n"
    return text.replace("condition: B", f"condition: {'BCDE'[len(models) - 1]}")


def texts() -> Iterator[tuple[str, str]]:
    """Each with its name."""
    for models in EXPRESSIONS:
        yield f"expression: {'; '.join(models)}", expression(models)
    text = rule("expr: worker_alive", "expr: 'sum by job (worker_alive)'").replace(
        "for: 5m", "isPaused: true"
    )
    yield "rule: PromQL that does not parse, paused", text
    for name, old, new in CHANGES:
        yield f"rule: {name}", rule(old, new)
    for name, text in YAML:
        yield f"YAML: {name}", text
