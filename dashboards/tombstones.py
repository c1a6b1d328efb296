"""Rules that were given up. Grafana keeps a rule until a file deletes it, so `build` remembers each.

The record is a file of Grafana's own kind beside the rules, committed with them. It is no part of what is
rendered from the definitions: it follows from what was built before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboards.errors import DefinitionError, StackError

FILE = "grafana/alerting/deleted.json"
RULES = "grafana/alerting/rules.json"


def buried(output: Path) -> tuple[str, ...]:
    """The uids of the rules that Grafana is told to delete.

    Raises:
        StackError: the record cannot be read.
    """
    return tuple(each["uid"] for each in _list(output / FILE, "deleteRules"))


def remembered(files: Mapping[str, bytes], output: Path) -> dict[str, Any]:
    """The record as it must stand beside these files: all that was given up before, and what is now.

    Empty, where Grafana has no rules of these files, or where none was ever given up.

    Args:
        files: what is about to be written.
        output: where an earlier build may have written.

    Raises:
        DefinitionError: a rule bears the uid of one that was given up.
        StackError: an earlier file cannot be read.
    """
    if RULES not in files:
        return {}
    living = {rule["uid"]: rule["title"] for rule in _rules(json.loads(files[RULES])["groups"])}
    earlier = buried(output)
    for uid in earlier:
        if uid in living:
            raise DefinitionError(
                f"alert {living[uid]}: its uid {uid!r} belonged to a rule that was given up, and "
                f"{output / FILE} tells Grafana to delete that; it would be made and deleted at each start; "
                "expected a uid of its own; rename the alert, or take the uid out of that file"
            )
    before = {rule["uid"] for rule in _rules(_list(output / RULES, "groups"))}
    gone = sorted({*earlier, *(before - set(living))})
    return {"apiVersion": 1, "deleteRules": [{"orgId": 1, "uid": uid} for uid in gone]} if gone else {}


def _rules(groups: list[Any]) -> list[Any]:
    return [rule for group in groups for rule in group["rules"]]


def _list(path: Path, key: str) -> list[Any]:
    """The list under this key of a file that an earlier build wrote; empty if there is none."""
    try:
        content = json.loads(path.read_bytes())
        found = content.get(key, [])
        if not all(isinstance(each, dict) and ("uid" in each or "rules" in each) for each in found):
            raise ValueError(f"{key} holds something else")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}; check its type and rights") from None
    except (ValueError, AttributeError, TypeError):
        raise StackError(
            f"{path} is not as `build` wrote it; expected JSON with {key!r}, from which it is known which "
            "rules Grafana must delete; restore it from version control"
        ) from None
    return list(found)
