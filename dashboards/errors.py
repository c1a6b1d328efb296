"""Errors that a user can mend: said in one line, without a traceback."""

from __future__ import annotations


class StackError(Exception):
    """Something in the definitions or around the command is wrong.

    The text says what happened, the value, what was expected and what to do.
    """
