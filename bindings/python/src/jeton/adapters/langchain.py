"""LangChain: a permit for each tool call of an agent, `create_agent(model, tools, middleware=[JetonMiddleware()])`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware

from . import langgraph


class JetonMiddleware(AgentMiddleware):  # type: ignore[misc]
    """Opens a scope around each tool, and answers a refusal with an error ToolMessage.

    Put it after middleware that changes arguments, so that policy sees what the tool gets, and before
    ToolRetryMiddleware, so that retries are attempts of one call.
    """

    def wrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        return langgraph.wrap_tool_call(request, handler, "langchain")

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        return await langgraph.awrap_tool_call(request, handler, "langchain")
