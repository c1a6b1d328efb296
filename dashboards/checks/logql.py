"""LogQL, as far as its form tells what is wrong: tokens, brackets, and what must stand before them."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\])*"|`[^`]*`)
    | (?P<variable>\$\{\w+(?::[^}]*)?\}|\$\w+)
    | (?P<number>\d[\w.]*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<operator>\|=|\|~|\|>|!>|!=|!~|=~|==|>=|<=|[-+*/%^<>=|,])
    | (?P<open>[({\[])
    | (?P<close>[)}\]])
    """,
    re.VERBOSE,
)
CLOSES = {"(": ")", "{": "}", "[": "]"}
RANGE = frozenset(
    {
        "rate", "rate_counter", "bytes_rate", "bytes_over_time", "count_over_time", "sum_over_time",
        "avg_over_time", "max_over_time", "min_over_time", "first_over_time", "last_over_time",
        "stdvar_over_time", "stddev_over_time", "quantile_over_time", "absent_over_time",
    }
)  # fmt: skip
AGGREGATIONS = frozenset(
    {
        "sum", "avg", "min", "max", "count", "stddev", "stdvar", "topk", "bottomk", "sort", "sort_desc",
        "approx_topk",
    }
)  # fmt: skip
OTHERS = frozenset(
    {
        "by", "without", "on", "ignoring", "group_left", "group_right", "label_replace", "vector", "unwrap",
        "duration", "duration_seconds", "bytes", "ip", "json", "logfmt", "offset", "and", "or", "unless",
    }
)  # fmt: skip
STREAM = re.compile(
    r'\{\s*(?:[A-Za-z_]\w*|\$\w+|\$\{\w+(?::\w+)?\})\s*(=~|=|!=|!~)\s*("(?:\\.|[^"\\])*"|`[^`]*`)'
)
FIXED = re.compile(r"\[\s*(?!\$)[^\]$]*\]")
AUTO = "$__auto"


def wrong(text: str) -> str:
    """Why a text is no LogQL; empty if its form is right."""
    open_: list[str] = []
    position, before, selected = 0, "", False
    while position < len(text):
        token = TOKEN.match(text, position)
        if token is None:
            return f"{text[position]!r} at {position + 1} belongs to nothing"
        kind, word = str(token.lastgroup), token[0]
        if kind == "open":
            if word == "(" and before and before not in RANGE | AGGREGATIONS | OTHERS:
                return f"there is no function {before!r}"
            selected = selected or word == "{"
            open_.append(word)
        elif kind == "close" and (not open_ or CLOSES[open_.pop()] != word):
            return f"{word!r} at {position + 1} closes nothing"
        if kind != "space":
            before = word if kind == "word" else ""
        position = token.end()
    if open_:
        return f"{open_[-1]!r} is not closed"
    if not selected:
        return "it selects no stream"
    return "" if STREAM.search(text) else "its selector of streams has no label with a value"


def fixed(text: str) -> bool:
    """Whether a range is written out, where Grafana could choose one that fits the graph."""
    return AUTO not in text and FIXED.search(re.sub(r'"(?:\\.|[^"\\])*"|`[^`]*`', '""', text)) is not None
