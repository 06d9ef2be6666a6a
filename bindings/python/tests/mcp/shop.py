"""One small MCP server in three kinds (mcp 1, mcp 2, FastMCP) and the ways to reach it. Also runs as a stdio server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import mcp.types
import uvicorn

import jeton
from jeton import VerifiedCall, Verifier, current_verified_call

SERVER = "https://crm.example/mcp"
MCP2 = hasattr(mcp.types, "RequestParamsMeta")
NEW, OLD = "2026-07-28", "2025-11-25"

if MCP2:
    import fastmcp as _fastmcp
    from fastmcp.dependencies import Depends
    from mcp import Client, StdioServerParameters
    from mcp.client.session import ClientSession
    from mcp.server.mcpserver import Context, MCPServer, Resolve

    from jeton.servers import fastmcp as guard_fastmcp
    from jeton.servers import mcp2 as guard_mcp2

    KINDS, REVISIONS = ["mcp2", "fastmcp"], [NEW, OLD]
else:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.server.fastmcp import Context
    from mcp.server.fastmcp import FastMCP as MCPServer
    from mcp.shared.memory import create_connected_server_and_client_session

    from jeton.servers import mcp1 as guard_mcp1

    KINDS, REVISIONS = ["mcp1"], [OLD]

TRANSPORTS = ["memory", "http", "stdio"]


@dataclass
class Shop:
    """A server and what happened in it."""

    kind: str
    server: Any = None
    ran: list[dict[str, Any]] = field(default_factory=list)
    """One for each time a tool body ran: its arguments, the `_meta` it saw, the verified call."""
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, tool: str, arguments: dict[str, Any], meta: Any) -> str:
        call = current_verified_call()
        seen = {"tool": tool, "arguments": arguments, "meta": meta, "txn": call and call.txn, "jti": call and call.jti}
        self.ran.append(seen)
        return json.dumps(seen)


def meta_of(context: Any) -> dict[str, Any]:
    """The `_meta` as a tool body can see it, in every place it could look."""
    request = context.request_context
    raw = getattr(request, "_srctx", request)
    found = [
        getattr(request, "meta", None),
        getattr(raw, "meta", None),
        (getattr(raw, "params", None) or {}).get("_meta"),
    ]
    plain = [meta.model_dump() if hasattr(meta, "model_dump") else meta for meta in found if meta]
    return {name: value for meta in plain for name, value in meta.items()}


def build(kind: str, *, guarded: bool = True, tools: list[str] | None = None, verifier: Verifier | None = None) -> Shop:
    """The shop. Its tools are refund, fails and waits."""
    shop = Shop(kind)
    if kind == "mcp2":
        extensions = [guard_mcp2.RequireCallToken(SERVER, verifier=verifier, tools=tools)] if guarded else []
        shop.server = MCPServer("shop", extensions=extensions)
    elif kind == "fastmcp":
        middleware = [guard_fastmcp.RequireCallToken(SERVER, verifier=verifier, tools=tools)] if guarded else []
        shop.server = _fastmcp.FastMCP("shop", middleware=middleware)
    else:
        shop.server = MCPServer("shop")
    _stock(shop, _context(kind))
    if kind == "mcp1" and guarded:
        guard_mcp1.RequireCallToken(SERVER, verifier=verifier, tools=tools).guard(shop.server)
    return shop


def _context(kind: str) -> Any:
    return _fastmcp.Context if kind == "fastmcp" else Context


def _stock(shop: Shop, context_type: Any) -> None:
    async def refund(order: str, amount: int, ctx: Any) -> str:
        return shop.note("refund", {"order": order, "amount": amount}, meta_of(ctx))

    async def fails(order: str) -> str:
        shop.note("fails", {"order": order}, None)
        raise ValueError("the tool broke")

    async def waits() -> str:
        shop.note("waits", {}, None)
        shop.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            shop.cancelled.set()
            raise
        return "never"

    refund.__annotations__ = {"order": str, "amount": int, "ctx": context_type, "return": str}
    for tool in (refund, fails, waits):
        shop.server.tool()(tool)
    if shop.kind == "mcp2":

        @shop.server.tool()
        def whoami(call: Annotated[VerifiedCall, Resolve(guard_mcp2.verified_call)]) -> str:
            return call.txn

    elif shop.kind == "fastmcp":

        @shop.server.tool
        def whoami(call: VerifiedCall = Depends(guard_fastmcp.verified_call)) -> str:
            return call.txn

    else:

        @shop.server.tool()
        def whoami() -> str:
            return guard_mcp1.verified_call().txn


@dataclass
class Answer:
    """A tool's result, in one shape for all kinds."""

    text: str
    is_error: bool
    meta: dict[str, Any]


