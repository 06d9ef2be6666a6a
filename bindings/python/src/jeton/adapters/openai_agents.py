"""OpenAI Agents SDK: a permit for each function tool and each MCP tool, `agent = protect(agent)`."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Collection
from typing import Any

from agents import FunctionTool

from ..errors import BadArguments, JetonError
from . import opened
from .openai_agents_mcp import guard, names_of

#: Run by OpenAI or by nobody: no call of theirs passes through this process.
_HOSTED = {"FileSearchTool", "WebSearchTool", "HostedMCPTool", "CodeInterpreterTool", "ImageGenerationTool"}
_HOSTED |= {"ToolSearchTool", "ProgrammaticToolCallingTool"}


def protect(agent: Any, *, leave: Collection[str] = ()) -> Any:
    """A copy of the agent, and of those it hands off to, whose tools run in a scope. A refusal is the tool's output.

    Its MCP servers are guarded in place; `jeton.instrument_mcp` puts the tokens on their requests. TypeError for tools
    that run here and have no place for a permit, unless their names are in `leave`.
    """
    return _protected(agent, leave, {})


def _protected(agent: Any, leave: Collection[str], done: dict[int, tuple[Any, Any]]) -> Any:
    if id(agent) not in done:
        own = agent.clone(tools=[_wrapped(tool, leave) for tool in agent.tools], handoffs=[])
        done[id(agent)] = agent, own  # before its handoffs, which may lead back here
        own.handoffs.extend(_handoff(target, leave, done) for target in agent.handoffs)
        for server in own.mcp_servers:
            guard(server)
    return done[id(agent)][1]


def _handoff(target: Any, leave: Collection[str], done: dict[int, tuple[Any, Any]]) -> Any:
    if hasattr(target, "tools"):  # an Agent or a RealtimeAgent, and no Handoff
        return _protected(target, leave, done)
    own = copy.copy(target)

    async def hand_off(*args: Any) -> Any:
        return _protected(await target.on_invoke_handoff(*args), leave, done)

    own.on_invoke_handoff = hand_off
    own._jeton = True
    return own


def _is_protected(agent: Any, leave: Collection[str], seen: set[int]) -> bool:
    """Whether every way that leads from this agent to a tool that runs here has its permit."""
    if id(agent) in seen:
        return True
    seen.add(id(agent))
    return (
        all(_wrapped(tool, leave) is tool for tool in agent.tools)
        and all(hasattr(server, "_jeton") for server in agent.mcp_servers)
        and all(
            _is_protected(target, leave, seen) if hasattr(target, "tools") else hasattr(target, "_jeton")
            for target in agent.handoffs
        )
    )


def _hosted(tool: Any) -> bool:
    # By name, as older releases lack some; but a function of this process is one under any name.
    return type(tool).__name__ in _HOSTED and not isinstance(tool, FunctionTool)


def _wrapped(tool: Any, leave: Collection[str]) -> Any:
    if getattr(tool, "name", None) in leave or _hosted(tool) or hasattr(tool, "_jeton"):
        return tool
    inner = getattr(tool, "_agent_instance", None)
    if not isinstance(tool, FunctionTool) or (inner and not _is_protected(inner, leave, set())):
        raise TypeError(
            f"no permit can be put around {tool.name}; protect an agent before as_tool, or `leave` the tool"
        )
    own = copy.copy(tool)
    # Inside the SDK's handling of the tool's exceptions where it has one, so that these are seen before they are text.
    invoker, place = own.on_invoke_tool, "_invoke_tool_impl"
    if not hasattr(invoker, place) or invoker is tool.on_invoke_tool:
        invoker, place = own, "on_invoke_tool"
    invoke = getattr(invoker, place)

    @functools.wraps(invoke)
    async def with_permit(context: Any, text: str) -> Any:
        try:
            async with opened(_call_of, context, text):
                return await invoke(context, text)
        except JetonError as refusal:
            if getattr(own, "output_json_schema", None) is not None:
                raise  # its output must keep to a schema, which a sentence does not
            return refusal.model_message

    setattr(invoker, place, with_permit)
    own._jeton = True
    return own


def _call_of(context: Any, text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text) if text else {}
    except ValueError:
        raise BadArguments("bad_arguments", "the model's arguments are not JSON", tool=context.tool_name) from None
    return {"tool": context.tool_name, "arguments": arguments, "framework": "openai-agents", **names_of(context)}
