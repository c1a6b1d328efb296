"""docs/checks.md: every check on alerting files, with its cause, its effect, an example and the fix."""

from __future__ import annotations

from dashboards.checks.provisioned.check import Check
from dashboards.checks.provisioned.rules import CHECKS

HEAD = """\
# Checks on alerting files

`python -m dashboards lint PATH...` (`obs lint`) reads Grafana's alerting provisioning files (rules, contact
points, policies, mute times, templates, deletions; YAML and JSON) and Prometheus' rule files, whoever wrote
them, and says what Grafana 12 or Prometheus would do with them. It needs neither of the two, no network,
and no definitions of this project.

```sh
obs lint provisioning/ rules/
obs lint provisioning/ --format github
obs lint --list
```

A finding is a line: `file:line:column`, the rule or route, what is wrong and what comes of it, what to do,
and the check's name. `--format json` gives them as an array, `--format github` as annotations of a pull
request. The exit code is 0 without an error (warnings are none), 1 with one, 2 for a path that is not there
or holds none of these files.

Give what belongs together in one call: names are looked for in all files that are given. Of several folders
called `alerting`, as of a Grafana for tests and another, one may have the uids of the other. A receiver,
mute time or data source is only missed where some of its kind are given, as Grafana may have others that
were made by hand. A folder's JSON with panels is looked at as a dashboard, see [lint.md](lint.md); its
waivers hold here too. One file of them serves several calls: a waiver for a file that is there and was not
given is not told as needless.

The queries of rules stand the checks on queries of [lint.md](lint.md) as well: whether they parse, rates
of gauges, labels that cannot match, limits that no value reaches. What only the author can know is a
warning: whether a divisor is ever 0, whether a counter's own value is meant. With
`--metrics-from URL|FILE`, a page of metrics or a Prometheus, whether what they ask for is exported, or
recorded by a rule of the files.

For [pre-commit](https://pre-commit.com):

```yaml
- repo: https://github.com/your-team/backend-observability
  rev: main
  hooks:
    - id: obs-lint
      args: [provisioning/]
```

What a real Grafana does with each wrong example, and with some hundred files more:
[checks-grafana.md](checks-grafana.md).

This page is `python -m dashboards lint --list --markdown`.
"""

LEFT_OUT = """\
## What is not checked

- Other organisations than by their number, and what is in Grafana's database already.
- The values of variables and secrets: `$NAME` and `$__file{...}` are taken to be right where they may
  stand. `preflight` looks at those of this project.
- Queries to other sources than Prometheus, and what stands in a model beside `expr` and expressions.
- Helm templates and other text that becomes YAML later, and encrypted files.
- Alertmanager's own configuration, dashboards and data sources beyond their uids, and the files of Mimir
  and Thanos beyond what Prometheus takes.
- What Grafana 13 takes and 12 does not, such as inhibition rules.
"""


def page() -> str:
    """The page, as it is in docs/."""
    table = ["| check | what it proves | what comes of it |", "|---|---|---|"]
    table += [f"| [`{each.id}`](#{each.id}) | {each.summary} | {each.effect} |" for each in CHECKS]
    parts = [HEAD, "\n".join(table) + "\n", *(_section(each) for each in CHECKS), LEFT_OUT]
    return "\n".join(parts)


def _section(check: Check) -> str:
    level = "" if check.level == "error" else f" ({check.level})"
    return (
        f"## {check.id}\n\n{_sentence(check.summary)}{level}\n\n"
        f"- Cause: {check.cause}\n- Effect: {check.effect}.\n- Fix: {check.fix}\n\n"
        f"Refused:\n\n```yaml\n{_shown(check.wrong)}```\n\nRight:\n\n```yaml\n{_shown(check.right)}```\n"
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _shown(text: str) -> str:
    """An example, with a line that is long on purpose cut."""
    return "".join(f"{line[:160]}{'…' if len(line) > 160 else ''}\n" for line in text.splitlines())
