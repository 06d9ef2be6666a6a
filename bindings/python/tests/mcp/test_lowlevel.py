"""The parts beside the usual way: lowlevel servers, the SSE transport, a guard put on too early."""

from __future__ import annotations

from typing import Any

import pytest
from shop import MCP2, SERVER, build, connect, listening

import jeton
from jeton import Verifier, current_verified_call

if MCP2:
    from mcp.client.session import ClientSession
    from mcp.client.sse import sse_client
    from mcp.server import Server
    from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool

    from jeton.servers.mcp2 import RequireCallToken
else:
    from mcp import ClientSession
    from mcp.client.sse import sse_client
    from mcp.server import Server
    from mcp.types import TextContent, Tool

    from jeton.servers.mcp1 import RequireCallToken


def lowlevel(ran: list[Any]) -> Any:
    def run(name: str, arguments: Any) -> list[Any]:
        call = current_verified_call()
        ran.append((name, arguments, call and call.txn))
        return [TextContent(type="text", text="done")]

    if MCP2:

        async def call_tool(ctx: Any, params: Any) -> Any:
            return CallToolResult(content=run(params.name, params.arguments))

        async def list_tools(ctx: Any, params: Any) -> Any:
            return ListToolsResult(tools=[Tool(name="refund", input_schema={"type": "object"})])

        return Server("lowlevel", on_call_tool=call_tool, on_list_tools=list_tools)
    server: Any = Server("lowlevel")

    @server.call_tool()
    async def called(name: str, arguments: Any) -> list[Any]:
        return run(name, arguments)

    @server.list_tools()
    async def listed() -> list[Any]:
        return [Tool(name="refund", inputSchema={"type": "object"})]

    return server


async def test_a_lowlevel_server_can_be_guarded(daemon) -> None:
    ran: list[Any] = []
    shop = build("mcp2" if MCP2 else "mcp1", guarded=False)
    shop.server = lowlevel(ran)
    RequireCallToken(SERVER, verifier=Verifier(SERVER, deadline=5)).guard(shop.server)
    async with connect(shop) as link:
        assert (await link.call("refund", {"a": 1})).text == "call not authorised"
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", {"a": 1}) as scope:
            assert (await link.call("refund", {"a": 1})).text == "done"
    assert ran == [("refund", {"a": 1}, scope.txn)]


def test_a_guard_before_the_handler_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="register it before"):
        RequireCallToken(SERVER).guard(Server("empty"))


async def test_the_sse_transport_is_known_by_its_url(daemon) -> None:
    shop = build("mcp2" if MCP2 else "mcp1", verifier=Verifier(SERVER, deadline=5))
    async with listening(shop.server.sse_app()) as url:
        jeton.instrument_mcp([(SERVER, f"{url}/sse")])
        async with sse_client(f"{url}/sse") as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            async with jeton.call("refund", {"order": "o", "amount": 1}) as scope:
                await session.call_tool("refund", {"order": "o", "amount": 1})
    assert [ran["txn"] for ran in shop.ran] == [scope.txn]
