"""What a message says at three in the morning: what, how much against which limit, since when, and links."""

from __future__ import annotations

from collections.abc import Sequence

TITLE = "oncall.title"
BODY = "oncall.body"
SHOWN = 5

# Grafana expands the summary anew with the value of health, so what is over is told by its labels.
# In a template, dots and dollars are Go's; what is Python's stands between percent signs.
TEMPLATE = """\
{{ define "oncall.title" -}}
[{{ if .Alerts.Firing }}FIRING {{ len .Alerts.Firing }}{{ else }}RESOLVED {{ len .Alerts.Resolved }}{{ end }}]
{{- with .CommonLabels.severity }} {{ . }} ·{{ end }}
{{- with .CommonLabels.service }} {{ . }} ·{{ end }} {{ .CommonLabels.alertname }}
%IDENTITY%
{{- end }}
{{ define "oncall.body" -}}
{{ range $i, $alert := .Alerts.Firing }}{{ if lt $i %SHOWN% -}}
{{ .Annotations.summary }}
{{ .Annotations.description }}
Since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC.
{{ with .Annotations.runbook_url }}Runbook: {{ . }}
{{ end }}%LINKS%
{{ end }}{{ end -}}
{{ if gt (len .Alerts.Firing) %SHOWN% }}And {{ len (slice .Alerts.Firing %SHOWN%) }} more.

{{ end -}}
{{ range $i, $alert := .Alerts.Resolved }}{{ if lt $i %SHOWN% -}}
Over after {{ (.EndsAt.Sub .StartsAt).Round 1000000000 }}: {{ .Labels.alertname }}
{{- with .Labels.job }} {{ . }}{{ end }}{{- with .Labels.instance }} {{ . }}{{ end }}
{{ end }}{{ end -}}
{{ if gt (len .Alerts.Resolved) %SHOWN% }}And {{ len (slice .Alerts.Resolved %SHOWN%) }} more.
{{ end }}
{{- end }}
"""
GRAFANA_LINKS = """\
{{ if .PanelURL }}Panel: {{ .PanelURL }}%VARIABLES%
{{ end }}{{ with .SilenceURL }}Silence: {{ . }}
{{ end }}"""
ALERTMANAGER_LINKS = """\
{{ with .Annotations.dashboard_url }}Panel: {{ . }}
{{ end }}Silence: {{ $.ExternalURL }}/#/silences/new?filter=%7Balertname%3D%22{{ .Labels.alertname }}%22%2C\
service%3D%22{{ .Labels.service }}%22%MATCHERS%%7D
"""


def template(links: str, identity: Sequence[str]) -> str:
    """The templates `oncall.title` and `oncall.body`.

    Args:
        links: how this engine links to the panel and to a silence.
        identity: labels named in the title, in links and silences, where an alert has them.
    """
    named = "".join(
        f"{{{{- with .CommonLabels.{label} }}}} · {{{{ . }}}}{{{{ end }}}}\n" for label in identity
    )
    variables = "".join(
        f"{{{{ with .Labels.{label} }}}}&var-{label}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for label in identity
    )
    # A silence for one installation must not hold for the others.
    matchers = "".join(
        f"{{{{ with .Labels.{label} }}}}%2C{label}%3D%22{{{{ . | urlquery }}}}%22{{{{ end }}}}"
        for label in identity
    )
    links = links.replace("%VARIABLES%", variables).replace("%MATCHERS%", matchers)
    text = TEMPLATE.replace("%IDENTITY%\n", named).replace("%LINKS%", links)
    return text.replace("%SHOWN%", str(SHOWN))


def use(name: str) -> str:
    """The text that a channel's settings carry: a reference, for settings are no place for dollars."""
    return f'{{{{ template "{name}" . }}}}'
