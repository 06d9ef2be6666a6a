"""protect passes no tool by: agents as tools, realtime agents, and names that OpenAI's own tools have."""

from __future__ import annotations

from typing import Any

import pytest

agents = pytest.importorskip("agents")

from agents import Agent, FunctionTool, function_tool  # noqa: E402

from jeton.adapters.openai_agents import protect  # noqa: E402


class Server:
    """As much of an MCP server as protect looks at."""

    tool_meta_resolver = None

    async def call_tool(self, name: str, arguments: Any, meta: Any = None) -> str:
        return "ran"


def refund(order: str) -> str:
    """Pays an order back."""
    return order


def test_an_agent_as_tool_whose_mcp_servers_have_no_permit_is_refused() -> None:
    inner = Agent("inner", mcp_servers=[Server()])
    tool = inner.as_tool("inner", "asks it")
    with pytest.raises(TypeError):
        protect(Agent("outer", tools=[tool]))
    protect(Agent("outer", tools=[protect(inner).as_tool("inner", "asks it")]))


def test_an_agent_as_tool_whose_handoffs_have_no_permit_is_refused() -> None:
    inner = Agent("inner", handoffs=[Agent("third", tools=[function_tool(refund)])])
    with pytest.raises(TypeError):
        protect(Agent("outer", tools=[inner.as_tool("inner", "asks it")]))
    protect(Agent("outer", tools=[protect(inner).as_tool("inner", "asks it")]))


def test_a_realtime_agent_that_is_handed_off_to_is_protected() -> None:
    realtime = pytest.importorskip("agents.realtime")
    third = realtime.RealtimeAgent(name="third", tools=[function_tool(refund)])
    own = protect(realtime.RealtimeAgent(name="first", handoffs=[third]))
    (target,) = own.handoffs
    assert target is not third
    assert all(hasattr(tool, "_jeton") for tool in target.tools)


def test_a_function_tool_that_is_called_like_one_of_openais_gets_its_permit() -> None:
    class WebSearchTool(FunctionTool):
        pass

    async def search(context: Any, text: str) -> str:
        return text

    tool = WebSearchTool("search", "finds", {"type": "object", "properties": {}}, search)
    (own,) = protect(Agent("clerk", tools=[tool])).tools
    assert own is not tool and hasattr(own, "_jeton")
