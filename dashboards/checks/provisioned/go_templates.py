"""Go's templates to the depth that can be seen without running them.

Seen are what does not parse: actions that do not close, blocks that do not end, functions and variables that
there are not. Fields of the data are left to the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dashboards.checks.provisioned.go_commands import Token, Tokens, wrong

BUILT_IN = frozenset(
    [
        "and",
        "or",
        "not",
        "len",
        "index",
        "slice",
        "print",
        "printf",
        "println",
        "html",
        "js",
        "call",
        "urlquery",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
    ]
)
WORDS = frozenset(["true", "false", "nil"])
# What Grafana's messages know, and what its rules and Prometheus' annotations know.
NOTIFICATION = BUILT_IN | frozenset(
    [
        "toUpper",
        "toLower",
        "title",
        "trimSpace",
        "join",
        "match",
        "safeHtml",
        "reReplaceAll",
        "stringSlice",
        "date",
        "tz",
        "coll",
        "data",
        "tmpl",
        "time",
        "tenantID",
        "queryFromGeneratorURL",
        "grafanaExploreURL",
    ]
)
_RULES = BUILT_IN | frozenset(
    [
        "query",
        "first",
        "label",
        "value",
        "strvalue",
        "args",
        "reReplaceAll",
        "safeHtml",
        "match",
        "title",
        "toUpper",
        "toLower",
        "graphLink",
        "tableLink",
        "sortByLabel",
        "stripPort",
        "stripDomain",
        "humanize",
        "humanize1024",
        "humanizeDuration",
        "humanizePercentage",
        "humanizeTimestamp",
        "toTime",
        "pathPrefix",
        "externalURL",
        "parseDuration",
        "tmpl",
    ]
)
PROMETHEUS = _RULES | frozenset(("now", "toDuration", "urlQueryEscape"))
GRAFANA = _RULES | frozenset(
    ["filterLabels", "filterLabelsRe", "removeLabels", "removeLabelsRe", "mergeLabelValues"]
)
VARIABLES = ("$labels", "$value")
OF_GRAFANA = (*VARIABLES, "$values")
OF_PROMETHEUS = (*VARIABLES, "$externalLabels", "$externalURL")
# What a message may call without a file that defines it.
SHIPPED = re.compile(r"__\w+\Z|(\w+\.)*default\.\w+(\.\w+)*\Z")

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+')
    | (?P<variable>\$\w*)
    | (?P<field>\.[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    | (?P<number>[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+
        |(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d+)?)i?)
    | (?P<word>[^\W\d]\w*)
    | (?P<sign>:=|[|()=,.])
    | (?P<other>.)
    """,
    re.DOTALL | re.VERBOSE,
)
# Right behind the braces, or behind a dash and one blank.
_COMMENT = re.compile(r"\{\{(?:-\s)?/\*.*?\*/(?:\s-)?\}\}", re.DOTALL)
# One character, as Go has it between single quotation marks, and a text of them between double ones.
_ESCAPED = (
    r"\\(?:[abfnrtv\\%s]|x[\da-fA-F]{2}|[0-3][0-7]{2}"
    r"|u(?![dD][89a-fA-F])[\da-fA-F]{4}|U(?!0000[dD][89a-fA-F])00(?:0[\da-fA-F]|10)[\da-fA-F]{4})"
)
_CHARACTER = re.compile(rf"'(?:[^'\\]|{_ESCAPED % chr(39)})'\Z", re.ASCII)
_TEXT = re.compile(rf'"(?:[^"\\]|{_ESCAPED % chr(34)})*+"\Z', re.ASCII)
_BLANKS = (" ", "\t", "\r", "\n")
# Go stops at the first; a template of more is not looked at further.
MOST = 10
_BLOCKS = frozenset(("if", "range", "with", "define", "block"))


@dataclass(slots=True)
class _Scope:
    """An open block: its word and place, in how many ranges one stands, what it declares.

    `name` is of a template that it defines, and `filled` whether anything is in it.
    """

    word: str
    offset: int
    ranges: int = 0
    variables: list[str] = field(default_factory=list)
    divided: bool = False
    name: str | None = None
    filled: bool = False


