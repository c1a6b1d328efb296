"""A dashboard of any age in the shape that the checks read; what has another type is left out and told.

Old rows become headings with panels, `[[name]]` becomes `${name}`, a graph's unit moves to where today's is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dashboards.checks.boards.grid import COLUMNS
from dashboards.checks.boards.panels import SHARED
from dashboards.checks.expressions import Json, variable_query

OLD_VARIABLE = re.compile(r"\[\[(\w+)(?::(\w+))?\]\]")
REFERENCE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?\Z")
PROMETHEUS = ("prometheus", "grafana-amazonprometheus-datasource", "victoriametrics-metrics-datasource")
# Where nobody says of which kind a source is: no PromQL begins with two words.
SQL = re.compile(r"\s*(select|show|with)\s+\w", re.IGNORECASE)
# Grafana's own: what asks them has no query language.
BUILT_IN = ("grafana", "datasource", "mixed", "__expr__")
# These may keep the queries of what they were made from, and ask none.
QUIET = ("row", "text", "alertlist", "annolist", "dashlist", "news")
WORDS: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}


@dataclass
class Shaper:
    """One dashboard on its way.

    Attributes:
        problems: what had another type, as place and message.
    """

    raw: Json
    problems: list[tuple[str, str]] = field(default_factory=list)

    def board(self) -> Json:
        """The dashboard, with every part of the type that the checks expect."""
        raw = self.raw = self.single(
            self.raw, "board", "uid", "title", "schemaVersion", "refresh", "editable"
        )
        templating = self.take(raw, "templating", dict, "board")
        annotations = self.take(raw, "annotations", dict, "board")
        board = {key: value for key, value in raw.items() if key not in ("rows", "panels")}
        self.variables = {
            str(each.get("name")): self.single(each, "templating", "name", "type", "refresh", "allValue")
            for each in self.objects(templating, "list", "templating")
        }
        board |= {
            "tags": self.take(raw, "tags", list, "board"),
            "links": self.objects(raw, "links", "board"),
            "templating": {"list": [self.variable(each) for each in self.variables.values()]},
            "annotations": {
                "list": list(map(self.annotation, self.objects(annotations, "list", "annotations")))
            },
            "panels": [self.panel(each) for each in self._panels()],
        }
        found: Json = clean(board)
        return found

    def take(self, holder: Json, key: str, kind: type, where: str) -> Any:
        """A value of this type; of another one, an empty one, and a problem."""
        value = holder.get(key)
        if isinstance(value, kind):
            return value
        if value is not None:
            message = f"{key} is {type(value).__name__} {value!r:.40}; expected {WORDS[kind]}"
            self.problems.append((where, message))
        return kind()

    def objects(self, holder: Json, key: str, where: str) -> list[Json]:
        """A list of objects."""
        found = self.take(holder, key, list, where)
        for each in found:
            if not isinstance(each, dict):
                self.problems.append((where, f"{key} holds {each!r:.40}; expected objects"))
        return [each for each in found if isinstance(each, dict)]

    def single(self, holder: Json, where: str, *keys: str) -> Json:
        """The object, without those of these keys that hold objects or lists."""
        wrong = [key for key in keys if isinstance(holder.get(key), dict | list)]
        for key in wrong:
            self.problems.append((where, f"{key} is {holder[key]!r:.40}; expected a text or a number"))
        return {key: value for key, value in holder.items() if key not in wrong}

    def _panels(self) -> Iterator[Json]:
        yield from self.objects(self.raw, "panels", "board")
        y = 0
        for row in self.objects(self.raw, "rows", "board"):
            panels = self.objects(row, "panels", "row")
            title = row.get("title")
            if isinstance(title, str) and title:
                yield {"type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}}
                y += 1
            x = 0
            for panel in panels:
                span = panel.get("span")
                width = min(COLUMNS, max(1, round(2 * span))) if isinstance(span, int | float) else COLUMNS
                x, y = (x, y) if x + width <= COLUMNS else (0, y + 8)
                yield {**panel, "gridPos": {"x": x, "y": y, "w": width, "h": 8}}
                x += width
            y += 8

    def panel(self, raw: Json) -> Json:
        """One panel, with those inside it."""
        library = raw.get("libraryPanel")
        if isinstance(library, dict) and library.get("name") and "type" not in raw:
            raw = {"title": str(library["name"]), **raw, "type": SHARED}
        raw = self.single(raw, f"panel {raw.get('id')!r:.40}", "id", "title", "type", "description", "repeat")
        where = f"panel {raw.get('title')!r:.80}"
        kind = raw.get("type")
        config = self.take(raw, "fieldConfig", dict, where)
        found = self.take(config, "defaults", dict, where)
        defaults = self.single(found, where, "unit", "min", "max", "noValue")
        defaults["custom"] = self.take(defaults, "custom", dict, where)
        self._old_unit(raw, defaults)
        panel: Json = {
            **raw,
            "type": kind if isinstance(kind, str) else str(kind),
            "options": self._options(raw, where),
            "fieldConfig": {
                "defaults": defaults,
                "overrides": list(self._overrides(config, where)),
            },
            "targets": [self.target(each, raw) for each in self.objects(raw, "targets", where)],
            "transformations": list(self._steps(raw, where)),
            "links": self.objects(raw, "links", where),
            "panels": [self.panel(each) for each in self.objects(raw, "panels", where)],
        }
        if len(panel["targets"]) == 1 and not panel["targets"][0].get("refId"):
            panel["targets"][0]["refId"] = "A"  # as Grafana does
        place = raw.get("gridPos")
        if place is not None and not isinstance(place, dict):
            self.problems.append((where, f"gridPos is {place!r:.40}; expected an object"))
            panel["gridPos"] = None
        return panel

    def _options(self, raw: Json, where: str) -> Json:
        options = dict(self.take(raw, "options", dict, where))
        for key in ("legend", "reduceOptions", "yAxis"):
            options[key] = self.take(options, key, dict, where)
        options["legend"] = options["legend"] | {"calcs": self.take(options["legend"], "calcs", list, where)}
        return options

    @staticmethod
    def _old_unit(raw: Json, defaults: Json) -> None:
        """Panels of Angular kept their unit on the axis, or as `format`."""
        if defaults.get("unit") or raw.get("type") not in ("graph", "singlestat"):
            return
        axes = raw.get("yaxes")
        first = axes[0] if isinstance(axes, list) and axes and isinstance(axes[0], dict) else {}
        unit = first.get("format") if raw["type"] == "graph" else raw.get("format")
        if isinstance(unit, str):
            defaults["unit"] = unit

    def _overrides(self, config: Json, where: str) -> Iterator[Json]:
        for each in self.objects(config, "overrides", where):
            matcher = self.take(each, "matcher", dict, where)
            properties = [p for p in self.objects(each, "properties", where) if "id" in p]
            yield {
                **each,
                "matcher": matcher,
                "properties": [{**p, "value": p.get("value")} for p in properties],
            }

    def _steps(self, raw: Json, where: str) -> Iterator[Json]:
        for each in self.objects(raw, "transformations", where):
            options = dict(self.take(each, "options", dict, where))
            names = self.take(options, "renameByName", dict, where)
            options["renameByName"] = {key: str(value) for key, value in names.items()}
            yield {**each, "options": options}

    def target(self, raw: Json, panel: Json) -> Json:
        """One query; of another language than PromQL, its text is kept elsewhere."""
        target = self.single(raw, f"panel {panel.get('title')!r:.80}", "refId", "legendFormat")
        text = target.pop("expr", None)
        language = self.language(raw, panel)
        if isinstance(text, str) and text.strip() and not raw.get("hide"):
            target["expr" if language == "promql" else language] = text
        elif not raw.get("hide") and self._of_prometheus(raw, panel, written=isinstance(text, str)):
            target["expr"] = ""
        instant = raw.get("instant") is True
        target |= {"instant": instant, "range": bool(raw.get("range", not instant))}
        return target

    def variable(self, raw: Json) -> Json:
        """One variable."""
        unsaid = not self._kind(raw.get("datasource")) and SQL.match(variable_query(raw))
        other = self.language(raw, {}) != "promql" or unsaid
        return {**raw, "logql": True} if other and raw.get("type") == "query" else dict(raw)

    def annotation(self, raw: Json) -> Json:
        """One annotation; older ones keep the query beside its target."""
        inner = raw.get("target")
        text = (inner.get("expr") if isinstance(inner, dict) else None) or raw.get("expr")
        annotation = {key: value for key, value in raw.items() if key not in ("expr", "target")}
        if isinstance(text, str) and text.strip() and self.language(raw, {}) == "promql":
            annotation["target"] = {"expr": text}
        return annotation

    def language(self, thing: Json, holder: Json) -> str:
        """`promql`, `logql`, or `other`, by the data source."""
        kind = self._kind(thing.get("datasource")) or self._kind(holder.get("datasource"))
        if kind == "loki":
            return "logql"
        return "promql" if not kind or kind in PROMETHEUS else "other"

    def _of_prometheus(self, target: Json, panel: Json, *, written: bool) -> bool:
        """Whether a query without text is one of Prometheus: what Grafana works out itself needs none."""
        own = target.get("datasource")
        kind = self._kind(own or panel.get("datasource"))
        asks = panel.get("type") not in QUIET and "libraryPanel" not in panel
        return asks and (kind in PROMETHEUS or (written and not kind))

    def _kind(self, source: Any) -> str:
        """The kind of a data source; empty where the text does not say."""
        if isinstance(source, dict):
            kind = source.get("type")
            if isinstance(kind, str) and kind and kind not in BUILT_IN:
                return kind
            source = source.get("uid")
        if not isinstance(source, str):
            return ""
        reference = REFERENCE.match(source)
        if reference is None:
            return next((kind for kind in ("loki", "tempo") if source.lower() == kind), "")
        variable = self.variables.get(reference[1], {})
        if variable.get("type") == "datasource":
            return str(variable.get("query", ""))
        inputs = self.raw.get("__inputs")
        for each in inputs if isinstance(inputs, list) else ():
            if isinstance(each, dict) and each.get("name") == reference[1]:
                return str(each.get("pluginId", ""))
        return ""


def clean(value: Any) -> Any:
    """Text that can be written, with variables as they are written today."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return OLD_VARIABLE.sub(r"${\1}", whole)
    if isinstance(value, dict):
        return {clean(key): clean(each) for key, each in value.items()}
    if isinstance(value, list):
        return [clean(each) for each in value]
    return value
