"""Dashboards in files and folders, read with care: what is none is told in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.checks.expressions import Json
from dashboards.errors import StackError
from dashboards.given import LARGEST, WANTED, real, text_of

DEPTH = 60
# What dashboards and alerting files have, broken or not, or cut off early.
_OURS = re.compile(
    rb'"(?:panels|rows|schemaVersion|gridPos|templating|graphTooltip|__inputs|uid|contactPoints|muteTimes'
    rb'|deleteRules|resetPolicies)"\s*:|"annotations"\s*:\s*{\s*"list"|"apiVersion"\s*:\s*1\b'
)


@dataclass(frozen=True, slots=True)
class File:
    """A dashboard as it was found.

    Attributes:
        path: as the user wrote it, or below the folder that they named.
        board: the dashboard, without what an export wraps around it.
    """

    path: str
    board: Json


class NoDashboardError(StackError):
    """JSON that is something else: an error where it was named, left out where a folder was."""


def found(paths: Sequence[Path], taken: Collection[Path] = ()) -> tuple[list[File], list[str]]:
    """The dashboards, each once, and the JSON files in folders that hold none.

    Args:
        paths: files and folders.
        taken: what of it is known to be something else that is looked at.

    Raises:
        StackError: a path is missing or cannot be read, a file is no dashboard, or a folder holds none.
    """
    files: dict[Path, File] = {}
    others: list[str] = []
    for path in paths:
        before = len(files)
        for each in _json_files(path):
            if real(each) in taken:
                continue
            try:
                files.setdefault(real(each), File(str(each), read(each)))
            except StackError as error:
                if not path.is_dir() or not (isinstance(error, NoDashboardError) or _is_else(each)):
                    raise
                others.append(str(each))
        if len(files) == before and path.is_dir() and not _below(path, taken):
            raise StackError(
                f"{path}: no dashboard and no alerting file in this folder; expected one that ends in .json, "
                ".yaml or .yml"
            )
    return list(files.values()), others


def _is_else(path: Path) -> bool:
    """Whether a file that cannot be taken is none of ours: settings with comments, a large table, nothing."""
    try:
        with path.open("rb") as file:
            # Without what UTF-16 puts between the letters.
            return _OURS.search(file.read(LARGEST).replace(b"\0", b"")) is None
    except OSError:
        return False


def _below(folder: Path, taken: Collection[Path]) -> bool:
    """Whether something in the folder is looked at as what it is."""
    top = real(folder)
    return any(each.is_relative_to(top) for each in taken)


def _json_files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*.json") if each.is_file())
    elif path.exists():
        yield path
    else:
        raise StackError(f"{path}: no such file or folder; {WANTED}, or a folder of them")


def read(path: Path) -> Json:
    """The dashboard in a file.

    Raises:
        StackError: it cannot be read, or is no JSON.
        NoDashboardError: it is other JSON.
    """
    told = str(path)
    return board_of(told, _parsed(told, text_of(path, LARGEST, told, WANTED)))


def _parsed(path: str, content: str) -> Any:
    if not content.strip():
        raise StackError(f"{path}: it is empty; {WANTED}")
    try:
        document = json.loads(content, parse_constant=_no_constant)
    except RecursionError:
        raise StackError(f"{path}: nested too deep; {WANTED}") from None
    except ValueError as error:
        raise StackError(f"{path}: no JSON: {error}; {WANTED}") from None
    if _deeper(document, DEPTH):
        raise StackError(f"{path}: nested more than {DEPTH} deep; {WANTED}")
    return document


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _deeper(document: Any, most: int) -> bool:
    """Whether values are nested more than so deep; without recursion, which has an end of its own."""
    level = [document]
    for _ in range(most):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        if not inner:
            return False
        level = inner
    return True


def board_of(path: str, document: Any) -> Json:
    """The dashboard in a document: as it is, under `dashboard` as the API gives it, or as a resource.

    Raises:
        NoDashboardError: it is none, or one of schema v2, which is no file for provisioning.
    """
    if not isinstance(document, dict):
        raise NoDashboardError(f"{path}: a {type(document).__name__}, no dashboard; {WANTED}")
    inner = document.get("dashboard")
    if isinstance(inner, dict) and not isinstance(document.get("panels"), list):
        return board_of(path, inner)
    spec = document.get("spec")
    if document.get("kind") == "Dashboard" and isinstance(spec, dict):
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        return board_of(path, {"uid": name, **spec})
    if isinstance(document.get("elements"), dict) and isinstance(document.get("layout"), dict):
        raise NoDashboardError(
            f"{path}: a dashboard of schema v2, which Grafana takes from no file; {WANTED}; export it as such"
        )
    if not any(isinstance(document.get(key), list) for key in ("panels", "rows")):
        raise NoDashboardError(f"{path}: no dashboard, as it has neither panels nor rows; {WANTED}")
    return document
