"""What rules record for boards, where an installation is so large that they would be slow without.

Of whatever endpoints count, rates summed over hosts: endpoint by endpoint, and of all together. Sums, never
shares, means or percentiles: a mean over hours of the share of a quiet minute and that of a busy one is no
share of anything. What a query asks of rates it can ask of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from exporters.catalogue import Counter, Histogram, Label, Metric, api
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import WINDOW, grouping, select
from signals.model import Recording, recorded
from signals.promql import Query

GROUP = "boards"
# Of a rate of five minutes one each minute tells all there is.
EACH = 2
HANDLER = api.HANDLER.name
ENDPOINTS, ALL = "handler", "all"
# In place of an endpoint: all that have a route.
ROUTED = "__routed__"
LE = Label(name="le", help="The bound of a bucket.", bound="one per bound of the histogram")
COUNTED = tuple(
    (metric, suffix)
    for metric in vars(api).values()
    if isinstance(metric, Counter | Histogram) and api.HANDLER in metric.labels
    for suffix in metric.suffixes
)
SUMMED = frozenset(metric for metric, _ in COUNTED)
# Of others nobody asks by method or encoding.
DETAILED: Mapping[Metric, tuple[Label, ...]] = {
    metric: metric.labels for metric in (api.REQUESTS, api.EXCEPTIONS)
}
# Nobody asks of all requests together which raised what, for the percentile of their statements, or for the
# mean of their bodies, or how often they repeat a statement.
ENDPOINTS_ALONE = (
    api.EXCEPTIONS.name,
    f"{api.QUERIES_PER_REQUEST.name}_bucket",
    *(f"{api.REQUEST_SIZE.name}_{each}" for each in ("count", "sum")),
    *api.NPLUSONE_REPEATS.series,
)


def _named(level: str, metric: Metric, series: str, query: Query, labels: tuple[Label, ...]) -> Recording:
    name = f"{level}:{series.removesuffix('_total')}:rate5m"
    help = f"What boards read in place of rates of {series}: summed over hosts."
    found = recorded(name, help, query, labels=labels, group=GROUP)
    # A percentile of it has the unit of what was observed.
    return replace(found, metric=replace(found.metric, unit=metric.unit), each=EACH)


def _endpoints(metric: Metric, suffix: str) -> Recording:
    labels = (*DETAILED.get(metric, (api.HANDLER,)), *((LE,) if suffix == "_bucket" else ()))
    names = (JOB.name, *(each.name for each in labels))
    text = f"sum by {grouping(names)} (rate({select(metric, suffix=suffix)}[{WINDOW}]))"
    return _named(ENDPOINTS, metric, metric.name + suffix, Query(text, (metric,), (), names), labels)


def _all(series: str, endpoints: Recording) -> Recording:
    """Those that have a route, together; and by itself what has none, which some questions leave out."""
    metric = endpoints.metric
    names = tuple(each.name for each in metric.labels)
    routed, rest = (select(metric, each(api.UNMATCHED)) for each in (api.HANDLER.ne, api.HANDLER.eq))
    together = f"sum by {grouping([each for each in names if each != HANDLER])} ({routed})"
    text = f'label_replace({together}, "{HANDLER}", "{ROUTED}", "", "") or sum by {grouping(names)} ({rest})'
    return _named(ALL, metric, series, Query(text, (metric,), (), names), metric.labels)


BY_ENDPOINT = {metric.name + suffix: _endpoints(metric, suffix) for metric, suffix in COUNTED}
OF_ALL = {series: _all(series, each) for series, each in BY_ENDPOINT.items() if series not in ENDPOINTS_ALONE}
RECORDINGS: tuple[Recording, ...] = (*BY_ENDPOINT.values(), *OF_ALL.values())

RATE = r"(?:rate|increase)\(\w+\{[^{}]*\}\[<window>\](?: offset [^)]*)?\)"
# How idioms ask for a rate, which may be of one selector or of another.
ASKED = re.compile(rf"sum by \(<by:(?P<by>[^>]*)>\) \((?P<rates>{RATE}(?: or {RATE})*)\)")
PARTS = re.compile(
    r"(?P<function>\w+)\((?P<series>\w+)\{(?P<where>[^{}]*)\}\[<window>\](?P<ago> offset [^)]*)?\)"
)
LABELS = re.compile(r'(\w+)[=!][=~]?"')
SCOPE, ONLY = re.compile(r"<scope:\w+>,?"), re.compile(r"<only:[^>]*>,?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Makes of a query's text one that reads what is recorded in place of the rates.

    Where all are chosen of a variable, its value matches whatever there is, and so the name of the job too;
    what is chosen by name does not, as no endpoint or host is called like a job. So of several selectors one
    finds what is asked for, and the others, by the index alone, nothing.

    Attributes:
        over: the range that is averaged, a hole too; empty for what was recorded last.
        seconds: of that range, for what grows within it; empty if such is read from what is scraped.
        targets: whether the board's reader chooses job and host: of one host only what is scraped tells.
        endpoints: whether the reader's choice of endpoints narrows the query.
    """

    over: str = ""
    seconds: str = ""
    targets: bool = False
    endpoints: bool = False

    def __call__(self, text: str) -> str:
        """The text that asks the same of recordings, as far as there are any."""
        return ASKED.sub(self._read, text)

    def _read(self, asked: re.Match[str]) -> str:
        rates = list(PARTS.finditer(asked["rates"]))
        grown = any(each["function"] == "increase" for each in rates)
        if (grown and not self.seconds) or not all(_has(each, asked["by"]) for each in rates):
            return asked[0]
        by, times = asked["by"], f" * {self.seconds}" if grown else ""
        alone = HANDLER in by.split(",") or any("<where:" in each["where"] for each in rates)
        hosts = (every(JOB.name, JOB.name), every(INSTANCE.name)) if self.targets else ()
        found = []
        if not alone:
            chosen = (every(HANDLER),) if self.endpoints else ()
            found.append([self._recorded(OF_ALL, each, (*hosts, *chosen)) for each in rates])
        if alone or self.endpoints:
            chosen = () if alone else (some(HANDLER),)
            found.append([self._recorded(BY_ENDPOINT, each, (*hosts, *chosen)) for each in rates])
        told = [f"sum by {grouping((by,))} ({' or '.join(each)}){times}" for each in found]
        labels = BY_ENDPOINT[rates[0]["series"]].query.labels
        if self.over and len(rates) == 1 and set(labels) == set(by.split(",")):
            told = [f"{found[0][0]}{times}"]  # it is the sum itself
        if self.targets:
            scraped = (each[0].replace("}", f",{some(INSTANCE.name)}}}") for each in rates)
            told.append(f"sum by {grouping((by,))} ({' or '.join(scraped)})")
        return f"({' or '.join(told)})" if len(told) > 1 else told[0]

    def _recorded(self, level: Mapping[str, Recording], rate: re.Match[str], chosen: tuple[str, ...]) -> str:
        metric, ago = level[rate["series"]].metric, rate["ago"] or ""
        where = SCOPE.sub("", rate["where"])
        parts = (*chosen, where if level is BY_ENDPOINT else ONLY.sub("", where))
        selector = f"{metric.name}{{<scope:{metric.source}>,{','.join(filter(None, parts))}}}"
        return f"avg_over_time({selector}[{self.over}]{ago})" if self.over else f"{selector}{ago}"


def _has(rate: re.Match[str], by: str) -> bool:
    """Whether what is recorded has all labels by which is chosen or summed."""
    recording = BY_ENDPOINT.get(rate["series"])
    asked = {*filter(None, by.split(",")), *LABELS.findall(rate["where"])}
    return recording is not None and asked <= set(recording.query.labels)


def every(variable: str, label: str = JOB.name) -> str:
    """Finds something where all are chosen of a variable."""
    return f'{label}=~"${variable}"'


def some(variable: str) -> str:
    """Finds nothing there."""
    return f'{JOB}!~"${variable}"'
