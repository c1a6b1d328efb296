"""From the scope that the router filled in to a route template, without matching anything again.

FastAPI 0.115 puts the whole template into `scope["route"]`; since 0.137 it lacks the prefix of
`include_router`, which stands in a context beside it. Plain Starlette routes leave only their endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from exporters.api.call import Scope
from exporters.catalogue.api import UNMATCHED

# What stands for a mount, or for whatever an application mounted there answers without a route of its own.
ANYTHING = "/*"
MAX_UNKNOWN = 300


@dataclass(frozen=True, slots=True)
class _Entry:
    """A plain route: its template below the innermost mount, and what it matches."""

    template: str
    regex: re.Pattern[str]
    endpoint: object


@dataclass(frozen=True, slots=True)
class _Mount:
    """One mount below another: its template, and the pattern of what stands in a path for it."""

    template: str
    pattern: str

    def and_then(self, route: Any) -> _Mount:
        """With one more mount below; a Host has no path and changes nothing."""
        if not hasattr(route, "path_format"):
            return self
        # "/static/{path}" and "^/static/(?P<path>.*)$", whose last part is handed on; names would clash.
        pattern = route.path_regex.pattern.removeprefix("^").removesuffix("/(?P<path>.*)$")
        return _Mount(
            self.template + route.path_format.removesuffix("/{path}"),
            self.pattern + re.sub(r"\?P<\w+>", "?:", pattern),
        )


_ROOT = _Mount("", "")


class Routes:
    """Resolves scopes of one application.

    Args:
        routes: gives the application's routes as they are now; they are walked when an endpoint is new.
    """

    def __init__(self, routes: Callable[[], Iterable[Any]]) -> None:
        self._routes = routes
        self._entries: dict[int, list[_Entry]] = {}
        self._mounts: list[tuple[re.Pattern[str], str]] = []
        # What was looked for in vain. Endpoints are kept alive, so that the id of each stays its own.
        self._unknown_endpoints: dict[int, object] = {}
        self._unknown_mounts: set[str] = set()

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
        # A mount at "/" adds no prefix; it leaves its application as the endpoint, which no miss does.
        return prefix + ANYTHING if prefix or scope.get("endpoint") is not None else UNMATCHED

    def _mount_template(self, grown: str) -> str:
        template = self._match_mount(grown)
        if template is None and _is_new(grown, self._unknown_mounts):
            self._index()
            template = self._match_mount(grown)
            if template is None:
                self._unknown_mounts.add(grown)
        return ANYTHING if template is None else template  # never the path itself

    def _match_mount(self, grown: str) -> str | None:
        return next((template for regex, template in self._mounts if regex.fullmatch(grown)), None)

    def _by_endpoint(self, scope: Scope) -> str | None:
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return None
        key = id(endpoint)
        entries = self._entries.get(key)
        if entries is None and _is_new(key, self._unknown_endpoints):
            self._index()
            entries = self._entries.get(key)
            if entries is None:
                self._unknown_endpoints[key] = endpoint
        if not entries:
            return None
        if len(entries) == 1:
            return entries[0].template
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return next((entry.template for entry in entries if entry.regex.match(path)), None)

    def _index(self) -> None:
        self._entries.clear()
        self._mounts.clear()
        for mount, route in _walk(self._routes(), _ROOT):
            endpoint = getattr(route, "endpoint", None)
            if endpoint is not None:
                entry = _Entry(route.path_format, route.path_regex, endpoint)
                self._entries.setdefault(id(endpoint), []).append(entry)
            else:
                self._mounts.append((re.compile(mount.pattern), mount.template))


def _is_new(key: object, unknown: Collection[object]) -> bool:
    """Whether to walk the routes for it: not twice, and not for ever new ones."""
    return key not in unknown and len(unknown) < MAX_UNKNOWN


def _selected(scope: Scope) -> str | None:
    """The template where FastAPI or a recent Starlette says which route it selected."""
    route = scope.get("route")
    fastapi = scope.get("fastapi")
    context = fastapi.get("effective_route_context") if fastapi else None
    if context is not None:
        if context.original_route is route:
            return str(context.path_format)
        plain = getattr(context, "starlette_route", None)
        endpoint = getattr(plain, "endpoint", None)
        if endpoint is not None and endpoint is scope.get("endpoint"):
            return str(plain.path_format)  # type: ignore[union-attr]  # it has an endpoint, so it is a route
    # A mount stays here when nothing below it matched; it has no endpoint.
    if getattr(route, "endpoint", None) is not None:
        path: str = route.path_format  # type: ignore[union-attr]  # as above
        return path
    return None


def _walk(routes: Iterable[Any], above: _Mount) -> Iterator[tuple[_Mount, Any]]:
    """Every plain route with the mounts above it, and every mount with itself."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is not None:  # include_router since FastAPI 0.137
            included = (context.starlette_route for context in contexts())
            yield from _walk([each for each in included if each is not None], above)
        elif getattr(route, "endpoint", None) is not None:
            if hasattr(route, "path_format"):
                yield above, route
        elif hasattr(route, "app"):
            mount = above.and_then(route)
            if mount != above:
                yield mount, route
            yield from _walk(getattr(route, "routes", None) or (), mount)
