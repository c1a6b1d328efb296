"""What redis_exporter says beyond the rest, under its names and labels: all of it stands in INFO too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from exporters.catalogue import redis as catalogue
from exporters.catalogue import redis_compat as compat
from exporters.catalogue import redis_detail as detail
from exporters.collectors.base import Family
from exporters.collectors.names import OTHER
from exporters.collectors.redis.info import REPLICA, pairs


def compatible(families: Iterable[Family], info: Mapping[str, str]) -> Iterator[Family]:
    """These families with the labels that they have there, and then all others."""
    for family in families:
        yield _wider(family, info)
        if family.metric is catalogue.COMMANDS:
            yield from _commands([name for (name,) in family.labels], info)
        elif family.metric is detail.REPLICA_OFFSET:
            yield _lags(family.labels, info)
    for metric, field in compat.PLAIN:
        with suppress(KeyError, ValueError):  # some servers have other fields, or words in them
            yield Family(metric, [()], [float(info[field])])
    if "master_host" in info:
        follows = tuple(info.get(field, "") for _, field in compat.FOLLOWS)
        yield Family(compat.REPLICA, [(*follows, info.get("slave_read_only", ""))], [1])
        for metric, field in compat.OF_REPLICA:
            if field in info:
                yield Family(metric, [follows], [float(info[field])])


def _wider(family: Family, info: Mapping[str, str]) -> Family:
    labels = compat.LABELS.get(family.metric.name, ())
    if not labels:
        return family
    values = tuple(info.get(field, "") for _, field in labels)
    metric = family.metric.with_labels(tuple(label for label, _ in labels))
    return Family(metric, [(*row, *values) for row in family.labels], family.values, family.dropped)


def _commands(shown: list[str], info: Mapping[str, str]) -> Iterator[Family]:
    """Of the commands that have a name of their own; what fell to the others is not told apart."""
    names = [name for name in shown if name != OTHER]
    rows = [pairs(info.get(f"cmdstat_{name}", "")) for name in names]
    for metric, field in compat.OF_COMMANDS:
        known = [(name, row[field]) for name, row in zip(names, rows, strict=True) if field in row]
        yield Family(metric, [(name,) for name, _ in known], [value for _, value in known])


def _lags(shown: Iterable[tuple[str, ...]], info: Mapping[str, str]) -> Family:
    """Of the replicas that are shown."""
    lags: dict[tuple[str, ...], float] = {}
    for row in (pairs(value) for name, value in info.items() if REPLICA.match(name)):
        replica = (row["ip"], row["port"], row["state"])
        lags[replica] = max(float(row.get("lag", 0)), lags.get(replica, 0.0))
    labels = [replica for replica in shown if replica in lags]
    return Family(compat.REPLICA_LAG, labels, [lags[replica] for replica in labels])
