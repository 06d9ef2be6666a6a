"""Pydantic AI: a permit for each tool call of an agent, `Agent(model, capabilities=[JetonCapability()])`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred, ToolFailed
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ..errors import BadArguments, JetonError
from ..scope import CallScope, current_call
from . import SCOPE_MEMBER, identifier, opened


class JetonCapability(AbstractCapability[Any]):  # type: ignore[misc]
    """Opens a scope around each function tool and MCP tool, and answers a refusal with ToolFailed.

    Put it last, so that policy sees the arguments that other capabilities leave.
    """

    async def wrap_tool_execute(
        self, ctx: Any, *, call: Any, tool_def: Any, args: Any, handler: Callable[[Any], Awaitable[Any]]
    ) -> Any:
        return await _run(lambda _: handler(args), _call_of, ctx, call.tool_name, args)


async def process_tool_call(ctx: Any, call_tool: Callable[..., Awaitable[Any]], name: str, tool_args: Any) -> Any:
    """For `MCPToolset(client, process_tool_call=process_tool_call)` in an agent without the capability, and where a
    transport does not see the tool's context: the request names its scope."""

    async def send(scope: CallScope) -> Any:
        return await call_tool(name, tool_args, metadata={SCOPE_MEMBER: scope.id})

    scope = current_call()
    if scope is None or not _is_of(scope, ctx):
        return await _run(send, _call_of, ctx, name, tool_args)
    return await send(scope)


def _is_of(scope: CallScope, ctx: Any) -> bool:
    """Whether the capability opened it for this very call. One around the whole run is no permit for its tools."""
    said = scope._said
    names = {"framework": "pydantic-ai", "call_id": identifier(ctx.tool_call_id), "run_id": identifier(ctx.run_id)}
    return names["call_id"] is not None and all(said.get(name) == value for name, value in names.items())


async def _run(tool: Callable[[CallScope], Awaitable[Any]], mapper: Callable[..., dict[str, Any]], *call: Any) -> Any:
    try:
        async with opened(mapper, *call) as scope:
            try:
                return await tool(scope)
            except (ApprovalRequired, CallDeferred) as wait:
                pause = wait
                scope.fail("cancelled", type(wait).__name__)
    except JetonError as refusal:
        raise ToolFailed(refusal.model_message) from None
    raise pause  # out of the scope, which would take it for the tool's failure


def _call_of(ctx: Any, name: str, args: Any) -> dict[str, Any]:
    try:
        arguments = to_jsonable_python(args)  # validated ones may be models, dates and the like
    except PydanticSerializationError:
        raise BadArguments("bad_arguments", "the validated arguments have no JSON form", tool=name) from None
    return {
        "tool": name,
        "arguments": arguments,
        "call_id": identifier(ctx.tool_call_id),
        "run_id": identifier(ctx.run_id),
        "session_id": identifier(getattr(ctx, "conversation_id", None)),
        "framework": "pydantic-ai",
    }
