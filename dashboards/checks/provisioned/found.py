"""Which files of those that are named are alerting files, and whose."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashboards.checks.finding import Finding, nearest
from dashboards.checks.provisioned.check import REFUSED, reporter
from dashboards.checks.provisioned.files import File, Reader
from dashboards.checks.provisioned.nodes import Node
from dashboards.checks.provisioned.reader import BoundsError, UnreadableError, first, text_of
from dashboards.checks.provisioned.rules.unread import bounds, documents, parses
from dashboards.checks.provisioned.rules.unread import folders as folders_read
from dashboards.checks.provisioned.structs import GRAFANA
from dashboards.errors import StackError
from dashboards.given import LARGEST, WANTED, LargerError, content_of, real

SUFFIXES = (".yaml", ".yml", ".json")
# What a dashboard has and no alerting file.
BOARD = ("panels", "rows", "dashboard", "elements", "spec")
OWN = frozenset(GRAFANA.fields) - {"apiVersion", "groups"}
# What other programs call so too.
WEAK = frozenset(("templates", "policies"))
_LOWER = {name.lower(): name for name in GRAFANA.fields if name != "apiVersion"}
_LOOKS = re.compile(
    rf"^[ \t]*(?:[{{\[]\s*)?[\"']?({'|'.join(_LOWER)})[\"']?\s*:", re.IGNORECASE | re.MULTILINE
)
_RULES = re.compile(r"^[ \t]*(?:- +)?[\"']?(?:alert|record|expr)[\"']?[ \t]*:", re.MULTILINE)
_OF_GRAFANA = re.compile(
    r"^[ \t]*(?:- +)?[\"']?(?:apiVersion|orgId|folder|condition|datasourceUid|refId)[\"']?[ \t]*:",
    re.MULTILINE,
)
# How the folder is called in which Grafana looks for them.
FOLDER = "alerting"
# Of all files of a call: some fifteen thousand rules.
TOGETHER = 2_000_000
_NO_FILE = "Take it away; Grafana reads every name that ends so as a file."
RULE_KEYS = ("uid", "title", "data", "condition", "grafana_alert")


@dataclass(slots=True)
class Found:
    """What is there.

    Attributes:
        files: the alerting files, and those of data sources, which rules name.
        findings: of files that cannot be read.
        taken: the paths of all these; what is left may be dashboards.
        links: the paths of links that lead out of their folder, as they stand in it.
        charts: folders whose files Helm fills in, so that they are none yet.
        size: how many values are in all files together.
    """

    files: list[File] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)
    links: set[Path] = field(default_factory=set)
    charts: set[Path] = field(default_factory=set)
    size: int = 0

    @property
    def rules(self) -> int:
        """How many files of rules or notifications there are, those that cannot be read too."""
        sources = sum(file.reader == "sources" for file in self.files)
        return len(self.taken) - sources


def found(paths: Sequence[Path]) -> Found:
    """The alerting files at these paths, each once.

    Raises:
        StackError: a file is not there or cannot be opened, or is YAML that was named and is none of them.
    """
    result = Found()
    for path in paths:
        if path.is_dir():
            top = real(path)
            for each in _below(path, result):
                if not real(each).is_relative_to(top):
                    message = f"it is a link that leads out of {path}"
                    result.findings.append(reporter(bounds)(str(each), (1, 1), "file", message))
                    result.taken.add(real(each))
                    result.links.add(top / each.relative_to(path))
                elif chart := _chart(each):
                    result.charts.add(chart)
                elif each.is_file():
                    _look(each, result, named=False)
                    _nested(path, each, result)
                elif each.parent.name == FOLDER:
                    message = "it is a folder" if each.is_dir() else "it is a link that leads nowhere"
                    result.findings.append(reporter(parses)(str(each), (1, 1), "file", message, _NO_FILE))
                    result.taken.add(real(each))
        else:
            _look(path, result, named=True)
    return result


def _below(folder: Path, result: Found) -> Iterator[Path]:
    """What is called like one of them; what is less deep first, as links of Kubernetes lead deeper."""
    closed: list[OSError] = []
    walked = os.walk(folder, onerror=closed.append)
    paths = (Path(above, name) for above, folders, files in walked for name in (*folders, *files))
    found = [each for each in paths if each.suffix in SUFFIXES]
    for error in closed:
        message = f"it cannot be opened: {error.strerror}"
        fix = "Let lint read it, or take it out."
        result.findings.append(reporter(bounds)(error.filename, (1, 1), "folder", message, fix))
    yield from sorted(found, key=lambda each: (len(each.parts), each))


def _nested(top: Path, path: Path, result: Found) -> None:
    """Tell of a file of Grafana in a folder below that which Grafana reads."""
    folders = [real(top).name, *path.relative_to(top).parts[:-1]]
    last = result.files[-1] if result.files else None
    if last is None or last.path != str(path) or last.reader != "grafana":
        return
    if FOLDER in folders[:-1] and folders[-1] != FOLDER:
        message = f"it lies in {'/'.join(folders[folders.index(FOLDER) :])}/"
        result.findings.append(reporter(folders_read)(str(path), (1, 1), "file", message))


def _look(path: Path, result: Found, *, named: bool) -> None:
    """Take a file if it is one of ours."""
    is_json = path.suffix == ".json"
    if real(path) in result.taken or not path.exists():
        return
    content = _content(path, result, is_json=is_json)
    if content is None:
        return
    likely = path.parent.name == FOLDER or _LOOKS.search(text_of(content, "replace")) is not None
    if is_json and not _may_be_ours(content, likely=likely):
        return
    try:
        if result.size > TOGETHER:
            raise BoundsError(f"the files before it hold {result.size} values; looked at are {TOGETHER}")
        root, second = first(content, json=is_json)
    except UnreadableError as error:
        if likely or (named and not is_json):
            check = bounds if isinstance(error, BoundsError) else parses
            place = error.line, error.column
            effect = REFUSED if check is parses and _of_prometheus(content, path) else ""
            result.findings.append(reporter(check)(str(path), place, "file", str(error), effect=effect))
            result.taken.add(real(path))
        return
    whose = reader_of(root, path)
    if second and (whose is not None or likely):
        message = "another document begins here, and the first alone is read"
        result.findings.append(reporter(documents)(str(path), (second, 1), "file", message))
        result.taken.add(real(path))
    if whose is not None:
        result.files.append(File(str(path), *whose))
        result.size += whose[0].size
        result.taken.add(real(path))
    elif named and not is_json and not second:
        held = "empty" if root is None else "of another kind"
        raise StackError(
            f"{path}: it is {held}; {WANTED}: a mapping with groups, contactPoints, policies or the like"
        )


def _chart(path: Path) -> Path | None:
    """The folder of templates of Helm that a file lies in."""
    above = (each for each in path.parents if each.name == "templates")
    return next((each for each in above if (each.parent / "Chart.yaml").is_file()), None)


def _of_prometheus(content: bytes, path: Path) -> bool:
    """Whether a file that cannot be read looks more like one of Prometheus than of Grafana."""
    text = text_of(content, "replace")
    return path.parent.name != FOLDER and bool(_RULES.search(text)) and not _OF_GRAFANA.search(text)


def _content(path: Path, result: Found, *, is_json: bool) -> bytes | None:
    try:
        return content_of(path, LARGEST, str(path), WANTED)
    except LargerError:
        if not is_json:
            message = f"it has more than {LARGEST} bytes"
            result.findings.append(reporter(bounds)(str(path), (1, 1), "file", message))
            result.taken.add(real(path))
        return None


def _may_be_ours(content: bytes, *, likely: bool) -> bool:
    """Whether JSON is worth the slower reader that knows places: a board is not."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return likely
    if not isinstance(document, dict):
        return likely
    return not any(key in document for key in BOARD)


