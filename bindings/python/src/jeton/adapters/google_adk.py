"""Google ADK: a permit for each tool call, `Runner(…, plugins=[…, JetonPlugin()])`."""

from __future__ import annotations

import functools
from typing import Any

from google.adk.plugins import BasePlugin
from google.adk.tools import BaseTool, ToolContext

from ..errors import JetonError, error_of
from . import identifier, opened

_GUARDED = "_jeton_guarded"


class JetonPlugin(BasePlugin):
    """Runs each tool of the runner's agents and workflows in a scope; a refusal is the tool's result, `{"error": …}`.

    Its place among the plugins does not matter. ADK has no hook around a tool: before and after it are two, of which any
    other plugin or agent callback can answer in the place of the second, or change the arguments after the first. So the
    callback before the tool gives the tool a guard, and the guard runs below all callbacks and confirmations.
    """

    def __init__(self, name: str = "jeton") -> None:
        super().__init__(name)

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        try:
            # Of the class: a tool may have any attribute that is asked for.
            if not getattr(type(tool), _GUARDED, False):
                object.__setattr__(tool, "__class__", _guarded(type(tool)))
            if "run_async" in getattr(tool, "__dict__", ()):
                raise TypeError("a method of its own goes before the guard of the class")
        except TypeError:  # a tool that cannot be guarded
            return {"error": error_of("internal", tool=getattr(tool, "name", None)).model_message}
        return None


@functools.cache
def _guarded(kind: type[BaseTool]) -> type[BaseTool]:
    """That kind of tool with the guard. A subclass, so that copies of a tool keep it and are themselves."""

    async def run_async(self: BaseTool, *, args: dict[str, Any], tool_context: ToolContext) -> Any:
        if not _concerns(tool_context):
            return await kind.run_async(self, args=args, tool_context=tool_context)
        try:
            async with opened(_call_of, self, args, tool_context) as scope:
                result = await kind.run_async(self, args=args, tool_context=tool_context)
                if isinstance(result, dict) and (result.get("error") or result.get("isError")):
                    scope.fail()
                return result
        except JetonError as refusal:
            return {"error": refusal.model_message}

    # The name stays: traces call a tool by its class.
    members = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "run_async": run_async, _GUARDED: True}
    return type(kind.__name__, (kind,), members)


def _concerns(tool_context: ToolContext) -> bool:
    """False where the runner is one without the plugin, which shares the tool with one that has it."""
    plugins = tool_context._invocation_context.plugin_manager.plugins
    return any(isinstance(plugin, JetonPlugin) for plugin in plugins)


def _call_of(tool: BaseTool, args: dict[str, Any], tool_context: ToolContext) -> dict[str, Any]:
    return {
        "tool": tool.name,
        "arguments": args,
        "call_id": identifier(tool_context.function_call_id),
        "run_id": identifier(tool_context.invocation_id),
        "session_id": identifier(tool_context.session.id),
        "framework": "google-adk",
        "agent_label": identifier(tool_context.agent_name),
    }
