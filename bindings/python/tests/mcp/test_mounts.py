"""Mounted FastMCP servers run the guards of all servers above: a wire request is redeemed once, and no other is."""

from __future__ import annotations

from typing import Any

import pytest
from shop import MCP2, SERVER

import jeton
from jeton import Verifier, current_verified_call

pytestmark = pytest.mark.skipif(not MCP2, reason="FastMCP 4 needs mcp 2")
if MCP2:
    from fastmcp import Client, Context, FastMCP
    from fastmcp.server import create_proxy

    from jeton.servers.fastmcp import RequireCallToken

    def guarded(name: str, server: str = SERVER) -> FastMCP:
        return FastMCP(name, middleware=[RequireCallToken(server, verifier=Verifier(server, deadline=5))])


def family(child_server: str = SERVER, top_guarded: bool = True) -> tuple[Any, Any, list[str]]:
    """A child with a tool, mounted twice over; and what its body ran for."""
    ran: list[str] = []
    child, middle = guarded("child", child_server), guarded("middle")
    top = guarded("top") if top_guarded else FastMCP("top")

    @child.tool
    async def refund(amount: int) -> str:
        call = current_verified_call()
        assert call is not None
        ran.append(call.tool)
        return call.txn

    middle.mount(child, "crm")
    top.mount(middle if top_guarded else child, "eu")
    return top, child, ran


async def test_through_three_guarded_servers_a_call_is_redeemed_once(daemon) -> None:
    top, _, ran = family()
    async with Client(top) as client:
        jeton.enroll(client, SERVER)
        async with jeton.call("refund", {"amount": 1}) as scope:
            result = await client.call_tool("eu_crm_refund", {"amount": 1})
    assert result.data == scope.txn
    assert ran == ["eu_crm_refund"]
    assert [e["event"] for e in daemon.events(scope.txn)].count("token.redeemed") == 1
    assert daemon.outcomes(scope.txn) == ["ok", "ok"]


async def test_a_guard_that_only_the_child_has_takes_the_name_on_the_wire(daemon) -> None:
    top, _, ran = family(top_guarded=False)
    async with Client(top) as client:
        refused = await client.call_tool("eu_refund", {"amount": 1}, raise_on_error=False)
        jeton.enroll(client, SERVER)
        await client.call_tool("eu_refund", {"amount": 1})
    assert refused.is_error and ran == ["eu_refund"]


async def test_a_child_that_is_another_server_is_not_reached_with_this_ones_token(daemon) -> None:
    top, _, ran = family(child_server="https://other.example/mcp")
    async with Client(top) as client:
        jeton.enroll(client, SERVER)
        assert (await client.call_tool("eu_crm_refund", {"amount": 1}, raise_on_error=False)).is_error
    assert ran == []


@pytest.mark.parametrize("how", ["its own server", "a request in memory"])
async def test_a_tool_that_calls_another_tool_does_not_lend_it_its_token(daemon, how) -> None:
    server, ran = guarded("shop"), []

    @server.tool
    async def refund(amount: int) -> str:
        ran.append("refund")
        return "refunded"

    @server.tool
    async def lookup(amount: int) -> str:
        if how == "its own server":
            return (await server.call_tool("refund", {"amount": amount})).content[0].text
        async with Client(server) as inner:
            return (await inner.call_tool("refund", {"amount": amount}, raise_on_error=False)).content[0].text

    async with Client(server) as client:
        jeton.enroll(client, SERVER)
        result = await client.call_tool("lookup", {"amount": 1}, raise_on_error=False)
    assert result.content[0].text == "call not authorised"
    assert ran == []


async def test_a_proxy_does_not_pass_the_token_on(daemon) -> None:
    seen: list[Any] = []
    backend, front = FastMCP("backend"), guarded("front")

    @backend.tool
    async def refund(amount: int, ctx: Context) -> str:
        seen.append(ctx.request_context.meta)
        return "ok"

    front.mount(create_proxy(backend))
    jeton.uninstrument_mcp()  # which would take it out on the way to a server that is not enrolled
    async with jeton.call("refund", {"amount": 1}) as scope, Client(front) as client:
        await client.call_tool("refund", {"amount": 1}, meta={"example.com/own": 1, **await scope.ameta(SERVER)})
    (meta,) = seen
    assert meta["example.com/own"] == 1
    assert not [name for name in meta if name.startswith("dev.jeton/")]


async def test_called_from_python_without_a_request_a_guarded_tool_does_not_run(daemon) -> None:
    _, child, ran = family()
    result = await child.call_tool("refund", {"amount": 1})
    assert result.is_error and ran == []
