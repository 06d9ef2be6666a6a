"""OpenAI Agents SDK: a permit for each call of an MCP server, wherever the SDK's retries take it."""

from __future__ import annotations

import inspect
from typing import Any

from agents import get_current_trace

from ..errors import JetonError
from . import SCOPE_MEMBER, identifier, opened

#: How the SDK's hook for metadata, which knows the call, tells the server's method, which makes it. Never sent.
_NAMES = "dev.jeton/names"


def guard(server: Any) -> None:
    """Puts a scope around every call of the server's tools, which the SDK's own retries are then attempts of."""
    if hasattr(server, "_jeton"):
        return
    resolve, send = server.tool_meta_resolver, server.call_tool

    async def named(context: Any) -> dict[str, Any]:
        meta = resolve(context) if resolve is not None else None
        meta = await meta if inspect.isawaitable(meta) else meta
        return {**(meta or {}), _NAMES: names_of(context.run_context)}

    async def call_tool(tool_name: str, arguments: dict[str, Any] | None, meta: Any = None) -> Any:
        meta = dict(meta or {})
        try:
            async with opened(_mcp_call_of, tool_name, arguments, meta.pop(_NAMES, {})) as scope:
                result = await send(tool_name, arguments, meta={**meta, SCOPE_MEMBER: scope.id})
                if getattr(result, "is_error", None) or getattr(result, "isError", None):
                    scope.fail()
                return result
        except JetonError as refusal:
            from mcp.types import CallToolResult

            content = [{"type": "text", "text": refusal.model_message}]
            return CallToolResult.model_validate({"content": content, "isError": True})

    server.tool_meta_resolver, server.call_tool, server._jeton = named, call_tool, True


def _mcp_call_of(tool: str, arguments: dict[str, Any] | None, names: dict[str, Any]) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments, "framework": "openai-agents", **names}


def names_of(context: Any) -> dict[str, Any]:
    """The run is its trace, and the session the group of traces it is in."""
    config, trace = getattr(context, "run_config", None), get_current_trace()
    run_id = getattr(config, "trace_id", None) or getattr(trace, "trace_id", None)
    return {
        "call_id": identifier(getattr(context, "tool_call_id", None)),
        "run_id": identifier(run_id if run_id != "no-op" else None),
        "session_id": identifier(getattr(config, "group_id", None) or getattr(trace, "group_id", None)),
    }
