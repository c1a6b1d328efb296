"""What a message says at three in the morning: what, how much against which limit, since when, and links.

One text for all channels, each of which writes a line, a link and a stranger's words in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

TITLE = "oncall.title"
COLOUR = "oncall.colour"
TEXT, SLACK, TEAMS, HTML = "oncall.text", "oncall.slack", "oncall.teams", "oncall.html"
JSON = "oncall.json"
SHOWN = 5
SCHEMA_VERSION = "1"
CRITICAL_COLOUR, WARNING_COLOUR, RESOLVED_COLOUR = "#d63232", "#f2a93b", "#36a64f"

# Labels that the title names, or that say nothing to whoever is woken.
TOLD = ("alertname", "severity", "service", "team", "grafana_folder")

# Grafana expands the summary anew with the value of health, so what is over is told by its labels.
# In a template, dots and dollars are Go's; what is Python's stands between percent signs.
NAMES = """\
{{ define "oncall.title" -}}
[{{ with .Alerts.Firing }}FIRING {{ len . }}{{ else }}RESOLVED {{ len .Alerts.Resolved }}{{ end }}]
{{- with .CommonLabels.severity }} {{ . }} ·{{ end }}
{{- with .CommonLabels.service }} {{ . }} ·{{ end }}
{{- with .CommonLabels.alertname }} {{ . }}{{ else }} several{{ end }}
%IDENTITY%
{{- end }}
{{ define "oncall.colour" -}}
{{ if not .Alerts.Firing }}%RESOLVED%
{{- else if eq .CommonLabels.severity "critical" }}%CRITICAL%
{{- else }}%WARNING%{{ end }}
{{- end }}
{{ define "oncall.first.summary" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .Annotations.summary }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.action" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .Annotations.action }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.since" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .StartsAt.UTC.Format "%CLOCK%" }} UTC{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.runbook" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .Annotations.runbook_url }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.panel" -}}
{{ if .Alerts.Firing }}{{ with index .Alerts.Firing 0 }}%PANEL%{{ end }}
{{- else }}{{ with index .Alerts 0 }}%PANEL%{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.silence" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}%SILENCE%{{ end }}{{ end }}
{{- end }}
"""
# The list: %T(x)% writes a value, %N% ends a line. What all alerts have in common is said once, below them.
LIST = """\
{{ define "%NAME%" -}}
%OPEN%{{ range $i, $alert := .Alerts.Firing }}{{ if lt $i %SHOWN% -}}
%BEGIN%%STRONG%%T(.Annotations.summary)%%STRONGEND%%N%
Since {{ .StartsAt.UTC.Format "%CLOCK%" }} UTC.%N%
{{ if not $.CommonAnnotations.description }}{{ with .Annotations.description }}%T(.)%%N%
{{ end }}{{ end }}{{ if not $.CommonAnnotations.action }}{{ with .Annotations.action }}First: %T(.)%%N%
{{ end }}{{ end }}%END%{{ if gt (len $.Alerts.Firing) 1 }}
{{ end }}{{ end }}{{ end -}}
{{ if gt (len .Alerts.Firing) %SHOWN% }}%BEGIN%And {{ len (slice .Alerts.Firing %SHOWN%) }} more fire.%N%
%END%
{{ end -}}
{{ if .Alerts.Firing }}%BEGIN%{{ with .CommonAnnotations.description }}%T(.)%%N%
{{ end }}{{ with .CommonAnnotations.action }}First: %T(.)%%N%
{{ end }}{{ with index .Alerts.Firing 0 }}%LINKS%{{ end }}%END%
{{ end -}}
{{ range $i, $alert := .Alerts.Resolved }}{{ if lt $i %SHOWN% -}}
%BEGIN%Over after {{ (.EndsAt.Sub .StartsAt).Round 1000000000 }}: %T(.Labels.alertname)%
{{- range (.Labels.Remove (stringSlice %TOLD%)).SortedPairs.Values }} %T(.)%{{ end }}%N%
%END%{{ end }}{{ end -}}
{{ if gt (len .Alerts.Resolved) %SHOWN% }}%BEGIN%And {{ len (slice .Alerts.Resolved %SHOWN%) }} more over.%N%
%END%{{ end }}{{ if not .Alerts.Firing }}%BEGIN%{{ with index .Alerts 0 }}%OVER%{{ end }}%END%{{ end }}%CLOSE%
{{- end }}
"""
# Go's way to say how a time is written.
CLOCK, INSTANT = "2006-01-02 15:04:05", "2006-01-02T15:04:05Z"
HOUR, TEN_MINUTES = 3_600_000_000_000, 600_000_000_000
JSON_TEMPLATE = """\
{{ define "oncall.json.panel" }}%PANEL%{{ end }}
{{ define "oncall.json" -}}
{{ $alerts := coll.Slice -}}
{{ range .Alerts -}}
{{ $panel := tmpl.Exec "oncall.json.panel" . -}}
{{ $links := coll.Dict "panel" $panel "runbook" .Annotations.runbook_url "silence" .SilenceURL -}}
{{ $started := .StartsAt.UTC.Format "%INSTANT%" -}}
{{ $ended := "" }}{{ if eq .Status "resolved" }}{{ $ended = .EndsAt.UTC.Format "%INSTANT%" }}{{ end -}}
{{ $alert := coll.Dict "state" .Status "name" .Labels.alertname "id" .Fingerprint "labels" .Labels
"summary" .Annotations.summary "description" .Annotations.description "action" .Annotations.action
"started" $started "ended" $ended "value" (index .Values "A") "links" $links -}}
{{ $alerts = coll.Append $alert $alerts -}}
{{ end -}}
{{ coll.Dict "version" "%VERSION%" "key" .GroupKey "state" .Status "title" (tmpl.Exec "oncall.title" .)
"severity" .CommonLabels.severity "service" .CommonLabels.service "team" .CommonLabels.team
"firing" (len .Alerts.Firing) "resolved" (len .Alerts.Resolved) "alerts" $alerts | data.ToJSON }}
{{- end }}
"""


@dataclass(frozen=True, kw_only=True)
class Links:
    """How an engine's messages lead to what belongs to an alert: text of a template whose dot is the alert.

    Attributes:
        panel: the panel that shows it, at the time of it.
        silence: where one silences it; its `$` is the whole message.
    """

    panel: str
    silence: str


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a channel writes.

    Attributes:
        name: of its template.
        value: writes an expression of the template, so that nothing in it is taken for markup.
        link: a name and the text that makes its address.
        line: ends a line.
        open, close: around the whole.
        begin, end: around what is told of one alert.
        strong: around the first line.
        between: between links.
    """

    name: str
    value: Callable[[str], str] = lambda expression: f"{{{{ {expression} }}}}"
    link: Callable[[str, str], str] = lambda name, address: f"{name}: {address}"
    line: str = ""
    open: str = ""
    close: str = ""
    begin: str = ""
    end: str = ""
    strong: tuple[str, str] = ("", "")
    between: str = "\n"


def _for_slack(expression: str) -> str:
    """Slack reads three characters as markup: a label with `<!channel>` would call everybody."""
    escapes = '{{{{ reReplaceAll "<" "&lt;" (reReplaceAll "&" "&amp;" {0}) | reReplaceAll ">" "&gt;" }}}}'
    return escapes.format(expression)


def _for_teams(expression: str) -> str:
    """An adaptive card reads Markdown: what is no markup there is marked so."""
    return f'{{{{ reReplaceAll "([\\\\\\\\*_\\\\[\\\\]])" "\\\\$1" {expression} }}}}'


STYLES = {
    TEXT: Style(name=TEXT),
    SLACK: Style(
        name=SLACK, value=_for_slack, link=lambda name, address: f"<{address}|{name}>", between=" · "
    ),
    # In Markdown a line ends with an empty one.
    TEAMS: Style(
        name=TEAMS,
        value=_for_teams,
        link=lambda name, address: f"[{name}]({address})",
        line="\n",
        strong=("**", "**"),
        between=" · ",
    ),
    # Readable on a phone: one column, no smaller than the phone's own text, links that a thumb hits.
    HTML: Style(
        name=HTML,
        link=lambda name, address: (
            f'<a href="{address}" style="display:inline-block;padding:8px 12px;margin:4px 8px 4px 0;'
            f'border:1px solid #3d71d9;border-radius:4px;color:#3d71d9;text-decoration:none">{name}</a>'
        ),
        line="<br>",
        open=(
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<title>{{ template "oncall.title" . }}</title></head>\n'
            '<body style="margin:0;padding:12px;font:16px/1.5 sans-serif;color:#1f2328">\n'
            '<h1 style="font-size:18px;margin:0 0 12px;padding:8px 12px;border-left:6px solid '
            '{{ template "oncall.colour" . }}">{{ template "oncall.title" . }}</h1>\n'
        ),
        close="</body></html>\n",
        begin='<p style="margin:0 0 16px;overflow-wrap:anywhere">',
        end="</p>",
        strong=("<strong>", "</strong>"),
        between="",
    ),
}


def _links(style: Style, links: Links) -> str:
    """Panel, runbook and silence, each where the alert has one."""
    found = (
        ("Panel", "{{ if .Annotations.dashboard_url }}", links.panel),
        ("Runbook", "{{ if .Annotations.runbook_url }}", "{{ .Annotations.runbook_url }}"),
        ("Silence", "", links.silence),
    )
    told = [f"{head}{style.link(name, url)}{'{{ end }}' * bool(head)}" for name, head, url in found]
    if style.between != "\n":
        joined = [f"{each.removesuffix('{{ end }}')}{style.between}{{{{ end }}}}" for each in told[:-1]]
        return "".join((*joined, told[-1])) + style.line + "\n"
    return "".join(
        f"{each.removesuffix('{{ end }}')}\n{'{{ end }}' * each.endswith('{{ end }}')}" for each in told
    )


def _list(style: Style, links: Links, identity: Sequence[str]) -> str:
    panel = style.link("Panel", links.panel)
    over = f"{{{{ if .Annotations.dashboard_url }}}}{panel}{style.line}\n{{{{ end }}}}"
    told = " ".join(f'"{label}"' for label in (*TOLD, *identity))
    text = LIST
    for expression in (".Annotations.summary", ".Labels.alertname", "."):
        text = text.replace(f"%T({expression})%", style.value(expression))
    for mark, value in (
        ("NAME", style.name), ("OPEN", style.open), ("CLOSE", style.close), ("BEGIN", style.begin),
        ("END", style.end), ("STRONGEND", style.strong[1]), ("STRONG", style.strong[0]), ("N", style.line),
        ("CLOCK", CLOCK), ("LINKS", _links(style, links)), ("OVER", over), ("TOLD", told),
        ("SHOWN", str(SHOWN)),
    ):  # fmt: skip
        text = text.replace(f"%{mark}%", value)
    return text


def _names(links: Links, identity: Sequence[str]) -> str:
    named = "".join(
        f"{{{{- with .CommonLabels.{label} }}}} · {{{{ . }}}}{{{{ end }}}}\n" for label in identity
    )
    text = NAMES.replace("%IDENTITY%\n", named)
    for mark, value in (
        ("CLOCK", CLOCK), ("PANEL", links.panel), ("SILENCE", links.silence), ("RESOLVED", RESOLVED_COLOUR),
        ("CRITICAL", CRITICAL_COLOUR), ("WARNING", WARNING_COLOUR),
    ):  # fmt: skip
        text = text.replace(f"%{mark}%", value)
    return text


def grafana_template(identity: Sequence[str]) -> str:
    """What Grafana's contact points refer to: title, colour, and the lists of its channels.

    Args:
        identity: labels named in the title and kept in links, where an alert has them.
    """
    variables = "".join(
        f"{{{{ with .Labels.{label} }}}}&var-{label}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for label in identity
    )
    links = Links(panel=f"{{{{ .PanelURL }}}}{variables}", silence="{{ .SilenceURL }}")
    lists = (_list(STYLES[name], links, identity) for name in (TEXT, SLACK, TEAMS))
    panel = f"{{{{ if .PanelURL }}}}{links.panel}{{{{ end }}}}"
    message = JSON_TEMPLATE.replace("%PANEL%", panel).replace("%VERSION%", SCHEMA_VERSION)
    message = message.replace("%INSTANT%", INSTANT)
    return _names(links, identity) + "".join(lists) + message


def alertmanager_template(identity: Sequence[str]) -> str:
    """What Alertmanager's receivers refer to, as version 0.25 and later read it.

    Args:
        identity: labels named in the title and kept in silences, where an alert has them.
    """
    # A silence for one installation must not hold for the others.
    matchers = "".join(
        f"{{{{ with .Labels.{label} }}}}%2C{label}%3D%22{{{{ . | urlquery }}}}%22{{{{ end }}}}"
        for label in identity
    )
    links = Links(
        panel=(
            f"{{{{ .Annotations.dashboard_url }}}}&from={{{{ (.StartsAt.Add -{HOUR}).UnixMilli }}}}&to="
            '{{ if eq .Status "firing" }}now{{ else }}'
            f"{{{{ (.EndsAt.Add {TEN_MINUTES}).UnixMilli }}}}{{{{ end }}}}"
        ),
        silence=(
            "{{ $.ExternalURL }}/#/silences/new?filter=%7Balertname%3D%22{{ .Labels.alertname }}%22%2C"
            f"service%3D%22{{{{ .Labels.service }}}}%22{matchers}%7D"
        ),
    )
    lists = (_list(STYLES[name], links, identity) for name in (TEXT, SLACK, HTML))
    return _names(links, identity) + "".join(lists)


def use(name: str) -> str:
    """The text that a channel's settings carry: a reference, for settings are no place for dollars."""
    return f'{{{{ template "{name}" . }}}}'
