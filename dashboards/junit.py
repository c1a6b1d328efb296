"""JUnit's XML, which build servers read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test of a report.

    Attributes:
        of: what is tested; build servers group by it.
        name: unique within that.
        seconds: that it took; None where nobody measured.
        failures: what is wrong, a line each.
        skipped: why it was not tested.
    """

    of: str
    name: str
    seconds: float | None = None
    failures: Sequence[str] = ()
    skipped: str = ""


def report(name: str, cases: Sequence[Case], seconds: float | None = None) -> bytes:
    """The file, as bytes.

    Args:
        name: of the whole.
        cases: in their order.
        seconds: that all of it took; None where nobody measured.
    """
    suite = ElementTree.Element("testsuite", name=name)
    if seconds is not None:
        suite.set("time", f"{seconds:.3f}")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(bool(each.failures) for each in cases)))
    suite.set("skipped", str(sum(bool(each.skipped and not each.failures) for each in cases)))
    for each in cases:
        failures = [_clean(line) for line in each.failures]
        case = ElementTree.SubElement(suite, "testcase", classname=_clean(each.of), name=_clean(each.name))
        if each.seconds is not None:
            case.set("time", f"{each.seconds:.3f}")
        if failures:
            first = ElementTree.SubElement(case, "failure", message=failures[0])
            first.text = "\n".join(failures)
        elif each.skipped:
            ElementTree.SubElement(case, "skipped", message=_clean(each.skipped))
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written


def _clean(text: str) -> str:
    """The text without what XML cannot hold, such as an escape in the value of somebody's label."""
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)
