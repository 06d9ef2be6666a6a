"""What the quick starts about MCP and HTTP find around them, and what has to be true afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

import jeton

SERVER, TOOLS = "https://crm.example/mcp", "https://crm.example/tools"
ORDER = {"order": "A-17"}


@pytest.fixture
def readme_mcp_client(daemon: Any) -> Iterator[dict[str, Any]]:
    pytest.importorskip("mcp.client.session")
    from jeton.mcp import endpoints

    def check(made: dict[str, Any]) -> None:
        assert endpoints.server_at(endpoints.of_url(SERVER)) == SERVER
        assert endpoints.server_at(endpoints.of_command("uvx", ["mcp-files"])) == "mcp:stdio:files"

    yield {"check": check}
    jeton.uninstrument_mcp()


def _guards(connect: Any, server: Any) -> None:
    """The server's tool runs with a token and not without."""

    async def calls() -> list[bool]:
        async with connect(server) as client:
            session = getattr(client, "session", client)
            without = await session.call_tool("refund", ORDER)
            jeton.enroll(session, SERVER)
            given = await session.call_tool("refund", ORDER)
        return [result.is_error if hasattr(result, "is_error") else result.isError for result in (without, given)]

    try:
        assert asyncio.run(calls()) == [True, False]
    finally:
        jeton.uninstrument_mcp()


def _refund(order: str) -> str:
    return f"paid back for {order}"


@pytest.fixture
def readme_mcp_server(daemon: Any) -> dict[str, Any]:
    pytest.importorskip("mcp_types")
    from mcp import Client

    def check(made: dict[str, Any]) -> None:
        made["mcp"].tool("refund")(_refund)
        _guards(Client, made["mcp"])

    return {"check": check}


@pytest.fixture
def readme_fastmcp_server(daemon: Any) -> dict[str, Any]:
    # Its client alone, as some frameworks bring it, is no FastMCP to serve with.
    pytest.importorskip("fastmcp.server.server", exc_type=ImportError)
    import fastmcp

    def check(made: dict[str, Any]) -> None:
        made["mcp"].tool(_refund, name="refund")
        _guards(fastmcp.Client, made["mcp"])

    return {"check": check}


@pytest.fixture
def readme_mcp1_server(daemon: Any) -> dict[str, Any]:
    memory = pytest.importorskip("mcp.shared.memory", reason="mcp 1 is not installed")
    if not hasattr(memory, "create_connected_server_and_client_session"):
        pytest.skip("mcp 1 is not installed")
    from mcp.server.fastmcp import FastMCP

    server = FastMCP("crm")
    server.tool("refund")(_refund)

    def check(made: dict[str, Any]) -> None:
        _guards(memory.create_connected_server_and_client_session, server)

    return {"server": server, "check": check}


@pytest.fixture
def readme_asgi_server(daemon: Any) -> dict[str, Any]:
    ran: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        ran.append(json.loads((await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async def status_of(guarded: Any, headers: list[Any]) -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": json.dumps(ORDER).encode()}

        async def send(message: Any) -> None:
            sent.append(message)

        await guarded({"type": "http", "path": "/tools/refund", "headers": headers}, receive, send)
        return int(sent[0]["status"])

    def check(made: dict[str, Any]) -> None:
        with jeton.call("refund", ORDER) as scope:
            bearer = [(b"authorization", scope.headers(TOOLS)["Authorization"].encode())]
        assert [asyncio.run(status_of(made["app"], headers)) for headers in ([], bearer)] == [401, 200]
        assert ran == [ORDER]

    return {"app": app, "check": check}


@pytest.fixture
def readme_guarded(daemon: Any) -> dict[str, Any]:
    def check(made: dict[str, Any]) -> None:
        with jeton.call("refund", {**ORDER, "amount": 40}) as scope:
            assert made["refund"]("A-17", 40, call_token=scope.mint(TOOLS)) == "40 paid back for A-17"
        with pytest.raises(Exception, match="call not authorised"):
            made["refund"]("A-17", 40)

    return {"check": check}


@pytest.fixture
def readme_http_client(daemon: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    httpx = pytest.importorskip("httpx")
    arrived: list[Any] = []

    def handle(request: Any) -> Any:
        arrived.append(request)
        return httpx.Response(200)

    # The one thing that is not as printed: no network.
    monkeypatch.setattr(httpx.Client, "_init_transport", lambda self, **options: httpx.MockTransport(handle))

    def check(made: dict[str, Any]) -> None:
        assert made["response"].status_code == 200
        token = arrived[0].headers["authorization"].removeprefix("Bearer ")
        assert jeton.Verifier(TOOLS, deadline=5).redeem(token, "refund", ORDER).tool == "refund"

    return {"check": check}
