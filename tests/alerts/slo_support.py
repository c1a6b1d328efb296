"""Days of a backend as promtool plays them, and the share of bad events counted by hand."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from alerts import prometheus
from alerts.model import Alert
from alerts.proof.plan import CONTEXT
from signals.slo import HOUR, ServiceLevel

Json = dict[str, Any]
# Three scrapes in five minutes, never on the boundary of a window.
STEP = 100.003
GRID = 300
WHERE = 'environment="production",cluster="main"'
WHO = f'{WHERE},job="api"'


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of time: how many events, and bad ones of them, there are in a step."""

    hours: float
    total: float
    bad: float = 0

    @property
    def steps(self) -> int:
        """How many scrapes it has."""
        return round(self.hours * HOUR / STEP)


@dataclass(frozen=True, kw_only=True)
class Day:
    """What happens, and who looks at it.

    Attributes:
        level: the service level under test.
        parts: what happens.
        alerts: of it.
        others: further rule files, by name.
        quiet_counter: whether the counter of bad events is there only from the first bad event on.
        restarts: whether every part begins with counters at zero.
        beside: by the beginning of a series, what it grows by in each step, all the time.
    """

    level: ServiceLevel
    parts: Sequence[Part]
    alerts: Sequence[Alert] = ()
    others: Mapping[str, Json] = field(default_factory=dict)
    quiet_counter: bool = False
    restarts: bool = False
    beside: Mapping[str, float] = field(default_factory=dict)

    def share(self, start: float, end: float) -> float:
        """The share of bad events between two hours."""
        bad = total = begin = 0.0
        for part in self.parts:
            within = max(0.0, min(end, begin + part.hours) - max(start, begin))
            bad += within * part.bad
            total += within * part.total
            begin += part.hours
        return bad / total

    def wrong(self, folder: Path, asked: Sequence[tuple[float, str, float | None]]) -> str:
        """What promtool finds wrong; empty if every question has its answer.

        Args:
            folder: for its files.
            asked: hour, PromQL of one sample without labels, and its value; None for no sample.
        """
        context = replace(CONTEXT, evaluation=GRID)
        rules = prometheus.render(self.alerts, self.level.recordings, context)
        files = {**rules, **self.others}
        for name, content in files.items():
            (folder / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True))
        tests = [
            {
                "interval": f"{round(STEP * 1000)}ms",
                "input_series": self._series(),
                "promql_expr_test": [
                    {
                        "expr": text,
                        "eval_time": f"{round(hour * HOUR)}s",
                        "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
                    }
                    for hour, text, value in asked
                ],
            }
        ]
        test = {
            "rule_files": [f"{name}.yml" for name in files],
            "evaluation_interval": f"{GRID}s",
            "tests": tests,
        }
        (folder / "test.yml").write_text(yaml.safe_dump(test, width=10**6))
        done = subprocess.run(
            ["promtool", "test", "rules", str(folder / "test.yml")],
            check=False,
            capture_output=True,
            text=True,
            timeout=240,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def _series(self) -> list[Json]:
        good = [(part.steps, part.total - part.bad) for part in self.parts]
        bad = [(part.steps, part.bad) for part in self.parts]
        every = [(part.steps, part.total) for part in self.parts]
        counters = {
            'http_requests_total{status="200"': _grown(good, anew=self.restarts),
            'http_requests_total{status="500"': _grown(bad, late=self.quiet_counter, anew=self.restarts),
            # What is within 150 ms is good; other bounds must not count.
            'http_request_duration_seconds_bucket{le="0.1"': _grown([(steps, 0) for steps, _ in good]),
            'http_request_duration_seconds_bucket{le="0.15"': _grown(good),
            'http_request_duration_seconds_bucket{le="0.25"': _grown(every),
            'http_request_duration_seconds_bucket{le="+Inf"': _grown(every),
            "http_request_duration_seconds_count{": _grown(every),
            **{
                series: _grown([(part.steps, growth) for part in self.parts])
                for series, growth in self.beside.items()
            },
        }
        metrics = {
            metric.name for query in (self.level.sli.bad, self.level.sli.total) for metric in query.metrics
        }
        return [
            {
                "series": f'{name}{"" if name.endswith("{") else ","}{_whose(name)},instance="api:9000"}}',
                "values": values,
            }
            for name, values in counters.items()
            if any(name.startswith(metric) for metric in metrics)
        ]


def _whose(series: str) -> str:
    """The application's, where the beginning of a series names no other."""
    return WHERE if 'job="' in series else WHO


def _grown(parts: Sequence[tuple[int, float]], *, late: bool = False, anew: bool = False) -> str:
    """A counter in the notation of promtool.

    Args:
        parts: for each, how many samples, and by how much it grows with each.
        late: it has no sample before it grows.
        anew: it is zero again at the beginning of each part.
    """
    values, total = [], 0.0
    for steps, growth in parts:
        total = 0.0 if anew else total
        if late and not total and not growth:
            values.append(f"_x{steps}")
        else:
            values.append(f"{total + growth:g}+{growth:g}x{steps - 1}")
        total += steps * growth
    return " ".join(values)


def close(text: str, value: float, within: float = 0.01) -> str:
    """A question that is answered with 1 where the value is this, within a share of it."""
    return f"abs(sum({text}) - {value!r}) <= bool {abs(value) * within!r}"


def holds(text: str) -> str:
    """A question that is answered with 1 where the condition has a sample, else with 0."""
    return f"clamp_max(count({text}) or vector(0), 1)"


# Of 1 h, 6 h, 1 d and 3 d, as the source below has them; not our limits, whose fault would be the peer's too.
PEER_FACTORS = (14.4, 6, 3, 1)


def peer(level: ServiceLevel, period: str) -> Json:
    """Rules of the shape that sloth generates for this service level, written from its formulas.

    Source: github.com/slok/sloth at commit 0e395d81513f (2026-04-04), examples/_gen/getting-started.yml for
    the shape of ratios, period and alerts, and for their factors, internal/alert/windows/google-30d.yaml for
    the windows. Of each window the ratio of two rates; of the whole period the mean of the five-minute
    ratios; alerts compare the ratios with factor times budget.
    """
    budget = 1 - level.target.value
    rules: list[Json] = []
    for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d"):
        bad, total = (f"sum(rate(http_requests_total{where}[{window}]))" for where in ('{status=~"5.."}', ""))
        rules.append({"record": f"peer:errors:ratio_{window}", "expr": f"{bad} / {total}"})
    five = "peer:errors:ratio_5m"
    mean = f"sum_over_time({five}[{period}]) / count_over_time({five}[{period}])"
    rules.append({"record": "peer:errors:ratio_period", "expr": mean})
    pairs = (("5m", "1h"), ("30m", "6h"), ("2h", "1d"), ("6h", "3d"))
    either = [
        " and ".join(f"peer:errors:ratio_{window} > ({factor} * {budget!r})" for window in pair)
        for pair, factor in zip(pairs, PEER_FACTORS, strict=True)
    ]
    rules.append({"record": "peer:page:holds", "expr": f"({either[0]}) or ({either[1]})"})
    rules.append({"record": "peer:ticket:holds", "expr": f"({either[2]}) or ({either[3]})"})
    return {"groups": [{"name": "peer", "interval": f"{GRID}s", "rules": rules}]}
