"""What was proven, as a matrix for people, as JSON, and as JUnit's XML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from dashboards import junit as xml
from dashboards.grammar import EMPTY_SHARE
from dashboards.prove.early import TOO_EARLY
from dashboards.prove.model import Answer, Proof, Verdict, What
from dashboards.words import counted

# What is well and was not seen all the same: a report that called it passed would say more than is known.
UNSEEN: frozenset[Verdict] = frozenset({"declared", "blind"})
# What to do about a panel without data and without a reason.
HINT = (
    'hint: --why says what is missing, and which line would bring it; see also "No data?" in README.md, '
    "send what the panel shows, or ask over a longer time with --minutes; where a healthy backend may lack "
    'it, its signal can say why: Signal(..., empty="..."), or your own --states'
)


def panels(proofs: Sequence[Proof]) -> list[Proof]:
    """The panels among all that was asked."""
    return [each for each in proofs if each.what == "panel"]


def excess(proofs: Sequence[Proof]) -> str:
    """What is wrong where too many panels are blank, each with a reason; empty if they are few.

    Those about a fault do not count: a test injects it, and then they may not be empty.
    """
    every = panels(proofs)
    declared = sum(each.verdict == "declared" and each.blank and not each.moves for each in every)
    most = int(len(every) * EMPTY_SHARE)
    if declared <= most:
        return ""
    return (
        f"{declared} of {len(every)} panels are empty, though each says why; expected at most {most}, one in "
        f"{EMPTY_SHARE.denominator}; bring their data, or leave the panels out"
    )


def early(proofs: Sequence[Proof]) -> str:
    """What is wrong where it is too early to prove anything; empty if it is not."""
    reasons = [each.reason for each in proofs if each.verdict == "blind"]
    found = [each for each in reasons if each.startswith(TOO_EARLY)]
    if not found:
        return ""
    return f"{len(found)} of {len(proofs)} could not be proven, {found[0]}; ask again some scrapes later"


def summary(proofs: Sequence[Proof]) -> str:
    """One line: what was asked, and how much of it came to which verdict."""
    kinds = Counter(each.what for each in proofs)
    asked = ", ".join(counted(kinds[kind], kind) for kind in get_args(What) if kinds[kind])
    verdicts = Counter(each.verdict for each in proofs)
    told = ", ".join(f"{name} {verdicts[name]}" for name in get_args(Verdict))
    answers = [answer for each in proofs for answer in each.answers]
    wrong = sum(not each.well for each in proofs)
    seconds = sum(each.seconds for each in answers)
    return f"{asked}: {told}; {counted(len(answers), 'query')} in {seconds:.1f} s; not as declared: {wrong}"


def undeclared(proofs: Sequence[Proof]) -> Iterator[str]:
    """What is not as declared: a line for each, with its queries."""
    for proof in proofs:
        if not proof.well:
            asked = "; ".join(
                f"{each.ref} ({each.choice}): {each.state}: {each.expr}" for each in proof.answers
            )
            yield f"{proof.board}: {proof.what} {proof.title}: {proof.verdict} {proof.reason}; {asked}"


def matrix(proofs: Sequence[Proof], whys: Mapping[Answer, str] | None = None) -> Iterator[str]:
    """A line for each panel, variable and annotation, and below it why a query is empty.

    Series are those of all queries, with the variables on all and, where it is another query, on one;
    milliseconds are those of the slowest.
    """
    width = max((len(each.verdict) for each in proofs), default=0)
    yield f"{'':{width}}  {'series':>9}  {'ms':>6}"
    for proof in proofs:
        slowest = max((answer.seconds for answer in proof.answers), default=0.0)
        kind = "" if proof.what == "panel" else f"{proof.what} "
        reason = f": {proof.reason}" if proof.reason else ""
        yield (
            f"{proof.verdict:{width}}  {_series(proof):>9}  {slowest * 1000:>6.0f}  "
            f"{proof.board}: {kind}{proof.title}{reason}"
        )
        for answer in proof.answers:
            if whys and answer in whys:
                yield f"{'':{width}}  {answer.ref} ({answer.choice}): {whys[answer]}"


def _series(proof: Proof) -> str:
    every, one = (
        [answer.series for answer in proof.answers if answer.choice == choice] for choice in ("all", "one")
    )
    return "/".join(str(sum(counts)) for counts in (every, one) if counts)


def row(proof: Proof, whys: Mapping[Answer, str] | None = None) -> dict[str, Any]:
    """A proof as plain values."""
    return {
        "board": proof.board,
        "what": proof.what,
        "title": proof.title,
        "verdict": proof.verdict,
        "well": proof.well,
        "reason": proof.reason,
        "queries": [
            {
                "ref": answer.ref,
                "variables": answer.choice,
                "state": answer.state,
                "series": answer.series,
                "milliseconds": round(answer.seconds * 1000, 1),
                "expr": answer.expr,
            }
            | ({"why": whys[answer]} if whys and answer in whys else {})
            for answer in proof.answers
        ],
    }


def junit(
    proofs: Sequence[Proof], seconds: float, whys: Mapping[Answer, str] | None = None, wrong: str = ""
) -> bytes:
    """A file that build servers read: a case for each panel, variable and annotation.

    Args:
        proofs: of which it tells.
        seconds: that all took.
        whys: what `explained` says of empty queries.
        wrong: what `excess` says, where that is a failure.
    """
    cases = [
        xml.Case(
            of=proof.board,
            name=proof.title if proof.what == "panel" else f"{proof.what} {proof.title}",
            seconds=sum(answer.seconds for answer in proof.answers),
            failures=() if proof.well else _failures(proof, whys or {}),
            skipped=proof.reason if proof.verdict in UNSEEN else "",
        )
        for proof in proofs
    ]
    if wrong:
        cases.append(xml.Case(of="boards", name="empty panels", failures=(wrong,)))
    return xml.report("panels", cases, seconds)


def _failures(proof: Proof, whys: Mapping[Answer, str]) -> list[str]:
    told = [f"{answer.ref} ({answer.choice}): {whys[answer]}" for answer in proof.answers if answer in whys]
    return [f"{proof.verdict}: {proof.reason}".removesuffix(": "), *told]
