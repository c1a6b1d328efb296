"""What a check says, and what a check is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from dashboards.checks.subject import Query, Subject

Level = Literal["error", "warning"]
Boards = Literal["every", "own", "others"]
EXCERPT = 160


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Something wrong in a rendered file.

    Attributes:
        file: its path below the output directory.
        where: the panel, rule, variable or other part of it.
        rule: the id of the check.
        message: what is wrong, with the value.
        fix: what to do; empty where the message says it.
        level: an error keeps `build` from writing anything.
        line: of the file, from 1; 0 where a finding is about a place that has a name of its own.
        column: of that line, from 1.
        effect: what becomes of it in who reads the file.
    """

    file: str
    where: str
    rule: str
    message: str
    fix: str = ""
    level: Level = "error"
    line: int = 0
    column: int = 0
    effect: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding without its place, for every place where the query stands.

    Attributes:
        message: what is wrong.
        fix: what to do.
        near: the word of the query that it is about, shown when the query is too long to quote whole.
    """

    message: str
    fix: str = ""
    near: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A check: its id, one line that says what it proves, and how.

    Attributes:
        answers: what it is known as elsewhere: ``E9`` in the list of demands on generated dashboards, or
            the name of a rule of Grafana's dashboard-linter.
        about: ``own`` asks for what only this project's files have, ``others`` for what stands in its
            place on anybody's boards.
        lookup: it looks names up in what is exported, so that it needs to know that.
    """

    id: str
    summary: str
    run: Callable[[Subject], Iterator[Finding]]
    answers: tuple[str, ...] = ()
    about: Boards = "every"
    lookup: bool = False


Report = Callable[..., Finding]


def file_rule(
    id: str,
    summary: str,
    level: Level = "error",
    *,
    answers: tuple[str, ...] = (),
    about: Boards = "every",
    lookup: bool = False,
) -> Callable[[Callable[[Subject, Report], Iterator[Finding]]], Rule]:
    """A check on whole files. It is given a function that makes its findings."""

    def report(file: str, where: str, message: str, fix: str = "") -> Finding:
        return Finding(file=file, where=where, rule=id, message=message, fix=fix, level=level)

    def decorate(check: Callable[[Subject, Report], Iterator[Finding]]) -> Rule:
        return Rule(id, summary, lambda subject: check(subject, report), answers, about, lookup)

    return decorate


ASKED = frozenset({"panel", "annotation", "alert", "record"})
EVERYWHERE = ASKED | {"variable"}


def query_rule(
    id: str,
    summary: str,
    kinds: Collection[str] = EVERYWHERE,
    level: Level = "error",
    *,
    answers: tuple[str, ...] = (),
    about: Boards = "every",
    lookup: bool = False,
) -> Callable[[Callable[[Query], Iterable[Problem]]], Rule]:
    """A check on one query, run once for each distinct text, and reported wherever the text stands."""

    def decorate(check: Callable[[Query], Iterable[Problem]]) -> Rule:
        def run(subject: Subject) -> Iterator[Finding]:
            found: dict[str, list[Problem]] = {}
            for place in subject.places:
                query = subject.queries.get(place.text)
                if query is None or place.kind not in kinds:
                    continue
                if place.text not in found:
                    found[place.text] = list(check(query))
                for problem in found[place.text]:
                    message = f"{problem.message}, in `{excerpt(place.text, problem.near)}`"
                    yield Finding(
                        file=place.file,
                        where=place.where,
                        rule=id,
                        message=message,
                        fix=problem.fix,
                        level=level,
                    )

        return Rule(id, summary, run, answers, about, lookup)

    return decorate


def excerpt(text: str, near: str = "") -> str:
    """The text on one line, or of a long one the part around a word."""
    text = " ".join(text.split())
    if len(text) <= EXCERPT:
        return text
    start = max(0, min(text.find(near) - EXCERPT // 3, len(text) - EXCERPT)) if near else 0
    end = start + EXCERPT
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, as a sentence; empty if nothing comes close."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""


def listed(names: Iterable[str]) -> str:
    """Names in order, or a word for none."""
    return ", ".join(sorted(names)) or "none"
