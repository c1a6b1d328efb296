"""Signals of the application's load: what comes in, against other days and against what it can carry."""

from __future__ import annotations

from exporters.catalogue import api
from exporters.catalogue.labels import INSTANCE, JOB
from signals import api as answers
from signals import objectives
from signals.idioms import DAY, grouping, promql, rate, usual, value
from signals.limits import api as limits
from signals.model import Signal
from signals.numbers import COUNT, RATIO, REQUESTS_PER_SECOND, SECONDS

WEEK = 7 * DAY

REQUEST_RATE_YESTERDAY = Signal(
    title="Request rate a day ago",
    why="Requests answered per second at the same time yesterday.",
    good="Close to today's, between two days of one kind.",
    act="Compare it with now; a weekday and a holiday differ.",
    query=rate(api.REQUESTS, ago=DAY),
    unit=REQUESTS_PER_SECOND,
    legend="a day ago",
)
REQUEST_RATE_LAST_WEEK = Signal(
    title="Request rate a week ago",
    why="Requests answered per second at the same time on the same day of last week.",
    good="Close to today's.",
    act="Compare it with now.",
    query=rate(api.REQUESTS, ago=WEEK),
    unit=REQUESTS_PER_SECOND,
    legend="a week ago",
)
BUSY_YESTERDAY = promql(
    "{rate} > <number:baseline_traffic>",
    limits.BASELINE_TRAFFIC,
    rate=REQUEST_RATE_YESTERDAY.query,
)
# The lower of the two, so that a Saturday is no fall from Friday; without both there is no sample.
EXPECTED = promql(
    "({week} < {day}) or ({day} and {week})", day=BUSY_YESTERDAY, week=REQUEST_RATE_LAST_WEEK.query
)
# A new application that no request has reached yet has no counter, only workers.
ARRIVES = promql("{rate} or 0 * {workers}", rate=answers.REQUEST_RATE.query, workers=answers.WORKERS.query)
TRAFFIC_LEFT = Signal(
    title="Traffic against other days",
    why="The request rate as a share of that at the same time yesterday or a week ago, whichever was lower. "
    "Nothing is said where yesterday had less than {number:baseline_traffic}.",
    act="Ask the application from outside, then look at the load balancer, DNS and the newest deploy of "
    "whatever calls it.",
    query=promql("{now} / ({expected} > 0)", now=ARRIVES, expected=EXPECTED),
    unit=RATIO,
    objective=limits.TRAFFIC_LEFT,
    legend="of other days",
    empty="yesterday at this time it had too little traffic to compare with",
)
CAPACITY_USED = Signal(
    title="Share of the proven throughput",
    why="The request rate as a share of {number:throughput}, which the application is proven to carry with "
    "its p95 held.",
    act="Add workers or hosts before it is reached, and prove the new number with a load test.",
    query=promql("{rate} / <number:throughput>", objectives.THROUGHPUT, rate=ARRIVES),
    unit=RATIO,
    objective=limits.CAPACITY_USED,
    legend="of what is proven",
)
BUSIEST_WORKER = Signal(
    title="Requests in progress, busiest worker",
    why="Requests that the worker which has most of them answers at once; a mean hides one that is stuck.",
    act="Find what they wait for: the pool, a lock, a service that does not answer. Beside a small sum it is "
    "one worker that is stuck.",
    query=value(api.WORKER_REQUESTS_IN_PROGRESS, over="max"),
    unit=COUNT,
    objective=limits.IN_PROGRESS,
    legend="busiest worker",
)
WORKERS_MISSING = Signal(
    title="Workers missing",
    why="Workers that were configured and are not alive for most of five minutes, host by host: where old "
    "and new ones run side by side, they do not stand for those of another host. One that comes back for a "
    "moment and ends again is missing.",
    act="Read the server's log for why they ended: memory, an exception at start, a signal.",
    query=promql(
        # Of as many samples with a worker as without it, it was there.
        f"sum by {grouping((JOB.name,))} (clamp_min({{configured}} - ceil({{alive}}), 0))",
        labels=(JOB,),
        configured=value(api.WORKERS_CONFIGURED, by=(INSTANCE,)),
        alive=usual(api.WORKERS, by=(INSTANCE,)),
    ),
    unit=COUNT,
    objective=limits.WORKERS_MISSING,
    legend="missing",
)
EVENT_LOOP_LAG = Signal(
    title="Event loop lag",
    why="How late the event loop of the latest worker ran what was due, or is by now: the most since a "
    "scrape or two ago.",
    act="Find the call that blocks in an `async def`: a synchronous client, a file, or much computing.",
    query=value(api.EVENT_LOOP_LAG, over="max"),
    unit=SECONDS,
    objective=limits.EVENT_LOOP_LAG,
    legend="latest worker",
)
LASTING_LAG = Signal(
    title="Lasting event loop lag",
    why="How late the event loop of the latest worker was in most samples of five minutes.",
    act=EVENT_LOOP_LAG.act,
    query=usual(api.EVENT_LOOP_LAG, over="max"),
    unit=SECONDS,
    objective=limits.EVENT_LOOP_LAG,
    legend="for most of 5 min",
)
