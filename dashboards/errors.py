"""Errors that a user can mend: said in one line, without a traceback."""

from __future__ import annotations

import re


class StackError(Exception):
    """Something around the command is wrong: an option, a file, a server that does not answer.

    The text says what happened, the value, what was expected and what to do.
    """


class DefinitionError(StackError):
    """Something in the definitions is wrong: a finding, where a wrong option or a silent server is none."""


class RefusedError(StackError):
    """A server refused one query, or gave it up; it may answer others."""


def shown_url(url: str) -> str:
    """A URL as it may stand in a message: without the user and password that requests takes from it."""
    return re.sub(r"^(\w*:?//)?.*@", r"\1", url).partition("?")[0]
