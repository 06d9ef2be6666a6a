"""Microsoft Agent Framework: a permit for each tool call, `Agent(client, tools=…, middleware=[…, JetonMiddleware()])`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from agent_framework import FunctionInvocationContext, FunctionMiddleware
from agent_framework.exceptions import ToolExecutionException, UserInputRequiredException
from pydantic_core import to_jsonable_python

from ..errors import JetonError
from . import identifier, opened


class JetonMiddleware(FunctionMiddleware):
    """Runs each tool in a scope; a refusal is the tool's result, and the tool has not run.

    Put it last: the last middleware is the innermost, so it sees the arguments that the others leave.
    """

    async def process(self, context: FunctionInvocationContext, call_next: Callable[[], Awaitable[None]]) -> None:
        try:
            async with opened(_call_of, context) as scope:
                try:
                    await call_next()
                except UserInputRequiredException as pause:
                    await scope.afinish("cancelled", type(pause).__name__)
                    raise
                except ToolExecutionException as failure:
                    # The framework's MCP tools wrap what goes wrong below them, a refused mint too.
                    if isinstance(failure.__cause__, JetonError):
                        raise failure.__cause__ from None
                    raise
        except JetonError as refusal:
            # Raised, it would reach the model as "Error: Function failed."
            context.result = refusal.model_message


def _call_of(context: FunctionInvocationContext) -> dict[str, Any]:
    return {
        "tool": context.function.name,
        # The framework has turned the model's JSON into what the tool declares (a date, a set, a model); this is the way
        # back, the one that the framework itself takes when it stores them.
        "arguments": to_jsonable_python(context.arguments),
        "call_id": identifier(context.metadata.get("call_id")),
        "session_id": identifier(getattr(context.session, "session_id", None)),
        "framework": "agent-framework",
    }
