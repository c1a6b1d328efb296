"""Rules that were given up. Grafana keeps a rule until a file deletes it, so `build` remembers each.

The record is a file of Grafana's own kind beside the rules, committed with them. It is no part of what is
rendered from the definitions: it follows from what was built before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from dashboards.errors import DefinitionError, StackError

FILE = "grafana/alerting/deleted.json"
RULES = "grafana/alerting/rules.json"
# A key of ours, which Grafana passes over: of the rules to delete who comes back when it notifies again.
RESTING = "whilePrometheusNotifies"
# What Grafana takes.
UID = re.compile(r"[a-zA-Z0-9_-]{1,40}\Z")


def buried(output: Path) -> tuple[str, ...]:
    """The uids of the rules that Grafana is told to delete.

    Raises:
        StackError: the record cannot be read.
    """
    return _uids(output / FILE, "deleteRules", _of_record)


def remembered(files: Mapping[str, bytes], output: Path) -> dict[str, Any]:
    """The record as it must stand beside these files: all that was given up before, and what is now.

    While Prometheus notifies, Grafana has no rules: it deletes those that it had, and whichever of them are
    built when it notifies again come back. Empty, where there never was one to delete.

    Args:
        files: what is about to be written.
        output: where an earlier build may have written.

    Raises:
        DefinitionError: a rule bears the uid of one that was given up.
        StackError: an earlier file cannot be read.
    """
    told = buried(output)
    resting = set(_uids(output / FILE, RESTING, lambda record: record.get(RESTING, [])))
    earlier = [uid for uid in told if uid not in resting]
    before = {*_uids(output / RULES, "groups", _of_rules), *resting} - {*earlier}
    if RULES not in files:
        return _record(output, earlier, before)
    living = {rule["uid"]: rule["title"] for rule in _rules(json.loads(files[RULES]))}
    for uid in earlier:
        if uid in living:
            raise DefinitionError(
                f"alert {living[uid]}: its uid {uid!r} belonged to a rule that was given up, and "
                f"{output / FILE} tells Grafana to delete that; it would be made and deleted at each start; "
                "expected a uid of its own; rename the alert, or take the uid out of that file"
            )
    return _record(output, {*earlier, *(before - living.keys())})


def _record(output: Path, gone: Collection[str], resting: Collection[str] = ()) -> dict[str, Any]:
    if not gone and not resting and not (output / FILE).exists():
        return {}  # one that is there must be written anew, or it would go on deleting
    delete = [{"orgId": 1, "uid": uid} for uid in sorted({*gone, *resting})]
    return {"apiVersion": 1, "deleteRules": delete} | ({RESTING: sorted(resting)} if resting else {})


def _of_record(record: Any) -> list[Any]:
    return [each["uid"] for each in record.get("deleteRules", [])]


def _of_rules(document: Any) -> list[Any]:
    return [rule["uid"] for rule in _rules(document)]


def _rules(document: Any) -> Iterator[Any]:
    for group in document.get("groups", []):
        yield from group["rules"]


def _uids(path: Path, key: str, of: Callable[[Any], list[Any]]) -> tuple[str, ...]:
    """The uids in a file that an earlier build wrote; none if there is no file."""
    try:
        found = of(json.loads(path.read_bytes()))
        if not isinstance(found, list) or not all(isinstance(uid, str) and UID.match(uid) for uid in found):
            raise ValueError(f"{key} holds something else")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}; check its type and rights") from None
    except (ValueError, LookupError, AttributeError, TypeError):
        raise StackError(
            f"{path} is not as `build` wrote it; expected JSON with {key!r}, from which it is known which "
            "rules Grafana must delete; restore it from version control"
        ) from None
    return tuple(found)
