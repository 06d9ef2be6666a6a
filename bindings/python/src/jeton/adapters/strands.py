"""Strands Agents: a permit for each tool call, `Agent(…, plugins=[…, JetonPlugin()])`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from strands import Agent
from strands.interrupt import InterruptException
from strands.middleware import ExecuteToolContext, ExecuteToolStage, ToolResultEvent
from strands.plugins import Plugin

from ..errors import JetonError
from . import identifier, opened

Next = Callable[[ExecuteToolContext], AsyncIterator[Any]]


class JetonPlugin(Plugin):
    """Runs each tool in a scope; a refusal is the tool's result, with the status "error", and the tool has not run.

    Put it last: the last plugin is the innermost, so it sees the arguments that the others leave.
    """

    name = "jeton"

    def init_agent(self, agent: Agent) -> None:
        agent.add_middleware(ExecuteToolStage, guard)


async def guard(context: ExecuteToolContext, call_next: Next) -> AsyncIterator[Any]:
    """The middleware itself, for `agent.add_middleware(ExecuteToolStage, guard)`.

    The tool runs in a task, and so in a context of its own: in a generator, the scope would be current for whoever
    consumes the stream between two events.
    """
    events: asyncio.Queue[Any] = asyncio.Queue()
    tool = asyncio.create_task(_run(context, call_next, events.put_nowait))
    tool.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        if (result := await tool) is not None:
            yield result
    finally:
        tool.cancel()
        await asyncio.wait([tool])


async def _run(context: ExecuteToolContext, call_next: Next, show: Callable[[Any], None]) -> ToolResultEvent | None:
    """Shows what the tool streams, and returns its result once the scope is over; an interrupted tool has none."""
    result = None
    try:
        async with opened(_call_of, context) as scope:
            try:
                async for event in call_next(context):
                    if isinstance(event, ToolResultEvent):
                        result = event
                    else:
                        show(event)
            except InterruptException as pause:
                await scope.afinish("cancelled", type(pause).__name__)
                raise
            if result is None:
                scope.fail("cancelled")
            elif isinstance(result.exception, JetonError):
                raise result.exception
            elif result.tool_result.get("status") == "error":
                scope.fail(detail=result.exception and type(result.exception).__name__)
            return result
    except JetonError as refusal:
        content: list[Any] = [{"text": refusal.model_message}]
        call_id = str(context.tool_use.get("toolUseId"))
        return ToolResultEvent({"toolUseId": call_id, "status": "error", "content": content}, exception=refusal)


def _call_of(context: ExecuteToolContext) -> dict[str, Any]:
    agent: Any = context.agent
    return {
        "tool": context.tool_use["name"],
        "arguments": context.tool_use["input"],
        "call_id": identifier(context.tool_use.get("toolUseId")),
        "session_id": identifier(getattr(getattr(agent, "_session_manager", None), "session_id", None)),
        "framework": "strands",
        "agent_label": identifier(getattr(agent, "agent_id", None)),
    }
