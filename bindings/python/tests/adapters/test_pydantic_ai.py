"""The Pydantic AI adapter beyond the contract: MCP toolsets, arguments that are models, and tools that wait."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Daemon

import jeton

from . import mcp_shop
from .conftest import World
from .driver import Ask, Script, Turn
from .policy import GRANTED

pytest.importorskip("pydantic_ai")
pytest.importorskip("jeton.mcp")

from fastmcp.client.transports import StdioTransport  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from pydantic_ai import Agent, DeferredToolRequests  # noqa: E402
from pydantic_ai.exceptions import ApprovalRequired  # noqa: E402
from pydantic_ai.mcp import MCPToolset  # noqa: E402
from pydantic_ai.models.function import FunctionModel  # noqa: E402

from jeton.adapters.pydantic_ai import JetonCapability, process_tool_call  # noqa: E402

from .drivers.pydantic_ai import answers  # noqa: E402


class Item(BaseModel):
    name: str


def script(arguments: dict[str, Any]) -> Script:
    return Script([Turn(asks=[Ask(GRANTED, arguments, "call-1")]), Turn(text="all done")])


def over_mcp(world: World, visits: Path, way: str) -> Script:
    """An agent whose tools are an MCP server's, guarded by the capability, the toolset's hook, or both."""
    mine = script({"order": "o-1", "amount": 7})

    async def main(how: dict[str, Any]) -> None:
        hook = process_tool_call if way != "capability" else None
        toolset = MCPToolset(StdioTransport(**how), process_tool_call=hook, init_timeout=60)
        capabilities = [JetonCapability()] if way != "hook" else []
        agent = Agent(FunctionModel(answers(mine)), toolsets=[toolset], capabilities=capabilities)
        async with agent:
            assert (await agent.run("refund my order", conversation_id="session-1")).output == "all done"

    with mcp_shop.enrolled(visits, world.daemon.socket) as how:
        asyncio.run(main(how))
    return mine


@pytest.mark.parametrize("way", ["capability", "hook", "both"])
def test_an_mcp_tool_runs_with_a_token_of_the_call_the_model_asked_for(world: World, tmp_path: Path, way: str) -> None:
    before = {call["txn"] for call in world.daemon.calls()}

    done = over_mcp(world, tmp_path / "visits", way)

    assert (tmp_path / "visits").read_text() == "o-1 7\n"
    assert "refunded o-1" in done.results[0]
    (call,) = [call for call in world.daemon.calls() if call["txn"] not in before]
    assert (call["call_id"], call["tool"], call["redemptions"], call["outcome"]) == ("call-1", GRANTED, 1, "ok")
    opened = world.daemon.events(call["txn"])[0]
    assert (opened["framework"], opened["session_id"]) == ("pydantic-ai", "session-1")


@pytest.mark.parametrize("way", ["capability", "hook"])
def test_an_mcp_tool_does_not_run_without_a_sidecar(world: World, tmp_path: Path, gone: Daemon, way: str) -> None:
    jeton.configure(socket=gone.socket)

    done = over_mcp(world, tmp_path / "visits", way)

    assert not (tmp_path / "visits").exists()
    assert "the call of refund could not be authorised now (sidecar_unavailable)" in done.results[0]


def test_validated_arguments_are_bound_in_their_json_form(world: World) -> None:
    seen = []

    def refund(item: Item, due: datetime.date) -> str:
        """Acts."""
        seen.append((item, jeton.current_call()))
        return "done"

    mine = script({"item": {"name": "pen"}, "due": "2026-01-02"})
    Agent(FunctionModel(answers(mine)), tools=[refund], capabilities=[JetonCapability()]).run_sync("go")

    ((item, scope),) = seen
    assert isinstance(item, Item) and scope is not None
    assert scope.arguments == {"item": {"name": "pen"}, "due": "2026-01-02"}


def test_arguments_without_a_json_form_are_refused_before_the_tool(world: World) -> None:
    ran = []

    def refund(amount: float) -> str:
        """Acts."""
        ran.append(amount)
        return "done"

    mine = script({"amount": "inf"})
    Agent(FunctionModel(answers(mine)), tools=[refund], capabilities=[JetonCapability()]).run_sync("go")

    assert ran == []
    assert "(bad_arguments)" in mine.results[0]


def test_a_tool_that_waits_for_approval_is_no_failed_call(world: World) -> None:
    scopes = []

    def refund(order: str) -> str:
        """Acts."""
        scopes.append(jeton.current_call())
        raise ApprovalRequired

    agent = Agent(
        FunctionModel(answers(script({"order": "o-1"}))),
        tools=[refund],
        capabilities=[JetonCapability()],
        output_type=[str, DeferredToolRequests],
    )
    waiting = agent.run_sync("go").output

    assert [call.tool_call_id for call in waiting.approvals] == ["call-1"]
    assert scopes[0] is not None
    assert world.daemon.outcomes(scopes[0].txn) == ["cancelled"]
