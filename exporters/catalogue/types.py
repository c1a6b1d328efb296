"""The vocabulary of the catalogue: labels and metrics as frozen, checked values.

Standard library only. Everything above (collectors, signals, boards, alerts) refers to these objects,
so a metric's name is written once.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

Unit = Literal["count", "seconds", "bytes", "ratio", "timestamp", "xids", "info"]

METRIC_NAME = re.compile(r"(ALERTS(_FOR_STATE)?|[a-z][a-z0-9_]*)\Z")
RECORDED_NAME = re.compile(r"[a-z][a-z0-9_]*(:[a-z0-9_]+){1,2}\Z")
LABEL_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
COLLECTOR_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")
RESERVED_LABELS = frozenset({"le", "quantile", "job", "instance", "__name__"})

# Names of the type's own series; a gauge that ends so reads as a part of a histogram or summary.
SERIES_SUFFIXES = ("_bucket", "_sum", "_count")

# Names that break a rule because others gave them: dashboards and rules of their users read them.
# Of postgres_exporter, counters without `_total`.
COMPATIBLE_COUNTERS = frozenset(
    {
        "pg_stat_database_blks_hit",
        "pg_stat_database_blks_read",
        "pg_stat_database_conflicts",
        "pg_stat_database_deadlocks",
        "pg_stat_database_temp_bytes",
        "pg_stat_database_temp_files",
        "pg_stat_database_tup_deleted",
        "pg_stat_database_tup_fetched",
        "pg_stat_database_tup_inserted",
        "pg_stat_database_tup_returned",
        "pg_stat_database_tup_updated",
        "pg_stat_database_xact_commit",
        "pg_stat_database_xact_rollback",
        "pg_stat_user_tables_idx_scan",
        "pg_stat_user_tables_idx_tup_fetch",
        "pg_stat_user_tables_n_tup_del",
        "pg_stat_user_tables_n_tup_hot_upd",
        "pg_stat_user_tables_n_tup_ins",
        "pg_stat_user_tables_n_tup_upd",
        "pg_stat_user_tables_seq_scan",
        "pg_stat_user_tables_seq_tup_read",
        "pg_stat_wal_wal_buffers_full",
        "pg_stat_wal_wal_bytes",
        "pg_stat_wal_wal_fpi",
        "pg_stat_wal_wal_records",
    }
)
# Of OpenTelemetry, postgres_exporter and redis_exporter, gauges that count.
COMPATIBLE_GAUGES = frozenset(
    {"db_client_connection_count", "pg_locks_count", "pg_stat_activity_count", "redis_keys_count"}
)


# Emitted for those alone who ask for the names of other exporters.
COMPAT = "compat"


class CatalogueError(ValueError):
    """A definition that breaks a naming rule; raised when the catalogue is imported."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label matcher of PromQL, such as ``status=~"5.."``."""

    label: str
    operator: Literal["=", "!=", "=~", "!~"]
    value: str

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.operator}"{escaped}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label: its meaning, its closed set of values if it has one, and otherwise what bounds it.

    Attributes:
        possible: every value that there may ever be, where few of so many are.

    Raises:
        CatalogueError: the name has characters Prometheus refuses, or nothing bounds the label.
    """

    name: str
    help: str
    values: tuple[str, ...] = ()
    bound: str = ""
    possible: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not LABEL_NAME.match(self.name):
            raise CatalogueError(f"label {self.name!r}: expected lower-case letters, digits and underscores")
        if not self.values and not self.bound:
            raise CatalogueError(f"label {self.name!r}: give its closed set of values, or say what bounds it")

    def __str__(self) -> str:
        return self.name

    def eq(self, value: str) -> Matcher:
        """The label equals this value."""
        return Matcher(self.name, "=", value)

    def ne(self, value: str) -> Matcher:
        """The label differs from this value."""
        return Matcher(self.name, "!=", value)

    def re(self, pattern: str) -> Matcher:
        """The whole label matches this regular expression."""
        return Matcher(self.name, "=~", pattern)

    def nre(self, pattern: str) -> Matcher:
        """The label does not match this regular expression."""
        return Matcher(self.name, "!~", pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric family.

    Attributes:
        name: the family's name as exposed (for a histogram without ``_bucket``).
        help: one sentence; it is the HELP text of the exposition.
        unit: what one unit of the value is; ``count`` for plain numbers.
        labels: the labels the emitter writes (``job`` and ``instance`` come from Prometheus).
        collector: who emits it, ``source.part``, such as ``postgres.activity``.
        optional: when a healthy emitter may leave the family out; empty means never.
        until: what counts before this family is there: while it is 0, and no longer, this may be missing.
        zero: what it means that it is 0, where there is then no share, mean or percentile of it.
        spare: why it is emitted though no panel and no rule asks for it; empty where one does.
        made_of: of what a rule records, whose metrics it is made of; empty for several, and what is scraped.

    Raises:
        CatalogueError: the definition breaks a rule; the message names both.
    """

    name: str
    help: str
    collector: str
    unit: Unit = "count"
    labels: tuple[Label, ...] = ()
    optional: str = ""
    until: Metric | None = None
    zero: str = ""
    spare: str = ""
    made_of: str = ""
    kind: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ("",)

    def __post_init__(self) -> None:
        recorded = self.source == "rules"
        if not (RECORDED_NAME if recorded else METRIC_NAME).match(self.name):
            wanted = "level:metric:operations, each of" if recorded else "a letter first, and no others than"
            raise CatalogueError(
                f"metric {self.name!r}: expected {wanted} lower-case letters, digits and underscores"
            )
        if not self.kind:
            raise CatalogueError(
                f"metric {self.name!r}: a bare Metric has no type; "
                "expected Counter, Gauge, Histogram, Summary or Info"
            )
        if not COLLECTOR_NAME.match(self.collector):
            raise CatalogueError(
                f"metric {self.name!r}: collector {self.collector!r}; expected 'source.part', such as "
                "'postgres.activity'"
            )
        if not self.help.strip():
            raise CatalogueError(f"metric {self.name!r}: help is empty; say what it counts")
        if self.until is not None and not self.optional:
            raise CatalogueError(
                f"metric {self.name!r}: it is missing until something counts; say so: optional="
            )
        names = [label.name for label in self.labels]
        if len(set(names)) != len(names):
            raise CatalogueError(f"metric {self.name!r}: a label stands twice in {names}")
        reserved = RESERVED_LABELS.intersection(names) if self.source not in ("rules", "alerts") else ()
        if reserved:
            raise CatalogueError(
                f"metric {self.name!r}: {sorted(reserved)} are written by Prometheus or the type"
            )

    @property
    def source(self) -> str:
        """The emitter: ``api``, ``postgres``, ``redis``, ``exporter`` or another server's name."""
        return self.collector.partition(".")[0]

    @property
    def about(self) -> str:
        """The emitter, also of what a rule makes of its metrics."""
        return self.made_of or self.source

    def with_labels(self, more: tuple[Label, ...]) -> Self:
        """The same, told apart by these labels too."""
        return replace(self, labels=(*self.labels, *more))

    @property
    def series(self) -> tuple[str, ...]:
        """The sample names that the family writes."""
        return tuple(self.name + suffix for suffix in self.suffixes)

    def label_names(self, series: str = "") -> frozenset[str]:
        """The labels the emitter writes on this sample name (``le`` on a bucket)."""
        names = frozenset(label.name for label in self.labels)
        return names | {"le"} if series.endswith("_bucket") and self.kind == "histogram" else names

    def __str__(self) -> str:
        return self.name


