"""The OpenAI Agents adapter beyond the contract: MCP servers, handoffs, and tools that it must not pass by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Daemon

import jeton

from . import mcp_shop
from .conftest import World
from .driver import Ask, Job, Script, Turn
from .leaks import tokens_in
from .policy import GRANTED
from .tool_server import needs_no_token, redeems

agents = pytest.importorskip("agents")
pytest.importorskip("jeton.mcp")

from agents import Agent, FunctionTool, RunConfig, Runner, WebSearchTool, function_tool, handoff  # noqa: E402
from agents.mcp import MCPServerStdio  # noqa: E402

from jeton.adapters.openai_agents import protect  # noqa: E402

from .drivers.openai_agents import model_of  # noqa: E402

CONFIG = RunConfig(tracing_disabled=True)
REFUND = Ask(GRANTED, {"order": "o-1", "amount": 7}, "call-1")


def script(*asks: Ask) -> Script:
    return Script([Turn(asks=asks or (REFUND,)), Turn(text="all done")])


def job(*asks: Ask) -> Job:
    return Job(script(*asks), [])


def over_mcp(world: World, visits: Path, do: Callable[[Any, Job], Awaitable[None]]) -> Job:
    """Runs an agent whose tools are an MCP server's; `do` has the server, connected, before it does."""
    mine = job()

    async def main(params: Any) -> None:
        async with MCPServerStdio(
            params, max_retry_attempts=2, retry_backoff_seconds_base=0.01, client_session_timeout_seconds=60
        ) as server:
            agent = protect(Agent("clerk", model=model_of(mine), mcp_servers=[server]))
            await do(server, mine)
            result = await Runner.run(agent, "refund my order", run_config=CONFIG)
            assert result.final_output == "all done"

    with mcp_shop.enrolled(visits, world.daemon.socket) as params:
        asyncio.run(main(params))
    return mine


async def nothing_more(server: Any, job: Job) -> None:
    return None


def test_an_mcp_tool_runs_with_a_token_of_the_call_the_model_asked_for(world: World, tmp_path: Path) -> None:
    done = over_mcp(world, tmp_path / "visits", nothing_more)

    assert (tmp_path / "visits").read_text() == "o-1 7\n"
    assert "refunded o-1" in done.script.results[0]
    (call,) = [call for call in world.daemon.calls() if call.get("server") == mcp_shop.SERVER]
    assert (call["call_id"], call["tool"], call["redemptions"], call["outcome"]) == ("call-1", GRANTED, 1, "ok")
    assert not tokens_in([*done.script.seen, *world.watch.spans], [])
    assert world.daemon.events(call["txn"])[0]["framework"] == "openai-agents"


def test_an_mcp_tool_does_not_run_without_a_sidecar(world: World, tmp_path: Path, gone: Daemon) -> None:
    jeton.configure(socket=gone.socket)

    done = over_mcp(world, tmp_path / "visits", nothing_more)

    assert not (tmp_path / "visits").exists()
    assert "the call of refund could not be authorised now (sidecar_unavailable)" in done.script.results[0]


def test_a_retry_of_the_sdk_is_an_attempt_of_the_same_call(world: World, tmp_path: Path) -> None:
    async def lose_the_first_answer(server: Any, job: Job) -> None:
        send = server.session.call_tool

        async def once(*args: Any, **kwargs: Any) -> Any:
            answer = await send(*args, **kwargs)
            server.session.call_tool = send
            raise ConnectionError("the answer got lost")

        server.session.call_tool = once

    before = {call["txn"] for call in world.daemon.calls()}
    done = over_mcp(world, tmp_path / "visits", lose_the_first_answer)

    assert (tmp_path / "visits").read_text() == "o-1 7\no-1 7\n", "the tool's own repetition is the tool's own"
    (call,) = [call for call in world.daemon.calls() if call["txn"] not in before]
    assert call["redemptions"] == 2
    jtis = [event["jti"] for event in world.daemon.events(call["txn"]) if event["event"] == "token.redeemed"]
    assert len(set(jtis)) == 2
    assert "refunded o-1" in done.script.results[0]


