"""Signals of the watchers themselves: does Prometheus evaluate, keep and learn what it should?"""

from __future__ import annotations

from exporters.catalogue import external
from signals.idioms import SERVER_LEVEL, grouping, increase, promql, value
from signals.limits import shared
from signals.limits import telemetry as limits
from signals.model import Signal
from signals.numbers import BYTES, COUNT, RATIO, SECONDS, STATE

RULES_LATE = Signal(
    title="Rules overdue",
    why="By how long the group of rules that is most overdue has missed its next evaluation. After a start a "
    "group counts from its first evaluation on.",
    good="In time, or late by less than a minute. That a message gets out is seen at its receiver alone.",
    act="See Prometheus' page of rules: are they loaded, and which group is slow?",
    query=promql(
        # Until its first evaluation, of a group that waits for an hour, it is 0: in 1970.
        f"max by {grouping(('job', 'instance'))} (clamp_min(time() - ({{last}} > 0) - {{interval}}, 0))",
        labels=SERVER_LEVEL,
        last=value(external.RULES_EVALUATED, over="max", by=(external.RULE_GROUP,)),
        interval=value(external.RULES_INTERVAL, over="max", by=(external.RULE_GROUP,)),
    ),
    unit=SECONDS,
    objective=limits.RULES_AGE,
    legend="{{instance}}",
)
RULE_FAILURES = Signal(
    title="Rule failures",
    why="Evaluations of rules that failed within the window.",
    act="Prometheus' page of rules shows the error.",
    query=increase(external.RULE_FAILURES),
    unit=COUNT,
    objective=limits.RULE_FAILURES,
    legend="{{instance}} failed",
)
SHARES = promql(
    "{seconds} / ({interval} > 0)",
    seconds=value(external.RULES_SECONDS, over="max", by=(external.RULE_GROUP,)),
    interval=value(external.RULES_INTERVAL, over="max", by=(external.RULE_GROUP,)),
)
RULES_SHARE = Signal(
    title="Rule groups' time",
    why="The last evaluation of the slowest group as a share of its interval.",
    act="See Prometheus' page of rules which rule takes it, and how many series that reads.",
    query=promql(
        "max by (<by:job,instance>) {shares}",
        shares=SHARES,
        labels=SERVER_LEVEL,
    ),
    unit=RATIO,
    objective=limits.RULES_SHARE,
    legend="{{instance}} slowest",
)
GROUP_SHARE = Signal(
    title="Each group's time",
    why="The last evaluation of each group of rules as a share of its interval.",
    act="See Prometheus' page of rules which rule of the group takes it, and how many series that reads.",
    query=promql(
        # A group is called by its file and its name.
        'label_replace({shares}, "rule_group", "$1", "rule_group", ".*;(.*)")',
        shares=SHARES,
    ),
    unit=RATIO,
    objective=limits.RULES_SHARE,
    legend="{{instance}} {{rule_group}}",
)
RULES_MISSED = Signal(
    title="Evaluations left out",
    why="Evaluations within the window that Prometheus left out, since the one before was not over.",
    act="See which group takes its whole interval; record what its rules read, or evaluate it less often.",
    query=increase(external.RULES_MISSED),
    unit=COUNT,
    objective=limits.RULES_MISSED,
    legend="{{instance}}",
)
HEAD_SERIES = Signal(
    title="Series in memory",
    why="Series of about the last two hours; each takes some kilobytes of Prometheus' memory.",
    good="Steady; some thousands for one backend.",
    act="Growing: see above which metric has most, and which target brings new ones.",
    query=value(external.HEAD_SERIES, over="max"),
    unit=COUNT,
    legend="{{instance}}",
)
BLOCKS_BYTES = Signal(
    title="Prometheus on disk",
    why="What the blocks of Prometheus' database take. The log of the last hours comes on top.",
    good="Steady once the retention is reached.",
    act="Make room before the disk is full, or keep less: --storage.tsdb.retention.time.",
    query=value(external.BLOCKS_BYTES, over="max"),
    unit=BYTES,
    legend="{{instance}}",
)
HISTORY = Signal(
    title="How far back it knows",
    why="Age of the oldest sample that Prometheus keeps.",
    good="35 days once it ran so long: the availability of 30 days needs them.",
    act="Less: it was started anew without its data, or --storage.tsdb.retention says less.",
    query=promql("time() - ({oldest} < time())", oldest=value(external.OLDEST_SAMPLE, over="min")),
    unit=SECONDS,
    legend="{{instance}}",
)
SAMPLES_REFUSED = Signal(
    title="Samples refused",
    why="Samples within the window that Prometheus threw away: older than what it has, or two of one time.",
    act="Prometheus' log names the series: two targets that write the same one, or a clock set back.",
    query=promql(
        "{older} + {twice}",
        older=increase(external.OUT_OF_ORDER),
        twice=increase(external.DUPLICATE_TIME),
    ),
    unit=COUNT,
    objective=limits.SAMPLES_REFUSED,
    legend="{{instance}}",
)
MESSAGES_SENT = Signal(
    title="Messages sent",
    why="Messages within the window that Alertmanager and Grafana tried to send, by channel, also those that "
    "failed. Grafana counts none before the first, so that it is the second that shows.",
    good="None while nothing fires; one for each group of alerts that begins or ends.",
    act="None although alerts fire: see the routes and silences of whichever of the two notifies.",
    query=promql(
        "{alertmanager} or {grafana}",
        alertmanager=increase(external.MESSAGES_SENT, by=(external.INTEGRATION,)),
        grafana=increase(external.GRAFANA_MESSAGES_SENT, by=(external.INTEGRATION,)),
    ),
    unit=COUNT,
    legend="{{instance}} {{integration}}",
)
CONFIG_LOADED = Signal(
    title="Prometheus' configuration",
    why="Whether Prometheus loaded its configuration when that was last tried. If not, the old one stays.",
    good="Loaded.",
    act="Prometheus' log says which line; promtool check config says it beforehand.",
    query=value(external.CONFIG_LOADED, over="min"),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
TSDB_FAILURES = Signal(
    title="Database failures",
    why="Compactions, checkpoints and log writes of Prometheus' database that failed within the window.",
    act="Most often the disk is full: see its log, then make room or keep less.",
    query=promql(
        "{compactions} + {checkpoints} + {writes}",
        compactions=increase(external.COMPACTIONS_FAILED),
        checkpoints=increase(external.CHECKPOINTS_FAILED),
        writes=increase(external.WAL_WRITES_FAILED),
    ),
    unit=COUNT,
    objective=limits.TSDB_FAILURES,
    legend="{{instance}} failed",
)
MESSAGES_FAILED = Signal(
    title="Messages that Alertmanager gave up",
    why="Messages within the window that did not arrive although they were tried often, by channel.",
    act="Alertmanager's log has the answer of the receiver: an address, a key, or a time-out.",
    query=increase(external.MESSAGES_FAILED, by=(external.INTEGRATION,)),
    unit=COUNT,
    objective=limits.MESSAGES_FAILED,
    critical=limits.MESSAGES_FAILED,
    legend="{{instance}} {{integration}}",
)
MESSAGES_CONFIG_LOADED = Signal(
    title="Alertmanager's configuration",
    why="Whether Alertmanager loaded its configuration when that was last tried. If not, the old one stays.",
    good="Loaded.",
    act="Its log says which line; amtool check-config says it beforehand.",
    query=value(external.MESSAGES_CONFIG_LOADED, over="min"),
    unit=STATE,
    objective=shared.ANSWERING,
    legend="{{instance}}",
)
GRAFANA_RULE_FAILURES = Signal(
    title="Rule failures in Grafana",
    why="Evaluations of Grafana's rules that failed within the window.",
    act="Grafana's page of alert rules shows the error.",
    query=increase(external.GRAFANA_RULE_FAILURES),
    unit=COUNT,
    objective=limits.RULE_FAILURES,
    legend="{{instance}} failed",
)
GRAFANA_MESSAGES_FAILED = Signal(
    title="Messages that Grafana gave up",
    why="Messages within the window that did not arrive although they were tried often, by channel. "
    "Grafana counts none before the first, so that it is the second that shows.",
    act="Grafana's log has the answer of the receiver: an address, a key, or a time-out.",
    query=increase(external.GRAFANA_MESSAGES_FAILED, by=(external.INTEGRATION,)),
    unit=COUNT,
    objective=limits.MESSAGES_FAILED,
    critical=limits.MESSAGES_FAILED,
    legend="{{instance}} {{integration}}",
)
