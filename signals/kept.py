"""What rules record for boards, where an installation is so large that they would be slow without.

Of whatever endpoints count, rates summed over hosts: endpoint by endpoint, and of all together. Sums, never
shares, means or percentiles: a mean over hours of the share of a quiet minute and that of a busy one is no
share of anything. What a query asks of rates it can ask of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from exporters.catalogue import Counter, Histogram, Label, Metric, api
from exporters.catalogue.labels import INSTANCE, JOB
from signals.idioms import WINDOW, grouping, select
from signals.model import Recording, recorded
from signals.promql import Query

GROUP = "boards"
# Of a rate of five minutes one each minute tells all there is.
EACH = 2
HANDLER = api.HANDLER.name
ENDPOINTS, ENDPOINT, ALL = "handler", "endpoint", "all"
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
# Nobody asks of all requests together which raised what, for their statements and how often they repeat one,
# or for the mean of their bodies; what somebody does ask is summed from the endpoints'.
ENDPOINTS_ALONE = (
    *api.EXCEPTIONS.series,
    *api.QUERIES_PER_REQUEST.series,
    *api.NPLUSONE_REQUESTS.series,
    *api.NPLUSONE_REPEATS.series,
    *(f"{api.REQUEST_SIZE.name}_{each}" for each in ("count", "sum")),
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


def _plain(metric: Metric) -> Recording:
    """Summed from what is recorded, over all but the endpoint."""
    of = BY_ENDPOINT[metric.name].metric
    names = (JOB.name, HANDLER)
    query = Query(f"sum by {grouping(names)} ({select(of)})", (of,), (), names)
    return _named(ENDPOINT, metric, metric.name, query, (api.HANDLER,))


def _all(series: str, endpoints: Recording) -> Recording:
    """Those that have a route, together; and by itself what has none, which some questions leave out."""
    metric = endpoints.metric
    names = tuple(each.name for each in metric.labels)
    routed, rest = (select(metric, each(api.UNMATCHED)) for each in (api.HANDLER.ne, api.HANDLER.eq))
    together = f"sum by {grouping([each for each in names if each != HANDLER])} ({routed})"
    text = f'label_replace({together}, "{HANDLER}", "{ROUTED}", "", "") or sum by {grouping(names)} ({rest})'
    return _named(ALL, metric, series, Query(text, (metric,), (), names), metric.labels)


BY_ENDPOINT = {metric.name + suffix: _endpoints(metric, suffix) for metric, suffix in COUNTED}
# Those of more labels once more without, for whoever asks endpoint by endpoint and nothing else.
PLAIN = {metric.name: _plain(metric) for metric in DETAILED if metric.name not in ENDPOINTS_ALONE}
OF_ALL = {series: _all(series, each) for series, each in BY_ENDPOINT.items() if series not in ENDPOINTS_ALONE}
RECORDINGS: tuple[Recording, ...] = (*BY_ENDPOINT.values(), *PLAIN.values(), *OF_ALL.values())

RATE = r"(?:rate|increase)\(\w+\{[^{}]*\}\[<window>\](?: offset [^)]*)?\)"
# Rates of many series are summed before they are joined with others.
TERM = rf"(?:{RATE}|sum by \(<by:[^>]*>\) \({RATE}\))"
# How idioms ask for a rate, which may be of one selector or of another.
ASKED = re.compile(rf"sum by \(<by:(?P<by>[^>]*)>\) \((?P<rates>{TERM}(?: or {TERM})*)\)")
PARTS = re.compile(
    r"(?P<function>\w+)\((?P<series>\w+)\{(?P<where>[^{}]*)\}\[<window>\](?P<ago> offset [^)]*)?\)"
)
LABELS = re.compile(r'(\w+)[=!][=~]?"')
SCOPE, ONLY = re.compile(r"<scope:\w+>,?"), re.compile(r"<only:[^>]*>,?")
# What has samples, whatever is chosen: a selector, or a number.
ANYWAY = re.compile(r"[{]|vector\(|scalar\(|time\(|absent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Makes of a query's text one that reads what is recorded in place of the rates.

    Where all are chosen of a variable, its value matches whatever there is, and so the name of the job too;
    what is chosen by name does not, as no endpoint or host is called like a job. So of several texts, each
    with selectors of its own, one finds what is asked for, and the others, by the index alone, nothing.

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
        asked = list(ASKED.finditer(text))
        if all(map(self._recorded_too, asked)) and not ANYWAY.search(ASKED.sub("", text)):
            # Joined once, as a whole: at each point of a graph it costs as much as what it joins.
            return " or ".join(self._texts(text))
        return ASKED.sub(lambda each: self._joined(each) if self._recorded_too(each) else each[0], text)

    def _joined(self, asked: re.Match[str]) -> str:
        texts = self._texts(asked[0])
        return f"({' or '.join(texts)})" if len(texts) > 1 else texts[0]

    def _texts(self, text: str) -> list[str]:
        """A text for each way of choosing: all, some endpoints, some host."""
        hosts = (every(JOB.name, JOB.name), every(INSTANCE.name)) if self.targets else ()
        ways = [hosts]
        if self.endpoints and not all(map(_by_endpoint, ASKED.finditer(text))):
            ways = [(*hosts, every(HANDLER)), (*hosts, some(HANDLER))]
        found = [ASKED.sub(partial(self._read, way=way), text) for way in ways]
        if self.targets:
            found.append(PARTS.sub(lambda each: each[0].replace("{", f"{{{some(INSTANCE.name)},"), text))
        return found

    def _recorded_too(self, asked: re.Match[str]) -> bool:
        rates = list(PARTS.finditer(asked["rates"]))
        grown = any(each["function"] == "increase" for each in rates)
        return (bool(self.seconds) or not grown) and all(_has(each, asked["by"]) for each in rates)

    def _read(self, asked: re.Match[str], way: tuple[str, ...]) -> str:
        rates = list(PARTS.finditer(asked["rates"]))
        by, grown = asked["by"], any(each["function"] == "increase" for each in rates)
        times = f" * {self.seconds}" if grown else ""
        chosen = some(HANDLER) in way or _by_endpoint(asked)
        names = {*filter(None, by.split(",")), *(name for each in rates for name in _labels(each))}
        found = [_recording(each["series"], names, chosen=chosen) for each in rates]
        told = [self._selected(*each, way, chosen=chosen) for each in zip(found, rates, strict=True)]
        if self.over and len(told) == 1 and set(found[0].query.labels) == set(by.split(",")):
            return f"{told[0]}{times}"  # it is the sum itself
        return f"sum by {grouping((by,))} ({' or '.join(told)}){times}"

    def _selected(self, of: Recording, rate: re.Match[str], way: tuple[str, ...], *, chosen: bool) -> str:
        metric, ago, where = of.metric, rate["ago"] or "", SCOPE.sub("", rate["where"])
        parts = (*way, where if chosen else ONLY.sub("", where))
        selector = f"{metric.name}{{<scope:{metric.source}>,{','.join(filter(None, parts))}}}"
        return f"avg_over_time({selector}[{self.over}]{ago})" if self.over else f"{selector}{ago}"


def _by_endpoint(asked: re.Match[str]) -> bool:
    """Whether it is asked endpoint by endpoint, or of endpoints that an objective names."""
    return HANDLER in asked["by"].split(",") or "<where:" in asked["rates"]


def _labels(rate: re.Match[str]) -> list[str]:
    """The labels by which is chosen."""
    return LABELS.findall(rate["where"])


def _has(rate: re.Match[str], by: str) -> bool:
    """Whether what is recorded has all labels by which is chosen or summed."""
    recording = BY_ENDPOINT.get(rate["series"])
    asked = {*filter(None, by.split(",")), *_labels(rate)}
    return recording is not None and asked <= set(recording.query.labels)


def _recording(series: str, names: set[str], *, chosen: bool) -> Recording:
    """The one of the fewest series that has these labels."""
    if not chosen and series in OF_ALL:
        return OF_ALL[series]
    plain = PLAIN.get(series)
    return plain if plain and names <= set(plain.query.labels) else BY_ENDPOINT[series]


def every(variable: str, label: str = JOB.name) -> str:
    """Finds something where all are chosen of a variable."""
    return f'{label}=~"${variable}"'


def some(variable: str) -> str:
    """Finds nothing there: what may be anything or nothing is ruled out before any series is looked at."""
    return f'{JOB}!~"(${variable})?"'
