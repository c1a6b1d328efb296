"""What a message says at three in the morning: what, how much against which limit, since when, and links.

One text for all channels, each of which writes a line, a link and a stranger's words in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alerts.routing import SOURCE_TROUBLE

TITLE, SLACK_TITLE, TEAMS_TITLE = "oncall.title", "oncall.slack.title", "oncall.teams.title"
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
HEADLINE = """\
{{ define "%NAME%" -}}
[{{ with .Alerts.Firing }}FIRING {{ len . }}{{ else }}RESOLVED {{ len .Alerts.Resolved }}{{ end }}]
{{- with .CommonLabels.severity }} %T(.)% ·{{ end }}
{{- with .CommonLabels.service }} %T(.)% ·{{ end }}
{{- with .CommonLabels.alertname }} %T(.)%{{ else }} without a name{{ end }}
%IDENTITY%
{{- end }}
"""
# What broke, of the alert that is the dot: all its labels where nobody wrote a summary, or where that is of a
# rule that could not be evaluated.
WHAT = (
    '{{ if and .Annotations.summary (not (match "^(%TROUBLE%)$" .Labels.alertname)) }}'
    "%T(.Annotations.summary)%{{ else }}{{ range $n, $pair := .Labels.SortedPairs }}{{ if $n }}, {{ end }}"
    "%T($pair.Name)%=%T($pair.Value)%{{ end }}{{ end }}"
)
NAMES = """\
{{ define "oncall.colour" -}}
{{ if not .Alerts.Firing }}%RESOLVED%
{{- else if eq .CommonLabels.severity "critical" }}%CRITICAL%
{{- else }}%WARNING%{{ end }}
{{- end }}
{{ define "oncall.first.summary" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}%WHAT%{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.action" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .Annotations.action }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.since" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}{{ .StartsAt.UTC.Format "%CLOCK%" }} UTC{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.runbook" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}
{{- if %HAS_RUNBOOK% }}{{ .Annotations.runbook_url }}{{ end }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.panel" -}}
{{ with index .Alerts 0 }}{{ if and (not $.Alerts.Firing) %HAS_PANEL% }}%PANEL%{{ end }}{{ end }}
{{- with .Alerts.Firing }}{{ with index . 0 }}{{ if %HAS_PANEL% }}%PANEL%{{ end }}{{ end }}{{ end }}
{{- end }}
{{ define "oncall.first.silence" -}}
{{ with .Alerts.Firing }}{{ with index . 0 }}%SILENCE%{{ end }}{{ end }}
{{- end }}
"""
# The list: %T(x)% writes a value, %N% ends a line. What all alerts have in common is said once, below them.
LIST = """\
{{ define "%NAME%" -}}
%OPEN%{{ range $i, $alert := .Alerts.Firing }}{{ if lt $i %SHOWN% -}}
%BEGIN%%STRONG%%WHAT%%STRONGEND%%N%
{{ with .Annotations.Error }}Error: %T(.)%%N%
{{ end }}Since {{ .StartsAt.UTC.Format "%CLOCK%" }} UTC.%N%
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
"summary" (or .Annotations.summary .Annotations.Error) "description" .Annotations.description
"action" .Annotations.action
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
        has_panel: an expression, whether there is a panel.
        panel: the panel that shows it, at the time of it.
        silence: where one silences it and what is told with it; its `$` is the whole message.
    """

    has_panel: str
    panel: str
    silence: str


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a channel writes.

    Attributes:
        name: of its template.
        value: writes an expression of the template, so that nothing in it is taken for markup.
        link: a name and the text that makes its address.
        address: writes an expression that is an address.
        line: ends a line.
        open, close: around the whole.
        begin, end: around what is told of one alert.
        strong: around the first line.
        between: between links.
    """

    name: str
    value: Callable[[str], str] = lambda expression: f"{{{{ {expression} }}}}"
    link: Callable[[str, str], str] = lambda name, address: f"{name}: {address}"
    address: Callable[[str], str] = lambda expression: f"{{{{ {expression} }}}}"
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


def _address_for_teams(expression: str) -> str:
    """In Markdown a parenthesis ends an address."""
    return f'{{{{ reReplaceAll "\\\\)" "%29" (reReplaceAll "\\\\(" "%28" {expression}) }}}}'


def _is_address(expression: str) -> str:
    """An expression: whether a browser would open it as a page, and no channel would end it early."""
    return f'(match "^https?://[^\\\\s<>|\\"]+$" {expression})'


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
        address=_address_for_teams,
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
    runbook = ".Annotations.runbook_url"
    found = (
        ("Panel", f"{{{{ if {links.has_panel} }}}}", links.panel),
        ("Runbook", f"{{{{ if {_is_address(runbook)} }}}}", style.address(runbook)),
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
    over = f"{{{{ if {links.has_panel} }}}}{panel}{style.line}\n{{{{ end }}}}"
    told = " ".join(f'"{label}"' for label in (*TOLD, *identity))
    text = _told(LIST, style.value)
    for mark, value in (
        ("NAME", style.name), ("OPEN", style.open), ("CLOSE", style.close), ("BEGIN", style.begin),
        ("END", style.end), ("STRONGEND", style.strong[1]), ("STRONG", style.strong[0]), ("N", style.line),
        ("CLOCK", CLOCK), ("LINKS", _links(style, links)), ("OVER", over), ("TOLD", told),
        ("SHOWN", str(SHOWN)),
    ):  # fmt: skip
        text = text.replace(f"%{mark}%", value)
    return text


def _told(text: str, value: Callable[[str], str]) -> str:
    """With what an alert says written as a channel writes it."""
    text = text.replace("%WHAT%", WHAT).replace("%TROUBLE%", "|".join(SOURCE_TROUBLE))
    return re.sub(r"%T\((.*?)\)%", lambda found: value(found[1]), text)


def _names(links: Links, identity: Sequence[str]) -> str:
    named = "".join(f"{{{{- with .CommonLabels.{label} }}}} · %T(.)%{{{{ end }}}}\n" for label in identity)
    headline = HEADLINE.replace("%IDENTITY%\n", named)
    text = _told(NAMES, STYLES[TEXT].value)
    for mark, value in (
        ("CLOCK", CLOCK), ("HAS_PANEL", links.has_panel), ("PANEL", links.panel), ("SILENCE", links.silence),
        ("HAS_RUNBOOK", _is_address(".Annotations.runbook_url")),
        ("RESOLVED", RESOLVED_COLOUR), ("CRITICAL", CRITICAL_COLOUR), ("WARNING", WARNING_COLOUR),
    ):  # fmt: skip
        text = text.replace(f"%{mark}%", value)
    titles = ((TITLE, TEXT), (SLACK_TITLE, SLACK), (TEAMS_TITLE, TEAMS))
    return (
        "".join(_told(headline.replace("%NAME%", title), STYLES[style].value) for title, style in titles)
        + text
    )


def grafana_template(identity: Sequence[str]) -> str:
    """What Grafana's contact points refer to: title, colour, and the lists of its channels.

    Args:
        identity: labels named in the title and kept in links, where an alert has them.
    """
    variables = "".join(
        f"{{{{ with .Labels.{label} }}}}&var-{label}={{{{ . | urlquery }}}}{{{{ end }}}}"
        for label in identity
    )
    board = ".Annotations.dashboard_url"
    # What is chosen on the board stands behind the panel; others' rules say nothing of it.
    chosen = f'{{{{ reReplaceAll "^[^&]*" "" {board} }}}}'
    links = Links(
        has_panel=".PanelURL",
        panel=(
            f"{{{{ .PanelURL }}}}{{{{ if {_is_address(board)} }}}}{chosen}"
            f"{{{{ else }}}}{variables}{{{{ end }}}}"
        ),
        # Of all that is in the message: Grafana's own link is of one alert.
        silence=(
            "{{ $.ExternalURL }}alerting/silence/new?alertmanager=grafana"
            "&matcher=alertname%3D{{ .Labels.alertname | urlquery }}"
            "{{ if .Labels.datasource_uid }}"
            + _matchers(("datasource_uid",))
            + "{{ else }}"
            + _matchers(("service", *identity))
            + "{{ end }}"
        ),
    )
    lists = (_list(STYLES[name], links, identity) for name in (TEXT, SLACK, TEAMS))
    panel = f"{{{{ if .PanelURL }}}}{links.panel}{{{{ end }}}}"
    message = JSON_TEMPLATE.replace("%PANEL%", panel).replace("%VERSION%", SCHEMA_VERSION)
    message = message.replace("%INSTANT%", INSTANT)
    return _names(links, identity) + "".join(lists) + message


def _matchers(labels: Sequence[str]) -> str:
    return "".join(
        f"{{{{ with .Labels.{label} }}}}&matcher={label}%3D{{{{ . | urlquery }}}}{{{{ end }}}}"
        for label in labels
    )


def alertmanager_template(identity: Sequence[str]) -> str:
    """What Alertmanager's receivers refer to, as version 0.25 and later read it.

    Args:
        identity: labels named in the title and kept in silences, where an alert has them.
    """
    lists = (
        _list(STYLES[name], _alertmanager_links(identity, value), identity)
        for name, value in ((TEXT, _in_address), (SLACK, _in_address), (HTML, STYLES[HTML].value))
    )
    return _names(_alertmanager_links(identity, _in_address), identity) + "".join(lists)


def _in_address(expression: str) -> str:
    """Part of an address's query. HTML needs none: there it is escaped by itself."""
    return f'{{{{ reReplaceAll "\\\\+" "%20" (urlquery {expression}) }}}}'


def _alertmanager_links(identity: Sequence[str], value: Callable[[str], str]) -> Links:
    # A silence for one installation must not hold for the others.
    matchers = "".join(
        f"{{{{ with .Labels.{label} }}}}%2C{label}%3D%22{value('.')}%22{{{{ end }}}}" for label in identity
    )
    return Links(
        has_panel=_is_address(".Annotations.dashboard_url"),
        panel=(
            f"{{{{ .Annotations.dashboard_url }}}}&from={{{{ (.StartsAt.Add -{HOUR}).UnixMilli }}}}&to="
            '{{ if eq .Status "firing" }}now{{ else }}'
            f"{{{{ (.EndsAt.Add {TEN_MINUTES}).UnixMilli }}}}{{{{ end }}}}"
        ),
        silence=(
            f"{{{{ $.ExternalURL }}}}/#/silences/new?filter=%7Balertname%3D%22{value('.Labels.alertname')}"
            f"%22%2Cservice%3D%22{value('.Labels.service')}%22{matchers}%7D"
        ),
    )


def use(name: str) -> str:
    """The text that a channel's settings carry: a reference, for settings are no place for dollars."""
    return f'{{{{ template "{name}" . }}}}'
