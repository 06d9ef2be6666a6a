"""The Strands adapter beyond the contract: hooks that change the call, streams, interrupts, and direct calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import jeton

from .conftest import World
from .driver import Ask, Job, Script, Turn
from .policy import GRANTED, NOT_GRANTED
from .tool_server import needs_no_token

pytest.importorskip("strands.middleware")

from strands import Agent, tool  # noqa: E402
from strands.hooks import BeforeToolCallEvent  # noqa: E402
from strands.interrupt import Interrupt, InterruptException  # noqa: E402
from strands.tools.executors import SequentialToolExecutor  # noqa: E402

from jeton.adapters.strands import JetonPlugin  # noqa: E402

from .drivers.strands import ScriptedModel  # noqa: E402


def script() -> Script:
    return Script([Turn(asks=[Ask(GRANTED, {"order": "o-1", "amount": 7}, "call-1")]), Turn(text="all done")])


def agent_of(job: Job, *tools: Any, **settings: Any) -> Agent:
    model = ScriptedModel(job.script)
    return Agent(model=model, tools=list(tools), plugins=[JetonPlugin()], callback_handler=None, **settings)


def refund_of(world: World, name: str = GRANTED) -> Any:
    return tool(name=name)(world.server.tool(name, needs_no_token, is_async=True).fn)


def outcomes(world: World, scope: jeton.CallScope) -> list[str]:
    return [event["outcome"] for event in world.daemon.events(scope.txn) if event["event"] == "call.outcome"]


def test_a_hook_that_comes_later_cannot_take_the_permit_away(world: World) -> None:
    job = Job(script(), [])
    forbidden = refund_of(world, NOT_GRANTED)
    agent = agent_of(job, refund_of(world), forbidden)

    def swaps(event: BeforeToolCallEvent) -> None:
        event.selected_tool = forbidden
        event.tool_use = {**event.tool_use, "name": NOT_GRANTED}

    agent.hooks.add_callback(BeforeToolCallEvent, swaps)
    agent("go")

    assert world.server.visits == []
    assert "delete_customer was not authorised (no_grant)" in job.script.results[0]


def test_what_a_tool_streams_is_read_while_no_scope_is_current(world: World) -> None:
    inside: list[Any] = []

    @tool(name=GRANTED)
    async def refund(order: str, amount: int) -> AsyncIterator[str]:
        """Pays back, and says how far it is."""
        inside.append(jeton.current_call())
        yield "half"
        inside.append(jeton.current_call())
        yield "done"

    job = Job(script(), [])
    agent = agent_of(job, refund, tool_executor=SequentialToolExecutor())
    streamed: list[Any] = []

    async def main() -> None:
        async for event in agent.stream_async("go"):
            job.script.between()
            streamed.append(event)

    asyncio.run(main())

    assert inside[0] is inside[1] is not None
    assert any("half" in repr(event.get("tool_stream_event", "")) for event in streamed)
    assert set(job.script.scopes) == {None}
    assert outcomes(world, inside[0]) == ["ok"]


def test_a_stream_that_is_left_ends_the_tool_and_the_call(world: World) -> None:
    inside: list[Any] = []

    @tool(name=GRANTED)
    async def refund(order: str, amount: int) -> AsyncIterator[str]:
        """Pays back, without an end."""
        inside.append(jeton.current_call())
        yield "half"
        await asyncio.Event().wait()

    agent = agent_of(Job(script(), []), refund, tool_executor=SequentialToolExecutor())

    async def main() -> None:
        stream = agent.stream_async("go")
        async for event in stream:
            if "tool_stream_event" in event:
                break
        await stream.aclose()
        for _ in range(1000):  # generators below it are closed by the loop, in its own time
            if outcomes(world, inside[0]):
                return
            await asyncio.sleep(0.01)

    asyncio.run(main())

    assert outcomes(world, inside[0]) == ["cancelled"]


def test_a_tool_that_asks_the_user_is_a_cancelled_call(world: World) -> None:
    inside: list[Any] = []

    @tool(name=GRANTED)
    async def refund(order: str, amount: int) -> str:
        """Pays back, if it may."""
        inside.append(jeton.current_call())
        raise InterruptException(Interrupt(id="i-1", name="sure"))

    result = agent_of(Job(script(), []), refund)("go")

    assert result.stop_reason == "interrupt"
    assert outcomes(world, inside[0]) == ["cancelled"]


def test_a_tool_that_the_program_calls_itself_needs_a_permit_too(world: World) -> None:
    agent = agent_of(Job(script(), []), refund_of(world), refund_of(world, NOT_GRANTED))

    assert agent.tool.refund(order="o-1", amount=7)["status"] == "success"
    refused = agent.tool.delete_customer(order="o-1", amount=7)

    assert refused["status"] == "error"
    assert refused["content"] == [{"text": "the call of delete_customer was not authorised (no_grant)"}]
    assert len(world.server.visits) == 1
