"""The LangChain adapters beyond the contract: MCP tools, retries, interrupts, and tools nobody registered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import Daemon

import jeton

from . import mcp_shop
from .conftest import World
from .driver import Ask, Job, Script, Turn
from .policy import GRANTED, NOT_GRANTED
from .tool_server import ToolServer, Visit, needs_no_token

pytest.importorskip("langchain")
pytest.importorskip("jeton.mcp")

from langchain.agents import create_agent  # noqa: E402
from langchain.agents.middleware import ToolRetryMiddleware  # noqa: E402
from langchain_core.messages import HumanMessage  # noqa: E402
from langchain_core.tools import BaseTool, StructuredTool  # noqa: E402
from langgraph.checkpoint.memory import InMemorySaver  # noqa: E402
from langgraph.types import Command, interrupt  # noqa: E402

from jeton.adapters.langchain import JetonMiddleware  # noqa: E402

from .drivers.langgraph import ScriptedChatModel, tools_of  # noqa: E402

INPUT = {"messages": [HumanMessage("refund my order")]}


def script(tool: str = GRANTED) -> Script:
    return Script([Turn(asks=[Ask(tool, {"order": "o-1", "amount": 7}, "call-1")]), Turn(text="all done")])


def agent_of(mine: Script, tools: list[BaseTool], *more: Any, saver: Any = None) -> Any:
    model = ScriptedChatModel(script=mine)
    return create_agent(model, tools, middleware=[JetonMiddleware(), *more], checkpointer=saver)


async def mcp_tools(how: dict[str, Any], stack: Any) -> list[BaseTool]:
    """The shop's tools as LangChain's: by langchain.mcp (mcp 2), else by langchain-mcp-adapters (mcp 1)."""
    try:
        from langchain.mcp import MCPAdapter
    except ImportError:
        from langchain_mcp_adapters.sessions import create_session
        from langchain_mcp_adapters.tools import load_mcp_tools

        session = await stack.enter_async_context(create_session({"transport": "stdio", **how}))
        await session.initialize()
        tools: list[BaseTool] = await load_mcp_tools(session)
        return tools
    from fastmcp.client.transports import StdioTransport

    adapter = await stack.enter_async_context(MCPAdapter(StdioTransport(**how)))
    found: list[BaseTool] = await adapter.list_tools()
    return found


def over_mcp(world: World, visits: Path) -> Script:
    from contextlib import AsyncExitStack

    mine = script()

    async def main(how: dict[str, Any]) -> None:
        async with AsyncExitStack() as stack:
            agent = agent_of(mine, await mcp_tools(how, stack))
            assert (await agent.ainvoke(INPUT))["messages"][-1].content == "all done"

    with mcp_shop.enrolled(visits, world.daemon.socket) as how:
        asyncio.run(main(how))
    return mine


def test_an_mcp_tool_runs_with_a_token_of_the_call_the_model_asked_for(world: World, tmp_path: Path) -> None:
    before = {call["txn"] for call in world.daemon.calls()}

    done = over_mcp(world, tmp_path / "visits")

    assert (tmp_path / "visits").read_text() == "o-1 7\n"
    assert "refunded o-1" in done.results[0]
    (call,) = [call for call in world.daemon.calls() if call["txn"] not in before]
    assert (call["call_id"], call["tool"], call["redemptions"], call["outcome"]) == ("call-1", GRANTED, 1, "ok")


def test_an_mcp_tool_does_not_run_without_a_sidecar(world: World, tmp_path: Path, gone: Daemon) -> None:
    jeton.configure(socket=gone.socket)

    done = over_mcp(world, tmp_path / "visits")

    assert not (tmp_path / "visits").exists()
    assert "the call of refund could not be authorised now (sidecar_unavailable)" in done.results[0]


async def fails_once(server: ToolServer, scope: Any, arguments: dict[str, Any]) -> str:
    verified = await server.present(scope, arguments)
    server.visits.append(Visit(scope, arguments, (verified,)))
    if len(server.visits) == 1:
        raise ConnectionError("the answer got lost")
    return "refunded o-1"


def test_a_retry_middleware_inside_makes_attempts_of_one_call(world: World) -> None:
    mine = script()
    tools = tools_of(Job(mine, [world.server.tool(GRANTED, fails_once, is_async=False)]))

    agent_of(mine, tools, ToolRetryMiddleware(max_retries=2, initial_delay=0, jitter=False)).invoke(INPUT)

    first, second = (visit.verified[0] for visit in world.server.visits)
    assert first.txn == second.txn
    assert first.jti != second.jti
    assert world.daemon.outcomes(first.txn)[-1] == "ok"
    assert mine.results == ["refunded o-1"]


def test_a_tool_that_interrupts_the_graph_is_no_failed_call(world: World) -> None:
    scopes = []

    def refund(order: str, amount: int) -> str:
        """Acts."""
        scopes.append(jeton.current_call())
        return f"refunded by {interrupt('who?')}"

    mine = script()
    agent = agent_of(mine, [StructuredTool.from_function(refund)], saver=InMemorySaver())
    config = {"configurable": {"thread_id": "session-1"}}
    agent.invoke(INPUT, config)
    agent.invoke(Command(resume="the clerk"), config)

    first, second = scopes
    assert first is not None and second is not None and first.txn != second.txn
    assert world.daemon.outcomes(first.txn) == ["cancelled"]
    assert world.daemon.outcomes(second.txn) == ["ok"]
    assert mine.results == ["refunded by the clerk"]


def test_a_tool_nobody_registered_is_refused_by_policy_first(world: World) -> None:
    mine = script(NOT_GRANTED)
    tools = tools_of(Job(mine, [world.server.tool(GRANTED, needs_no_token, is_async=False)]))

    agent_of(mine, tools).invoke(INPUT)

    assert "(no_grant)" in mine.results[0]


def test_an_id_that_the_log_cannot_hold_is_hashed_and_the_call_goes_on(world: World) -> None:
    from jeton.adapters import identifier

    mine = script()
    tools = tools_of(Job(mine, [world.server.tool(GRANTED, needs_no_token, is_async=False)]))
    thread = "Büro 7, thread 1"

    agent_of(mine, tools, saver=InMemorySaver()).invoke(INPUT, {"configurable": {"thread_id": thread}})

    scope = world.server.visits[0].scope
    assert scope is not None
    assert world.daemon.events(scope.txn)[0]["session_id"] == identifier(thread)
    assert str(identifier(thread)).startswith("sha256:")
