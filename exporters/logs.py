"""One line a record, as logfmt or JSON, and never with a password in it."""

from __future__ import annotations

import codecs
import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

from exporters.secrets import Redactor

LEVELS = ("debug", "info", "warn", "warning", "error")  # other exporters say warn
FORMATS = ("logfmt", "json")
BARE = re.compile(r"[\w.:+-]+", re.ASCII)


class LineFormatter(logging.Formatter):
    """The formatter of every record. It masks the whole message, a traceback's text included.

    Args:
        form: one of `FORMATS`.
        redactor: knows what is masked.
        encoding: of where it is written. Unless that is UTF-8, what is beyond ASCII is written as JSON's
            escape: those of Python, which standard error would write, are none of JSON.
    """

    def __init__(self, form: str, redactor: Redactor, encoding: str | None = None) -> None:
        super().__init__()
        self._form = form
        self._redactor = redactor
        self._ascii = codecs.lookup(encoding or "utf-8").name != "utf-8"

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}: {self.formatException(record.exc_info)}"
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # Bytes that are no text, as in a file's name, are told by number: not all readers take them else.
            "msg": self._redactor.mask(message).encode(errors="backslashreplace").decode(),
        }
        if self._form == "json":
            return self._json(fields)
        return " ".join(f"{key}={self._logfmt(value)}" for key, value in fields.items())

    def _logfmt(self, value: str) -> str:
        return value if BARE.fullmatch(value) else self._json(value)

    def _json(self, value: object) -> str:
        return json.dumps(value, ensure_ascii=self._ascii)


def configure(level: str, form: str, redactor: Redactor) -> None:
    """Send every record of the process to standard error, warnings and uncaught exceptions too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(form, redactor, getattr(sys.stderr, "encoding", None)))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("exporter").critical("ended by a fault of its own", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    error = args.exc_value or args.exc_type()
    logging.getLogger("exporter").critical(
        "a thread ended by a fault of its own", exc_info=(args.exc_type, error, args.exc_traceback)
    )
