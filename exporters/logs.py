"""One line a record, as logfmt or JSON, and never with a password in it."""

from __future__ import annotations

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
BARE = re.compile(r"[\w.:+-]+")


class LineFormatter(logging.Formatter):
    """The formatter of every record. It masks the whole message, a traceback's text included."""

    def __init__(self, form: str, redactor: Redactor) -> None:
        super().__init__()
        self._form = form
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}: {self.formatException(record.exc_info)}"
        fields = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": self._redactor.mask(message),
        }
        if self._form == "json":
            return json.dumps(fields, ensure_ascii=False)
        return " ".join(f"{key}={_logfmt(value)}" for key, value in fields.items())


def configure(level: str, form: str, redactor: Redactor) -> None:
    """Send every record of the process to standard error, warnings and uncaught exceptions too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(form, redactor))
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


def _logfmt(value: str) -> str:
    return value if BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