class _Scopes:
    """The open blocks from the outside inwards, with every variable that can be seen."""

    def __init__(self, variables: Collection[str]) -> None:
        self.open = [_Scope("", 0)]
        self.seen: Counter[str] = Counter(("$", *variables))

    @property
    def last(self) -> _Scope:
        return self.open[-1]

    def push(self, word: str, offset: int) -> None:
        ranges = 0 if word in ("define", "block") else self.last.ranges + (word == "range")
        self.open.append(_Scope(word, offset, ranges))

    def pop(self) -> None:
        self.seen.subtract(self.open.pop().variables)

    def declare(self, names: list[str]) -> None:
        self.last.variables += names
        self.seen.update(names)


@dataclass(slots=True)
class Template:
    """What was seen.

    Attributes:
        problems: what is wrong, each with its offset.
        defined: names of templates that are defined.
        called: names that are called, with their offsets.
        filled: names of templates that are defined and not empty, of which Go takes one.
    """

    problems: list[tuple[int, str]] = field(default_factory=list)
    defined: list[str] = field(default_factory=list)
    called: list[tuple[int, str]] = field(default_factory=list)
    filled: set[str] = field(default_factory=set)


def _actions(text: str, found: Template) -> Iterator[tuple[int, Tokens, bool]]:
    """Each action with its offset and tokens, and whether text is before it, behind the one before."""
    at = text.find("{{")
    since, said = 0, False
    while at >= 0:
        said = said or bool(text[since:at].strip())
        comment = _COMMENT.match(text, at)
        if comment:
            since = comment.end()
            at = text.find("{{", since)
            continue
        tokens: Tokens = []
        place = at + (3 if text.startswith("{{-", at) and text[at + 3 : at + 4] in _BLANKS else 2)
        while True:
            if text.startswith("}}", place) or text.startswith("-}}", place):
                place += 2 if text.startswith("}}", place) else 3
                break
            token = _TOKEN.match(text, place)
            if token is None or token[0] == "{":
                found.problems.append((at, "an action does not close"))
                return
            if token.lastgroup == "other" and token[0] in "\"`'":
                found.problems.append((at, "a text in quotation marks does not end"))
                return
            if token.lastgroup != "space":
                tokens.append(Token(str(token.lastgroup), token[0], place > 0 and text[place - 1] in _BLANKS))
            place = token.end()
        yield at, tokens, said
        since, said = place, False
        at = text.find("{{", place)


def parse(text: str, functions: Collection[str], variables: Collection[str] = ()) -> Template:
    """What is wrong in a template, as far as that can be seen."""
    found = Template()
    scopes = _Scopes(variables)
    for at, tokens, said in _actions(text, found):
        keyword = tokens[0].text if tokens else ""
        scopes.last.filled |= said or keyword not in ("define", "else", "end")
        found.problems += [(at, why) for token in tokens if (why := _not_go(token))][:1]
        _pipeline(at, _structure(at, tokens, scopes, found), functions, scopes, found)
        if len(found.problems) >= MOST:
            return found
    for scope in scopes.open[1 : MOST + 1]:
        found.problems.append((scope.offset, f"the {scope.word} has no end"))
    return found


def _structure(at: int, tokens: Tokens, scopes: _Scopes, found: Template) -> Tokens:
    """What of an action is computed, when its keyword has opened, divided or closed a block."""
    if not tokens:
        found.problems.append((at, "an action is empty"))
        return tokens
    word = tokens[0].text if tokens[0].kind == "word" else ""
    if word == "else":
        _divided(at, tokens, scopes.last, found)
        return tokens[2:]
    if word in _BLOCKS:
        _opened(word, at, tokens, scopes, found)
        return tokens[{"define": len(tokens), "block": 2}.get(word, 1) :]
    if word == "template":
        _called(at, tokens, found)
        return tokens[2:]
    if word in ("end", "break", "continue"):
        _ended(word, at, tokens, scopes, found)
        return []
    return tokens


