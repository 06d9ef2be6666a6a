"""LangGraph: a permit for each tool call of a ToolNode, `ToolNode(tools, **tool_node_kwargs())`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import ToolMessage
from langgraph.errors import GraphBubbleUp

from ..errors import JetonError
from ..scope import CallScope
from . import identifier, opened


def tool_node_kwargs() -> dict[str, Any]:
    """Both wrappers. With one of them only, ToolNode runs async graphs through the blocking one."""
    return {"wrap_tool_call": wrap_tool_call, "awrap_tool_call": awrap_tool_call}


def wrap_tool_call(request: Any, handler: Callable[[Any], Any], framework: str = "langgraph") -> Any:
    """Runs the tool in a scope. A refusal is an error ToolMessage, and the tool has not run."""
    try:
        with opened(_call_of, request, framework) as scope:
            try:
                return _noted(scope, handler(request))
            except GraphBubbleUp as bubble:
                pause = bubble
                scope.fail("cancelled", type(bubble).__name__)
    except JetonError as refusal:
        return _denial(request, refusal)
    raise pause  # out of the scope, which would take it for the tool's failure


async def awrap_tool_call(request: Any, handler: Callable[[Any], Awaitable[Any]], framework: str = "langgraph") -> Any:
    """`wrap_tool_call` for coroutines."""
    try:
        async with opened(_call_of, request, framework) as scope:
            try:
                return _noted(scope, await handler(request))
            except GraphBubbleUp as bubble:
                pause = bubble
                scope.fail("cancelled", type(bubble).__name__)
    except JetonError as refusal:
        return _denial(request, refusal)
    raise pause


def _call_of(request: Any, framework: str) -> dict[str, Any]:
    asked = request.tool_call
    execution = getattr(request.runtime, "execution_info", None)  # since langgraph 1.1
    config = getattr(request.runtime, "config", None) or {}
    return {
        "tool": asked["name"],
        "arguments": asked["args"],
        "call_id": identifier(asked["id"]),
        "run_id": identifier(getattr(execution, "run_id", None)),
        "session_id": identifier(
            getattr(execution, "thread_id", None) or config.get("configurable", {}).get("thread_id")
        ),
        "framework": framework,
    }


def _noted(scope: CallScope, result: Any) -> Any:
    """The result as it is; the log hears of it where it is an error."""
    if any(getattr(part, "status", None) == "error" for part in (result if isinstance(result, list) else [result])):
        scope.fail()
    return result


def _denial(request: Any, refusal: JetonError) -> ToolMessage:
    asked = request.tool_call
    return ToolMessage(refusal.model_message, name=asked["name"], tool_call_id=asked["id"], status="error")
