"""Grafana's data source says how often is scraped; $__rate_interval is four times that."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.checks.finding import Finding, Report, file_rule
from dashboards.checks.subject import Subject
from dashboards.checks.times import seconds


@file_rule(
    "source-interval",
    "the data source's timeInterval is Prometheus' scrape_interval",
    answers=("E30",),
    about="own",
)
def sources(subject: Subject, report: Report) -> Iterator[Finding]:
    """Too short an interval leaves rates without samples."""
    scrape = subject.prometheus.get("global", {}).get("scrape_interval")
    seen = set()
    for path, source in subject.sources:
        uid, where = source.get("uid"), f"data source {source.get('name')}"
        if not uid or uid in seen:
            yield report(path, where, f"its uid {uid!r} is missing or taken", "Give it one of its own.")
        seen.add(uid)
        found = source.get("jsonData", {}).get("timeInterval")
        if source.get("type") == "prometheus" and scrape and seconds(found) != seconds(scrape):
            message = f"timeInterval is {found!r}, and Prometheus scrapes every {scrape}"
            yield report(path, where, message, "Make the two equal.")
