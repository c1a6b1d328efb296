"""Count and time SQL statements through SQLAlchemy's public events, and give them to the request they serve.

Imported only when an engine is instrumented; works for sync and async engines of SQLAlchemy 2.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext

from exporters.api.call import current
from exporters.api.errors import InstrumentationError
from exporters.api.metrics import SqlMetrics, caught, observer
from exporters.api.pool import PoolMeter, meter_of
from exporters.catalogue.api import OPERATION

OTHER = "other"
STARTED = "_exporters_api_started"
LISTENING = "_exporters_api_listening"
EXECUTED = "_exporters_api_executed"


def watch_engine(engine: object, name: str, metrics: SqlMetrics) -> PoolMeter:
    """Instrument an engine under the name of its pool; an engine that two applications share counts once.

    Raises:
        InstrumentationError: it is no engine of SQLAlchemy 2, or its pool has another name already.
    """
    sync = getattr(engine, "sync_engine", engine)
    if not isinstance(sync, Engine) or int(sqlalchemy.__version__.split(".")[0]) < 2:
        raise InstrumentationError(
            f"engine {name!r}: got {type(engine).__name__} with SQLAlchemy {sqlalchemy.__version__}; "
            "expected an Engine or AsyncEngine of SQLAlchemy 2"
        )
    # `engine.execution_options(...)` makes a view on an engine: its pool and its listeners are the engine's.
    while isinstance(inner := getattr(sync, "_proxied", None), Engine):
        sync = inner
    meter = meter_of(sync.pool)
    if meter is not None and meter.name != name:
        raise InstrumentationError(
            f"engine {name!r}: its pool is already instrumented as {meter.name!r}; use one name for one pool "
            "(an engine and its execution_options() share theirs)"
        )
    if not hasattr(sync, LISTENING):
        _listen(sync, Statements(metrics))
        setattr(sync, LISTENING, True)
    return meter or PoolMeter(sync, name, metrics)


def _listen(engine: Engine, statements: Statements) -> None:
    event.listen(engine, "before_cursor_execute", statements.before)
    event.listen(engine, "after_cursor_execute", statements.after)
    event.listen(engine, "handle_error", statements.failed)


class Statements:
    """The listeners of an engine; none of them raises."""

    def __init__(self, metrics: SqlMetrics) -> None:
        self.metrics = metrics
        self._observe = {
            operation: observer(metrics.duration.labels(operation)) for operation in OPERATION.values
        }

    def before(
        self, _conn: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        """A statement is sent."""
        setattr(context, STARTED, perf_counter())

    def after(
        self, _conn: Connection, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        """A statement was answered."""
        try:
            self._executed(statement, context)
        except Exception:
            caught("query")

    def failed(self, failure: ExceptionContext) -> None:
        """A statement, or an attempt to connect, failed."""
        try:
            if failure.is_pre_ping:
                return  # the pool opens another connection, and nobody notices
            context = failure.execution_context
            if context is not None and failure.statement is not None:
                self._executed(failure.statement, context)
            error = failure.sqlalchemy_exception
            if error is not None:
                self.metrics.errors.labels(type(error).__name__).inc()
        except Exception:
            caught("query")

    def _executed(self, statement: str, context: Any) -> None:
        started = context.__dict__.pop(STARTED, None)
        if started is None:
            return
        seconds = perf_counter() - started
        self._observe[operation(statement)](seconds)
        call = current.get()
        if call is None or call.closed:
            self.metrics.unattributed.inc()
            return
        # The batches of a bulk insert are statements of one execution, which is no loop of the application.
        batch = context.__dict__.setdefault(EXECUTED, started) is not started
        # A compiled statement reads the same for lists of any length; one of the driver only has its text.
        compiled = context.compiled
        call.statement(compiled.string if compiled is not None else statement, seconds, batch=batch)


def operation(statement: str) -> str:
    """The value of the label `operation`."""
    word = statement[:6].lower()
    if word not in OPERATION.values:
        word = statement.lstrip(" \t\r\n(")[:6].lower()
    return word if word in OPERATION.values else OTHER