def reader_of(root: Node | None, path: Path) -> tuple[Node, Reader] | None:
    """The part of a document that is read, and who reads it; nothing for a file of another kind."""
    if root is not None and root.kind != "map" and not root.is_null and path.parent.name == FOLDER:
        return root, "grafana"
    if root is None or root.kind != "map":
        return None
    keys = {key.text for key, _ in root.pairs}
    spec = root.get("spec")
    if root.said("kind") == "PrometheusRule" and spec is not None and spec.kind == "map":
        return spec, "prometheus"
    if "datasources" in keys:
        return root, "sources"
    if keys & OWN - WEAK or path.parent.name == FOLDER or _is_weak(root, keys):
        return root, "grafana"
    if "groups" in keys:
        return root, "grafana" if "apiVersion" in keys or _of_grafana(root) else "prometheus"
    if any(_are_groups(key, value) for key, value in root.pairs):
        return root, "prometheus"
    lower = {key.lower().replace("_", "") for key in keys - WEAK}
    misspelt = "apiVersion" in keys and "kind" not in keys and any(nearest(key, _LOWER) for key in lower)
    return (root, "grafana") if lower & set(_LOWER) or misspelt else None


def _is_weak(root: Node, keys: set[str]) -> bool:
    """Whether it has templates or policies as Grafana has them; Alertmanager's are names of files."""
    return any(
        each.kind == "map" and each.get("orgId", "template", "receiver", "name") is not None
        for key in keys & WEAK
        for each in root.each(key)
    )


def _are_groups(key: Node, value: Node) -> bool:
    """Whether a list of groups of rules stands under a word that was to be `groups`."""
    rules = [each.get("rules") for each in value.items if each.kind == "map"]
    return bool(nearest(key.text, ("groups",))) and any(rules)


def _of_grafana(root: Node) -> bool:
    for group in root.each("groups"):
        if group.kind == "map" and group.get("folder", "orgId") is not None:
            return True
        for rule in group.each("rules") if group.kind == "map" else ():
            if rule.kind == "map" and rule.get(*RULE_KEYS) is not None:
                return True
    return False