@pytest.mark.parametrize("wrap", [lambda agent: agent, handoff], ids=["agent", "handoff"])
def test_the_tools_of_an_agent_that_is_handed_to_run_in_a_scope(world: World, wrap: Callable[[Any], Any]) -> None:
    second, tool = job(), world.server.tool(GRANTED, redeems, is_async=True)
    clerk = Agent("clerk", model=model_of(second), tools=[function_tool(tool.fn)])
    first = Job(Script([Turn(asks=[Ask("transfer_to_clerk", {}, "call-0")])]), [])
    desk = Agent("desk", model=model_of(first), handoffs=[wrap(clerk)])

    result = asyncio.run(Runner.run(protect(desk), "refund my order", run_config=CONFIG))

    assert result.final_output == "all done"
    assert [visit.scope is not None for visit in world.server.visits] == [True]


def test_agents_that_hand_to_each_other_are_protected_once(world: World) -> None:
    one, two = Agent("one"), Agent("two")
    one.handoffs, two.handoffs = [two], [one]

    own = protect(one)

    assert own.handoffs[0].handoffs[0] is own
    assert own is not one and one.handoffs == [two]


def test_a_tool_that_no_permit_can_be_put_around_is_refused_when_the_agent_is_made() -> None:
    class ShellTool:
        name = "shell"

    with pytest.raises(TypeError, match="shell"):
        protect(Agent("clerk", tools=[ShellTool()]))

    protect(Agent("clerk", tools=[ShellTool(), WebSearchTool()]), leave=["shell"])


def test_an_agent_as_a_tool_must_be_protected_itself(world: World) -> None:
    tool = function_tool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)
    inner = Agent("inner", tools=[tool])

    with pytest.raises(TypeError, match="before as_tool"):
        protect(Agent("outer", tools=[inner.as_tool("ask_inner", "asks")]))

    protect(Agent("outer", tools=[protect(inner).as_tool("ask_inner", "asks")]))


def test_a_tool_made_by_hand_runs_in_a_scope(world: World) -> None:
    seen = []

    async def invoke(context: Any, text: str) -> str:
        seen.append(jeton.current_call())
        return "done"

    schema: dict[str, Any] = {"type": "object", "properties": {}}
    mine = job(Ask(GRANTED, {}, "call-1"))
    tool = FunctionTool(GRANTED, "acts", schema, invoke, strict_json_schema=False)
    asyncio.run(Runner.run(protect(Agent("clerk", model=model_of(mine), tools=[tool])), "go", run_config=CONFIG))

    assert seen[0] is not None and seen[0].tool == GRANTED
    assert mine.script.results == ["done"]


@pytest.mark.parametrize("text", ["{", "[1]", '{"order": NaN}'])
def test_arguments_that_are_not_json_are_refused_before_the_tool(world: World, text: str) -> None:
    mine = job(Ask(GRANTED, text, "call-1"))  # type: ignore[arg-type]
    tool = function_tool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)
    agent = protect(Agent("clerk", model=model_of(mine), tools=[tool]))

    asyncio.run(Runner.run(agent, "go", run_config=CONFIG))

    assert world.server.ran == 0
    assert "(bad_arguments)" in mine.script.results[0]


def test_an_approval_that_looks_at_the_arguments_still_does(world: World) -> None:
    asked = []

    async def needs_approval(context: Any, arguments: dict[str, Any], call_id: str) -> bool:
        asked.append(arguments)
        return False

    mine = job()
    tool = function_tool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn, needs_approval=needs_approval)
    agent = protect(Agent("clerk", model=model_of(mine), tools=[tool]))

    asyncio.run(Runner.run(agent, "go", run_config=CONFIG))

    assert asked == [{"order": "o-1", "amount": 7}]
    assert world.server.ran == 1