def _ended(word: str, at: int, tokens: Tokens, scopes: _Scopes, found: Template) -> None:
    if len(tokens) > 1:
        found.problems.append((at, f"there is {tokens[1].text!r} after {word}"))
    if word == "end":
        last = scopes.last
        if last.name is not None and last.filled:
            if last.name in found.filled:
                found.problems.append((last.offset, f"the template {last.name!r} is defined twice in it"))
            found.filled.add(last.name)
        if len(scopes.open) == 1:
            found.problems.append((at, "there is an end without a beginning"))
        else:
            scopes.pop()
    elif not scopes.last.ranges:
        found.problems.append((at, f"there is a {word} outside of a range"))


def _divided(at: int, tokens: Tokens, scope: _Scope, found: Template) -> None:
    """An else: the last of its block, unless it asks on as the block does."""
    if scope.word not in ("if", "range", "with"):
        found.problems.append((at, "there is an else outside of if, range or with"))
    elif scope.divided:
        found.problems.append((at, f"there is an else after the else of {scope.word}"))
    elif len(tokens) > 1 and (scope.word == "range" or tokens[1][:2] != ("word", scope.word)):
        found.problems.append((at, f"there is {tokens[1].text!r} after the else of {scope.word}"))
    elif len(tokens) == 1:
        scope.divided = True
        scope.ranges -= scope.word == "range"


def _named(tokens: Tokens) -> bool:
    return len(tokens) > 1 and tokens[1].kind == "string" and tokens[1].text[0] != "'"


def _opened(word: str, at: int, tokens: Tokens, scopes: _Scopes, found: Template) -> None:
    if word in ("define", "block"):
        if not _named(tokens):
            found.problems.append((at, f"the {word} has no name in quotation marks"))
        else:
            found.defined.append(tokens[1].text[1:-1])
            if (len(tokens) > 2) == (word == "define"):
                wrong = "more than its name" if word == "define" else "nothing to show"
                found.problems.append((at, f"the {word} has {wrong}"))
        if word == "define" and len(scopes.open) > 1:
            found.problems.append((at, f"a define stands inside of {scopes.last.word}"))
    elif len(tokens) == 1:
        found.problems.append((at, f"the {word} has nothing to ask"))
    scopes.push(word, at)
    if word in ("define", "block") and _named(tokens):
        scopes.last.name = tokens[1].text[1:-1]


def _not_go(token: Token) -> str:
    """What is wrong with what stands in quotation marks; empty for nothing."""
    if token.text[0] == "'" and not _CHARACTER.match(token.text):
        return f"{token.text} is more than one character; text stands in double ones"
    if token.kind == "string" and token.text[0] == '"' and not _TEXT.match(token.text):
        return f"{token.text} has an escape that Go does not know"
    return ""


def _called(at: int, tokens: Tokens, found: Template) -> None:
    if not _named(tokens):
        found.problems.append((at, "the template that is called has no name in quotation marks"))
    else:
        found.called.append((at, tokens[1].text[1:-1]))


def _pipeline(at: int, tokens: Tokens, functions: Collection[str], scopes: _Scopes, found: Template) -> None:
    declared = _declared(tokens)
    most = 2 if scopes.last.word == "range" and scopes.last.offset == at else 1
    if len(declared) > most:
        found.problems.append((at, f"it declares {len(declared)} variables; here it may be {most}"))
    rest = tokens[len(declared) * 2 if declared else 0 :]
    for token in rest:
        kind, text, _ = token
        if kind == "word" and text not in functions and text not in WORDS:
            found.problems.append((at, f"there is no function {text!r}"))
        elif kind == "variable" and scopes.seen[text] <= 0:
            found.problems.append((at, f"there is no variable {text!r}"))
        elif kind == "other":
            found.problems.append((at, f"{text!r} means nothing in an action"))
    if not any(token.kind == "other" for token in rest) and (why := wrong(rest)):
        found.problems.append((at, why))
    scopes.declare(declared)


def _declared(tokens: Tokens) -> list[str]:
    """The variables that an action declares, or assigns to: `$x :=`, `$x =` and `$i, $x :=`."""
    found: list[str] = []
    for variable, sign in zip(tokens[::2], tokens[1::2], strict=False):
        if variable.kind != "variable" or sign.text not in (":=", "=", ","):
            return []
        found.append(variable.text)
        if sign.text != ",":
            return found
    return []
