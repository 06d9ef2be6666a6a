"""No spelling of a guarded path reaches the application without a token."""

from __future__ import annotations

from typing import Any

import pytest
from asgi_kit import SERVER, App, ask

from jeton.servers.asgi import RequireCallToken


class Rooted(App):
    """As FastAPI(root_path="/api"): routes below it, whatever the scope says."""

    root_path = "/api"


async def refused(app: Any, ran: list[Any], path: str, root_path: str = "") -> int:
    async def under(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": root_path}, receive, send)

    status = (await ask(under, path, {}, [])).status
    assert not ran
    return status


@pytest.mark.parametrize("pattern", ["/tools/*", "/tools/refund"])
async def test_a_guard_in_a_mounted_application_or_behind_a_root_path_holds(daemon, pattern: str) -> None:
    app = App()  # Starlette's Mount and `uvicorn --root-path` leave the whole path in the scope
    assert await refused(RequireCallToken(app, SERVER, paths=[pattern]), app.ran, "/v1/tools/refund", "/v1") == 401


async def test_the_root_path_of_the_application_itself_is_no_way_round(daemon) -> None:
    app = Rooted()
    assert await refused(RequireCallToken(app, SERVER, paths=["/tools/*"]), app.ran, "/api/tools/refund") == 401


@pytest.mark.parametrize("path", ["/tools/refund\n", "/tools/refund/", "//tools//refund", "/tools//refund"])
async def test_a_spelling_that_a_router_takes_for_the_same_path_is_guarded(daemon, path: str) -> None:
    app = App()  # `$` in Starlette's expressions matches before a newline; Litestar and others drop slashes
    assert await refused(RequireCallToken(app, SERVER, paths=["/tools/refund"]), app.ran, path) in (400, 401)


async def test_a_tool_of_the_map_is_found_below_the_mount(daemon) -> None:
    app = App()
    guard = RequireCallToken(app, SERVER, paths=["/do/*"], tools={"/do/it": "refund"})
    assert await refused(guard, app.ran, "/v1/do/it", "/v1") == 401


async def test_other_paths_stay_open(daemon) -> None:
    app = App()
    guard = RequireCallToken(app, SERVER, paths=["/tools/*"])
    assert (await ask(guard, "/health", {}, [])).status == 200 and app.ran
