"""Handlers are templates: one application with every kind of route, and the labels it must have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.applications import Starlette
from starlette.routing import Host, Mount, Route

from exporters.api import instrument
from exporters.api.routes import MAX_UNKNOWN, Routes
from tests.api.asgi import get
from tests.api.samples import Samples

Read = Callable[[], Samples]

# What each path answers and how it is called: the same for every version of FastAPI.
EXPECTED = {
    "/items/3": (200, "/items/{item_id}"),
    "/alias/3": (200, "/alias/{item_id}"),
    "/items/3/x": (404, "__unmatched__"),
    "/items/3/": (307, "__unmatched__"),
    "/": (404, "__unmatched__"),
    "/api/v1/people/ann": (200, "/api/v1/people/{name}"),
    "/api/v2/people/ann": (200, "/api/v2/people/{name}"),
    "/api/v1/people/nested/deep": (200, "/api/v1/people/nested/deep"),
    "/api/v1/plain/9": (200, "/api/v1/plain/{number}"),
    "/api/v1/nothing": (404, "__unmatched__"),
    "/plain/9": (200, "/plain/{number}"),
    "/docs": (200, "/docs"),
    "/openapi.json": (200, "/openapi.json"),
    "/files/data/report.csv": (200, "/files/{path}"),
    "/sub/s/3": (200, "/sub/s/{z}"),
    "/sub/docs": (200, "/sub/docs"),
    "/sub/nothing": (404, "/sub/*"),
    "/sub/api/k/3": (200, "/sub/api/k/{k}"),
    "/star/a/3": (200, "/star/a/{b}"),
    "/star/in/c/4": (200, "/star/in/c/{d}"),
    "/star/twice/1": (200, "/star/twice/{x}"),
    "/star/again/1": (200, "/star/again/{x}"),
    "/star/nothing": (404, "/star/*"),
    "/tenants/acme/s/3": (200, "/tenants/{tenant}/s/{z}"),
    "/tenants/emca/s/4": (200, "/tenants/{tenant}/s/{z}"),
    "/tenants/emca/nothing": (404, "/tenants/{tenant}/*"),
    "/deep/a/end/s/3": (200, "/deep/{folder}/end/s/{z}"),
    "/deep/a/b/c/end/s/3": (200, "/deep/{folder}/end/s/{z}"),
    "/numbered/7/s/3": (200, "/numbered/{number}/s/{z}"),
    "/static/known.txt": (200, "/static/*"),
    "/static/unknown.txt": (404, "/static/*"),
    "/raw/whatever/comes": (200, "/raw/*"),
}


async def plain(_request: Any) -> PlainTextResponse:
    return PlainTextResponse("plain")


async def raw(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("raw")(scope, receive, send)


def every_kind_of_route(static: Path) -> FastAPI:
    app = FastAPI()

    async def item(item_id: int) -> int:
        return item_id

    app.get("/items/{item_id}")(item)
    app.get("/alias/{item_id}")(item)

    @app.get("/files/{path:path}")
    async def file(path: str) -> str:
        return path

    nested = APIRouter()

    @nested.get("/deep")
    async def deep() -> str:
        return "deep"

    people = APIRouter(prefix="/people")

    @people.get("/{name}")
    async def person(name: str) -> str:
        return name

    people.include_router(nested, prefix="/nested")
    plain_router = APIRouter()
    plain_router.routes.append(Route("/plain/{number}", plain))
    for version in ("/api/v1", "/api/v2"):
        app.include_router(people, prefix=version)
    app.include_router(plain_router, prefix="/api/v1")
    app.router.routes.append(Route("/plain/{number}", plain))

    sub = FastAPI()

    @sub.get("/s/{z}")
    async def leaf(z: str) -> str:
        return z

    in_sub = APIRouter()

    @in_sub.get("/k/{k}")
    async def below(k: str) -> str:
        return k

    sub.include_router(in_sub, prefix="/api")
    star = Starlette(
        routes=[
            Route("/a/{b}", plain),
            Mount("/in", routes=[Route("/c/{d}", plain)]),
            Route("/twice/{x}", plain),
            Route("/again/{x}", plain),
        ]
    )
    app.mount("/sub", sub)
    app.mount("/star", star)
    app.mount("/tenants/{tenant}", sub)
    app.mount("/deep/{folder:path}/end", sub)
    app.mount("/numbered/{number:int}", sub)
    app.mount("/static", StaticFiles(directory=static))
    app.mount("/raw", raw)
    return app


def handlers(page: Samples, status: int) -> set[str]:
    found = page.nonzero("http_requests_total", status=str(status))
    return {labels["handler"] for labels in found}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "known.txt").write_text("known")
    return tmp_path


@pytest.mark.parametrize("path", EXPECTED)
def test_a_handler_is_the_template_with_prefixes_and_mounts(path: str, static: Path, samples: Read) -> None:
    app = every_kind_of_route(static)
    instrument(app)
    status, handler = EXPECTED[path]
    assert get(app, path).status == status
    assert handlers(samples(), status) == {handler}
    assert samples().get("obs_instrumentation_errors_total", site="request") == 0


def test_the_labels_do_not_depend_on_what_was_asked_before(static: Path, samples: Read) -> None:
    app = every_kind_of_route(static)
    instrument(app)
    for _ in range(2):
        for path in reversed(EXPECTED):
            get(app, path)
    labels = {(labels["handler"], labels["status"]) for labels in samples().nonzero("http_requests_total")}
    assert labels == {(handler, str(status)) for status, handler in EXPECTED.values()}


@pytest.mark.parametrize("given", ["server", "application"])
def test_a_root_path_is_no_part_of_the_template(given: str, static: Path, samples: Read) -> None:
    app = every_kind_of_route(static)
    if given == "application":
        app.root_path = "/behind/proxy"
    instrument(app)
    root_path = "/behind/proxy" if given == "server" else ""
    for path in ("/items/3", "/api/v1/people/ann", "/star/a/3", "/tenants/acme/s/3"):
        assert get(app, "/behind/proxy" + path, root_path=root_path).status == 200
    assert handlers(samples(), 200) == {
        "/items/{item_id}",
        "/api/v1/people/{name}",
        "/star/a/{b}",
        "/tenants/{tenant}/s/{z}",
    }


def test_files_mounted_at_the_root_are_no_unmatched_paths(static: Path, samples: Read) -> None:
    app = FastAPI()
    app.get("/api/people")(_page)
    app.mount("/", StaticFiles(directory=static))
    instrument(app)
    for path in ("/api/people", "/known.txt", "/unknown.txt"):
        get(app, path)
    page = samples()
    assert handlers(page, 200) == {"/api/people", "/*"}
    assert handlers(page, 404) == {"/*"}


def test_the_routes_are_not_walked_for_each_request(monkeypatch: pytest.MonkeyPatch, samples: Read) -> None:
    app = FastAPI()
    walks: list[int] = []

    async def grows(scope: Any, receive: Any, send: Any) -> None:
        scope["root_path"] += "/somewhere" + scope["path"].rpartition("/")[2]
        await raw(scope, receive, send)

    app.mount("/grows", grows)
    instrument(app)
    index = Routes._index
    monkeypatch.setattr(Routes, "_index", lambda self: (walks.append(1), index(self)))
    for _ in range(5):
        get(app, "/grows/1")
    assert len(walks) <= 2, "one for the mount, one for its endpoint"
    for number in range(2 * MAX_UNKNOWN):
        get(app, f"/grows/{number}")
    assert len(walks) <= MAX_UNKNOWN + 1, "what nobody knows is not looked for without end"
    assert handlers(samples(), 200) == {"/*/*"}


def test_routes_of_a_host_are_known(samples: Read) -> None:
    app = FastAPI()
    app.router.routes.append(Host("admin.example.org", Starlette(routes=[Route("/panel/{tab}", plain)])))
    instrument(app)
    assert get(app, "/panel/users", headers={"host": "admin.example.org"}).status == 200
    assert handlers(samples(), 200) == {"/panel/{tab}"}


def test_a_route_added_while_serving_is_found(samples: Read) -> None:
    app = FastAPI()
    instrument(app)
    get(app, "/docs")
    app.router.routes.append(Route("/late/{x}", raw_endpoint := _endpoint()))
    app.mount("/late-mount", Starlette(routes=[Route("/{y}", raw_endpoint)]))
    get(app, "/late/1")
    get(app, "/late-mount/1")
    assert handlers(samples(), 200) == {"/docs", "/late/{x}", "/late-mount/{y}"}


def _endpoint() -> Any:
    async def endpoint(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("late")

    return endpoint


def test_handlers_past_the_cap_share_one_label(samples: Read) -> None:
    app = FastAPI()
    for number in range(8):
        app.get(f"/page{number}")(_page)
    instrument(app, max_handlers=5)
    for number in range(8):
        get(app, f"/page{number}")
    get(app, "/nowhere")
    page = samples()
    expected = {*(f"/page{number}" for number in range(5)), "__overflow__", "__unmatched__"}
    assert page.label_values("http_requests_total", "handler") == expected
    assert page.get("http_requests_total", method="GET", handler="__overflow__", status="200") == 3


async def _page() -> str:
    return "page"


def test_unknown_paths_make_one_series(samples: Read) -> None:
    app = FastAPI()
    instrument(app)
    for number in range(200):
        get(app, f"/scan/{number}.php")
    page = samples()
    assert page.label_values("http_requests_total", "handler") == {"__unmatched__"}
