"""Where alerts on the watchers draw their lines, and why there."""

from __future__ import annotations

from exporters.catalogue.renewal import HEAVY_SECONDS, SIZES_SECONDS
from signals.numbers import COUNT, RATIO, SECONDS, STATE, Limit

ALIVE = Limit(
    key="alive", value=0, unit=STATE, why="Any answer is above it, so an alert on it fires for ever."
)
RULES_AGE = Limit(
    key="rules_age",
    value=60,
    unit=SECONDS,
    why="Four evaluations missed: no alert of Prometheus can fire meanwhile.",
)
TARGETS_DOWN = Limit(
    key="targets_down",
    value=0,
    unit=COUNT,
    why="What it measures is missing on every board, and in every rule.",
)
COLLECTORS_FAILING = Limit(
    key="collectors_failing", value=0, unit=COUNT, why="What it collects is old, or missing on every board."
)
RULES_MISSED = Limit(
    key="rules_missed",
    value=0,
    unit=COUNT,
    why="An evaluation left out is a moment in which no alert can fire.",
)
SAMPLES_REFUSED = Limit(
    key="samples_refused", value=0, unit=COUNT, why="Two targets write one series, or a clock runs wrong."
)
NO_TARGETS = Limit(
    key="job_targets",
    value=1,
    unit=COUNT,
    better="higher",
    why="A job without a target is scraped as little as one that nobody configured.",
)
SERVERS_WATCHED = Limit(
    key="servers_watched",
    value=1,
    unit=COUNT,
    better="higher",
    why="Where the exporter says nothing of a server, no rule can tell that it is down.",
)
# Of the stack's targets.timeout: where a stack gives no limit of its own, this one moves with it.
SCRAPE_SHARE = 0.8
SCRAPE_SLOW = Limit(
    key="scrape_slow",
    value=SCRAPE_SHARE * 10,
    unit=SECONDS,
    why="80 % of the time-out: a page that takes so long is soon given up, and then there are gaps.",
)
SERIES_GROWTH = Limit(
    key="series_growth",
    value=2,
    unit=RATIO,
    why="Twice the series of yesterday is no new endpoint, but a label without a bound.",
)
MINIMUM_SAMPLES = Limit(
    key="minimum_samples", value=5000, unit=COUNT, why="A page of fewer samples may double and cost nothing."
)
DROPPED_SERIES = Limit(
    key="dropped_series", value=0, unit=COUNT, why="What is left out is missing on every board."
)
CERTIFICATE_LEFT = Limit(
    key="certificate_left",
    value=0.1,
    unit=RATIO,
    better="higher",
    why="Programs renew with a third left. Of ninety days nine are left then, of one day two hours.",
)
# A quarter of an hour holds 15 scrapes where they are rarest, one a minute.
RECONNECTS = Limit(
    key="reconnects",
    value=11,
    unit=COUNT,
    why="The exporter keeps its session, so that a quarter of an hour has none; here three in four scrapes "
    "of one a minute find it cut.",
)
LOGINS_REFUSED = Limit(
    key="logins_refused",
    value=11,
    unit=COUNT,
    why="Who mistypes has few; a scraper with an old password has one at each scrape, 15 where it asks once "
    "a minute.",
)
CACHE_RENEWAL = Limit(
    key="cache_renewal",
    value=HEAVY_SECONDS,
    unit=SECONDS,
    why="How often the exporter looks anew at tables, statements, indexes and keys, by default.",
)
SIZES_RENEWAL = Limit(
    key="sizes_renewal",
    value=SIZES_SECONDS,
    unit=SECONDS,
    why="How often the exporter looks anew at sizes and at texts of statements, by default.",
)
CACHE_AGE = Limit(
    key="cache_age", value=5, unit=RATIO, why="Four looks in a row brought nothing: what is shown is old."
)
INSTRUMENTATION_ERRORS = Limit(
    key="instrumentation_errors", value=0, unit=COUNT, why="Each is a request that is counted wrongly."
)
RULE_FAILURES = Limit(
    key="rule_failures", value=0, unit=COUNT, why="A rule that fails cannot fire, and says nothing."
)
RULES_SHARE = Limit(
    key="rules_share",
    value=0.8,
    unit=RATIO,
    why="A group that takes its whole interval skips evaluations, and its alerts come late.",
)
TSDB_FAILURES = Limit(
    key="tsdb_failures",
    value=0,
    unit=COUNT,
    why="Each is data that may be lost, most often for want of disk.",
)
MESSAGES_FAILED = Limit(key="messages_failed", value=0, unit=COUNT, why="Each is somebody who was not told.")
