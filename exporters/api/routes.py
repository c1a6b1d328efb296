"""From the scope that the router filled in to a route template, without matching anything again.

FastAPI 0.115 puts the whole template into `scope["route"]`; since 0.137 it lacks the prefix of
`include_router`, which stands in a context beside it. Plain Starlette routes leave only their endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from exporters.api.call import Scope

UNMATCHED = "__unmatched__"
# What stands for a mount, or for whatever an application mounted there answers without a route of its own.
ANYTHING = "/*"
MAX_UNKNOWN = 300


@dataclass(frozen=True, slots=True)
class _Entry:
    """A plain route: its template below the innermost mount, and what it matches."""

    template: str
    regex: re.Pattern[str]
    endpoint: object


class Routes:
    """Resolves scopes of one application.

    Args:
        routes: gives the application's routes as they are now; they are walked when an endpoint is new.
    """

    def __init__(self, routes: Callable[[], Iterable[Any]]) -> None:
        self._routes = routes
        self._entries: dict[int, list[_Entry]] = {}
        self._mounts: set[str] = set()
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._unknown: dict[int, object] = {}

    def template(self, scope: Scope, root_path: str) -> str:
        """The template of the route that answered, with the mounts it stands below.

        Args:
            scope: as the router left it.
            root_path: what it held when the router began.
        """
        grown = scope.get("root_path", "")[len(root_path) :]
        prefix = self._mount_template(grown) if grown else ""
        path = _selected(scope)
        if path is None:
            path = self._by_endpoint(scope)
        if path is not None:
            return prefix + path
        return prefix + ANYTHING if prefix else UNMATCHED

    def _mount_template(self, grown: str) -> str:
        if grown not in self._mounts:
            template = self._match_mount(grown)
            if template is None:
                self._index()
                template = self._match_mount(grown)
            if template is None:
                return ANYTHING  # never the path itself
            return template
        return grown

    def _match_mount(self, grown: str) -> str | None:
        if grown in self._mounts:
            return grown
        return next((template for regex, template in self._patterns if regex.fullmatch(grown)), None)

    def _by_endpoint(self, scope: Scope) -> str | None:
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return None
        key = id(endpoint)
        entries = self._entries.get(key)
        if entries is None and key not in self._unknown:
            self._index()
            entries = self._entries.get(key)
            if entries is None and len(self._unknown) < MAX_UNKNOWN:
                self._unknown[key] = endpoint  # kept alive, so that its id stays its own
        if not entries:
            return None
        if len(entries) == 1:
            return entries[0].template
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((entry.template for entry in entries if entry.regex.match(path)), None)

    def _index(self) -> None:
        self._entries.clear()
        self._mounts.clear()
        self._patterns.clear()
        for mount, route in _walk(self._routes(), ""):
            endpoint = getattr(route, "endpoint", None)
            if endpoint is not None:
                entry = _Entry(route.path_format, route.path_regex, endpoint)
                self._entries.setdefault(id(endpoint), []).append(entry)
            elif "{" in mount:
                self._patterns.append((_mount_regex(mount), mount))
            else:
                self._mounts.add(mount)


def _selected(scope: Scope) -> str | None:
    """The template where FastAPI or a recent Starlette says which route it selected."""
    route = scope.get("route")
    context = (scope.get("fastapi") or {}).get("effective_route_context")
    if context is not None:
        if context.original_route is route:
            return str(context.path_format)
        plain = getattr(context, "starlette_route", None)
        endpoint = getattr(plain, "endpoint", None)
        if endpoint is not None and endpoint is scope.get("endpoint"):
            return str(plain.path_format)  # type: ignore[union-attr]  # it has an endpoint, so it is a route
    # A mount stays here when nothing below it matched; it has no endpoint.
    if getattr(route, "endpoint", None) is not None:
        return str(route.path_format)  # type: ignore[union-attr]  # as above
    return None


def _walk(routes: Iterable[Any], mount: str) -> Iterator[tuple[str, Any]]:
    """Every plain route with the mounts above it, and every mount with its own template."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is not None:  # include_router since FastAPI 0.137
            included = (context.starlette_route for context in contexts())
            yield from _walk([each for each in included if each is not None], mount)
        elif getattr(route, "endpoint", None) is not None:
            if hasattr(route, "path_format"):
                yield mount, route
        elif hasattr(route, "app"):
            # "/static/{path}" of a mount; a Host has no path.
            template = mount + getattr(route, "path_format", "").removesuffix("/{path}")
            if template != mount:
                yield template, route
            yield from _walk(getattr(route, "routes", None) or (), template)


def _mount_regex(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^{}]*\\}", "[^/]+", re.escape(template)))