class Counter(Metric):
    """A number that only grows, and starts again at zero with its process."""

    kind = "counter"

    def __post_init__(self) -> None:
        Metric.__post_init__(self)
        if self.source == COMPAT:
            return
        if not self.name.endswith("_total") and self.name not in COMPATIBLE_COUNTERS:
            raise CatalogueError(f"counter {self.name!r}: expected a name ending in '_total'")


class Gauge(Metric):
    """A number that goes up and down."""

    kind = "gauge"

    def __post_init__(self) -> None:
        Metric.__post_init__(self)
        if self.source == COMPAT:
            return
        if self.name.endswith("_total"):
            raise CatalogueError(f"gauge {self.name!r}: '_total' is the ending of a counter")
        if self.name.endswith(SERIES_SUFFIXES) and self.name not in COMPATIBLE_GAUGES:
            suffix = self.name[self.name.rindex("_") :]
            raise CatalogueError(
                f"gauge {self.name!r}: {suffix!r} is the ending of a series of a histogram or summary"
            )


class Info(Metric):
    """A gauge that is always 1; its labels are the message."""

    kind = "gauge"


class Summary(Metric):
    """Sum and count, with quantiles where the emitter computes them."""

    kind = "summary"
    suffixes = ("", "_sum", "_count")

    def label_names(self, series: str = "") -> frozenset[str]:
        """The labels, with ``quantile`` on the bare name."""
        names = Metric.label_names(self, series)
        return names | {"quantile"} if series == self.name else names


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram(Metric):
    """Counts per bucket. ``buckets`` are the upper bounds, without ``+Inf``."""

    buckets: tuple[float, ...]
    kind = "histogram"
    suffixes = ("_bucket", "_sum", "_count")

    def __post_init__(self) -> None:
        Metric.__post_init__(self)
        if not all(map(math.isfinite, self.buckets)):
            raise CatalogueError(
                f"histogram {self.name!r}: buckets {self.buckets} are not all finite; +Inf is added by itself"
            )
        if not self.buckets or list(self.buckets) != sorted(set(self.buckets)):
            raise CatalogueError(f"histogram {self.name!r}: buckets {self.buckets} are not strictly rising")
