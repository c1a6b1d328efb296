"""Small files for the examples of checks: right as they are, and wrong in one word."""

from __future__ import annotations

# Between two files of one example.
OTHER = "# --- another file\n"

# Before a file of an example that lies in a folder, below that of Grafana's provisioning.
IN = "# --- in "

RULE = """\
groups:
  - name: api
    folder: team
    interval: 1m
    rules:
      - uid: up
        title: Up
        condition: B
        for: 5m
        data:
          - refId: A
            datasourceUid: prom
            relativeTimeRange: {from: 600, to: 0}
            model: {expr: worker_alive, instant: true}
          - refId: B
            datasourceUid: __expr__
            model:
              type: threshold
              expression: A
              conditions: [{evaluator: {type: lt, params: [1]}}]
"""
NOTIFICATIONS = """\
contactPoints:
  - name: chat
    receivers:
      - uid: chat
        type: slack
        settings: {url: $SLACK_URL}
muteTimes:
  - name: nights
    time_intervals:
      - times: [{start_time: '00:00', end_time: '06:00'}]
        weekdays: ['monday:friday']
policies:
  - receiver: chat
    group_by: [alertname]
    routes:
      - receiver: chat
        object_matchers: [[severity, =, info]]
        mute_time_intervals: [nights]
"""
TEMPLATE = """\
templates:
  - name: chat
    template: |
      {{ define "chat.title" }}{{ range .Alerts }}{{ .Labels.alertname }}{{ end }}{{ end }}
"""
PROMETHEUS = """\
groups:
  - name: api
    rules:
      - record: job:alive:avg
        expr: avg by (job) (worker_alive)
      - alert: ApiDown
        expr: job:alive:avg{job="api"} < 1
        for: 5m
        annotations: {summary: '{{ $labels.job }} is down.'}
"""


def placed(text: str) -> tuple[str, str]:
    """The folder of a file of an example, empty for any, and its text."""
    if not text.startswith(IN):
        return "", text
    head, _, rest = text.partition("\n")
    return head.removeprefix(IN), rest


def rule(old: str = "", new: str = "") -> str:
    """A rule of Grafana, with one thing of it changed."""
    return _changed(RULE, old, new)


def notifications(old: str = "", new: str = "") -> str:
    """A contact point, a mute time and a tree of policies, with one thing of them changed."""
    return _changed(NOTIFICATIONS, old, new)


def template(old: str = "", new: str = "") -> str:
    """A template, with one thing of it changed."""
    return _changed(TEMPLATE, old, new)


def prometheus(old: str = "", new: str = "") -> str:
    """A group of Prometheus, with one thing of it changed."""
    return _changed(PROMETHEUS, old, new)


def _changed(text: str, old: str, new: str) -> str:
    if old and old not in text:
        raise ValueError(f"the sample has no {old!r}; expected a part of it")
    return text.replace(old, new, 1) if old else text
