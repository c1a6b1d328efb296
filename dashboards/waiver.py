"""An exception from a check, for a reason."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.errors import DefinitionError

# Shorter is no reason that the next reader could judge.
WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """What a check refuses, and is right here.

    Attributes:
        rule: the id of the check, as `lint --list` names it.
        place: as the finding names it before its message: the file, or the file and what stands in it,
            such as ``grafana/dashboards/team.json: panel 'Errors'``; what is inside is waived with it.
        reason: why, in three words or more, for whoever reads it next year.

    Raises:
        DefinitionError: one of them is missing, or the reason is none.
    """

    rule: str
    place: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a waiver that says too little."""
        for name in ("rule", "place"):
            if not getattr(self, name).strip():
                raise DefinitionError(f"a waiver of {self.rule or self.place!r} has no {name}; give it one")
        if len(self.reason.split()) < WORDS:
            raise DefinitionError(
                f"the waiver of {self.rule!r} at {self.place!r} gives the reason {self.reason!r}; expected a "
                f"sentence of {WORDS} words or more; say why it is right there"
            )