@dataclass
class Link:
    """A connected client."""

    session: Any
    client: Any
    url: str | None = None

    async def tell_cancelled(self) -> None:
        """A client of mcp 1 keeps it to itself that its newest request was cancelled; one of mcp 2 tells the server."""
        if not MCP2:
            last = mcp.types.CancelledNotificationParams(requestId=self.session._request_id - 1)
            told = mcp.types.CancelledNotification(method="notifications/cancelled", params=last)
            await self.session.send_notification(mcp.types.ClientNotification(told))

    async def call(self, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None = None) -> Answer:
        if isinstance(self.client, ClientSession) or not hasattr(self.client, "transport"):
            result = await self.client.call_tool(tool, arguments, meta=meta)
        else:
            result = await self.client.call_tool(tool, arguments, meta=meta, raise_on_error=False)
        is_error = result.is_error if MCP2 else result.isError
        return Answer("".join(part.text for part in result.content), is_error, result.meta or {})


@asynccontextmanager
async def connect(shop: Shop, transport: str = "memory", revision: str = OLD) -> AsyncIterator[Link]:
    """A client of the shop. `stdio` starts another process with a shop of the same kind."""
    if transport == "http":
        async with serving(shop) as url, client_of(shop.kind, url, revision) as link:
            link.url = url
            yield link
    else:
        async with client_of(shop.kind, command(shop.kind) if transport == "stdio" else shop.server, revision) as link:
            yield link


def command(kind: str, *options: str) -> Any:
    environment = {**os.environ, "JETON_SOCKET": jeton.client.settings().socket or "", "PYTHONWARNINGS": "ignore"}
    return StdioServerParameters(command=sys.executable, args=[str(Path(__file__)), kind, *options], env=environment)


@asynccontextmanager
async def client_of(kind: str, target: Any, revision: str) -> AsyncIterator[Link]:
    # "auto" asks first: a token must not wait for a process that is still starting.
    mode = "legacy" if revision == OLD else "auto"
    if kind == "fastmcp":
        if isinstance(target, StdioServerParameters):
            from fastmcp.client.transports import StdioTransport

            target = StdioTransport(target.command, target.args, env=target.env, keep_alive=False)
        async with _fastmcp.Client(target, mode=mode) as client:
            assert client.session.protocol_version == revision
            yield Link(client.session, client)
    elif MCP2:
        async with Client(target, mode=mode) as client:
            assert client.protocol_version == revision
            yield Link(client.session, client)
    else:
        async with _session1(target) as session:
            yield Link(session, session)


@asynccontextmanager
async def _session1(target: Any) -> AsyncIterator[Any]:
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(target, str):
            read, write, _ = await stack.enter_async_context(streamable_http_client(target))
        elif isinstance(target, StdioServerParameters):
            read, write = await stack.enter_async_context(stdio_client(target))
        else:
            yield await stack.enter_async_context(create_connected_server_and_client_session(target))
            return
        session = await stack.enter_async_context(ClientSession(read, write))
        await session.initialize()
        yield session


@asynccontextmanager
async def serving(shop: Shop, wrap: Callable[[Any], Any] = lambda app: app) -> AsyncIterator[str]:
    """The shop at a loopback URL."""
    app = shop.server.http_app(path="/mcp") if shop.kind == "fastmcp" else shop.server.streamable_http_app()
    async with listening(wrap(app)) as url:
        yield url + "/mcp"


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """Any ASGI application at a loopback URL."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        deadline = asyncio.get_running_loop().time() + 10
        while not server.started:
            assert not task.done() and asyncio.get_running_loop().time() < deadline, "uvicorn did not start"
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def main() -> None:
    """`shop.py KIND [--open]`: the shop on stdio; --open is without the guard."""
    jeton.configure(socket=os.environ.get("JETON_SOCKET") or None, deadline=5)
    shop = build(sys.argv[1], guarded="--open" not in sys.argv, verifier=Verifier(SERVER, deadline=5))
    run = shop.server.run_stdio_async
    asyncio.run(run(show_banner=False) if shop.kind == "fastmcp" else run())


if __name__ == "__main__":
    main()
