"""A tool that asks back gets its call in rounds; every round is an attempt with a token and a redemption of its own."""

from __future__ import annotations

from typing import Any

import pytest
from shop import KINDS, MCP2, NEW, SERVER

import jeton
from jeton import Denied, Verifier, current_verified_call

pytestmark = pytest.mark.skipif(not MCP2, reason="mcp 1 knows no rounds")
if MCP2:
    import fastmcp
    from mcp import Client
    from mcp.server.mcpserver import Context, MCPServer
    from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult

    from jeton.servers import fastmcp as guard_fastmcp
    from jeton.servers import mcp2 as guard_mcp2


def asks_back(kind: str, times: int) -> tuple[Any, list[str]]:
    """A server whose tool asks for a confirmation `times` times; and the tokens its body ran for."""
    jtis: list[str] = []

    def body(answers: int) -> Any:
        call = current_verified_call()
        assert call is not None
        jtis.append(call.jti)
        if len(jtis) > times:
            return f"refunded after {len(jtis)} rounds"
        form = {"type": "object", "properties": {"yes": {"type": "boolean"}}}
        question = ElicitRequest(params=ElicitRequestFormParams(message="sure?", requested_schema=form))
        return InputRequiredResult(input_requests={"sure": question}, request_state="round")

    verifier = Verifier(SERVER, deadline=5)
    if kind == "mcp2":
        server: Any = MCPServer("rounds", extensions=[guard_mcp2.RequireCallToken(SERVER, verifier=verifier)])

        @server.tool()
        async def refund(order: str, ctx: Context) -> str | InputRequiredResult:
            return body(0)

    else:
        server = fastmcp.FastMCP("rounds", middleware=[guard_fastmcp.RequireCallToken(SERVER, verifier=verifier)])

        @server.tool(output_schema=None)
        async def refund(order: str) -> Any:
            return body(0)

    return server, jtis


def asking(kind: str, server: Any) -> Any:
    async def sure(*_: Any) -> Any:
        return ElicitResult(action="accept", content={"yes": True})

    if kind == "mcp2":
        return Client(server, mode=NEW, elicitation_callback=sure)
    return fastmcp.Client(server, mode=NEW, elicitation_handler=sure)


@pytest.mark.parametrize("kind", KINDS)
async def test_two_rounds_are_two_tokens_and_two_redemptions_of_one_call(daemon, kind) -> None:
    server, jtis = asks_back(kind, times=1)
    async with asking(kind, server) as client:
        jeton.enroll(client, SERVER)
        async with jeton.call("refund", {"order": "o"}) as scope:
            result = await client.call_tool("refund", {"order": "o"})
    assert result.content[0].text == "refunded after 2 rounds"
    assert (scope.attempts, len(set(jtis)), len(jtis)) == (2, 2, 2)
    assert result.meta["dev.jeton/receipt"]["jti"] == jtis[-1]
    redeemed = [event["jti"] for event in daemon.events(scope.txn) if event["event"] == "token.redeemed"]
    assert redeemed == jtis


@pytest.mark.parametrize("kind", KINDS)
async def test_a_round_more_than_the_grant_allows_gets_no_token(daemon, kind) -> None:
    server, jtis = asks_back(kind, times=2)
    async with asking(kind, server) as client:
        jeton.enroll(client, SERVER)
        async with jeton.call("refund", {"order": "o"}) as scope:
            with pytest.raises(Denied, match="too_many_attempts"):
                await client.call_tool("refund", {"order": "o"})
    assert (scope.attempts, len(jtis)) == (2, 2)
