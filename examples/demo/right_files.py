"""Files that are right, as people export and write them: all that Grafana takes in one place or another."""

from __future__ import annotations

EXPORT = """\
apiVersion: 1
groups:
  - orgId: 1
    name: api
    folder: team
    interval: 1m
    rules:
      - uid: up
        title: "CPU is high"
        condition: C
        data:
          - refId: A
            queryType: ''
            relativeTimeRange:
              from: 600
              to: 0
            datasourceUid: prom
            model:
              datasource: {type: prometheus, uid: prom}
              editorMode: code
              expr: worker_alive
              hide: false
              instant: true
              intervalMs: 1000
              legendFormat: __auto
              maxDataPoints: 43200
              range: false
              refId: A
          - refId: B
            datasourceUid: __expr__
            model:
              conditions:
                - evaluator: {params: [], type: gt}
                  operator: {type: and}
                  query: {params: [B]}
                  reducer: {params: [], type: last}
                  type: query
              datasource: {type: __expr__, uid: __expr__}
              expression: A
              intervalMs: 1000
              maxDataPoints: 43200
              reducer: last
              refId: B
              type: reduce
          - refId: C
            datasourceUid: __expr__
            model:
              conditions:
                - evaluator: {params: [80], type: gt}
                  operator: {type: and}
                  query: {params: [C]}
                  reducer: {params: [], type: last}
                  type: query
              datasource: {type: __expr__, uid: __expr__}
              expression: B
              intervalMs: 1000
              maxDataPoints: 43200
              refId: C
              type: threshold
        dasboardUid: abc
        panelId: 4
        noDataState: NoData
        execErrState: Error
        for: 5m
        keepFiringFor: 0s
        annotations:
          __dashboardUid__: abc
          __panelId__: "4"
          summary: >-
            CPU of {{ $labels.instance }} is {{ printf "%.2f" $values.B.Value }}
            {{ if gt $values.B.Value 90.0 }}very {{ end }}high, {{ humanizePercentage $values.B.Value }}
        labels:
          severity: '{{ if gt $$values.B.Value 90.0 }}critical{{ else }}warning{{ end }}'
          team: "7"
        isPaused: false
        notification_settings:
          receiver: grafana-default-email
          group_by: [alertname, grafana_folder]
          group_wait: 30s
          group_interval: 5m
          repeat_interval: 4h
"""
CLASSIC = """\
groups:
  - name: api
    folder: team
    interval: 1m
    rules:
      - uid: up
        title: Up
        condition: B
        data:
          - refId: A
            relativeTimeRange: {from: 300, to: 0}
            datasourceUid: prom
            model: {expr: worker_alive, refId: A}
          - refId: B
            datasourceUid: __expr__
            model:
              type: classic_conditions
              conditions:
                - type: query
                  evaluator: {params: [3, 0], type: gt}
                  operator: {type: and}
                  query: {params: [A]}
                  reducer: {params: [], type: last}
                - type: query
                  evaluator: {params: [3, 0], type: outside_range}
                  operator: {type: or}
                  query: {params: [A]}
                  reducer: {params: [], type: avg}
        for: 0
"""
CONTACTS = """\
contactPoints:
  - orgId: 1
    name: "ops team"
    receivers:
      - uid: chat
        type: email
        settings:
          addresses: a@example.com;b@example.com
          singleEmail: true
          subject: '{{ template "default.title" . }}'
        disableResolveMessage: false
      - uid: chat2
        type: Webhook
        settings: {url: "http://127.0.0.1/$$x", maxAlerts: 3, httpMethod: PUT, username: u, password: p}
      - uid: "123"
        type: pagerduty
        settings:
          integrationKey: "abc"
          severity: '{{ if .CommonLabels.severity }}{{ .CommonLabels.severity }}{{ else }}critical{{ end }}'
          details: {a: '{{ .CommonLabels.job }}'}
deleteContactPoints: [{orgId: 1, uid: old}]
"""
POLICIES = """\
policies:
  - orgId: 1
    receiver: grafana-default-email
    group_by: ['...']
    group_wait: 30s
    group_interval: 5m
    repeat_interval: 4h
    routes:
      - receiver: grafana-default-email
        matchers: [severity = critical, 'team =~ "a|b"', '"my label"!="x"']
        continue: true
        routes:
          - match: {env: prod}
            match_re: {region: eu-.*}
          - object_matchers: [[team, '!~', a.*]]
            mute_time_intervals: []
"""
MUTE_TIMES = """\
muteTimes:
  - orgId: 1
    name: nights
    time_intervals:
      - times: [{start_time: '06:00', end_time: '23:59'}]
        location: Europe/Berlin
        weekdays: ['monday:wednesday', 'saturday', 'Sunday']
        months: ['1:3', 'may:august', 'december']
        years: ['2020:2022', '2030']
        days_of_month: ['1:5', '-3:-1']
      - {}
"""
TEMPLATES = """\
templates:
  - name: chat
    template: |
      {{- /* a comment */ -}}
      {{ define "one" -}}
        {{ range $i, $a := .Alerts.Firing }}{{ if $i }}, {{ end }}
        {{- $a.Labels.alertname | toUpper }}{{ else }}none{{ end }}
        {{- with .CommonAnnotations.summary }}{{ . }}{{ end }}
        {{ reReplaceAll "a" "b" .Status }} {{ len .Alerts }} {{ join ", " (stringSlice "a" "b") }}
      {{- end }}
      {{ define "two" }}{{ template "one" . }}{{ template "default.title" . }}{{ printf "%d" 3 }}{{ end }}
"""
FILES = {
    "a rule as it is exported": EXPORT,
    "a classic condition": CLASSIC,
    "contact points": CONTACTS,
    "a tree of policies": POLICIES,
    "mute times": MUTE_TIMES,
    "templates": TEMPLATES,
}
