"""CrewAI: a permit for each tool call, `register()` once, or `with scoped(): crew.kickoff()`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from crewai.hooks import HookAborted, InterceptionPoint
from crewai.hooks.dispatch import get_hooks, register_scoped, scoped_hooks
from crewai.hooks.dispatch import register as add
from crewai.hooks.dispatch import unregister as remove

from ..errors import JetonError
from ..scope import CallScope
from . import identifier, opened

# What CrewAI makes of a tool's exception, before any hook sees it.
_ERROR = "Error executing tool"
# By the tool input, which is one object for both hooks of a call and belongs to no other: a scope, or why there is none.
_calls: dict[int, CallScope | JetonError] = {}


def register() -> None:
    """For all tools of the process. Call it last: the last hook sees the arguments that the others leave."""
    for point, hook in ((InterceptionPoint.PRE_TOOL_CALL, before), (InterceptionPoint.POST_TOOL_CALL, after)):
        if hook not in get_hooks(point):
            add(point, hook)


def unregister() -> None:
    remove(InterceptionPoint.PRE_TOOL_CALL, before)
    remove(InterceptionPoint.POST_TOOL_CALL, after)


@contextmanager
def scoped() -> Iterator[None]:
    """For the tools that run in this block, after all hooks of `register`."""
    with scoped_hooks():
        register_scoped(InterceptionPoint.PRE_TOOL_CALL, before)
        register_scoped(InterceptionPoint.POST_TOOL_CALL, after)
        yield


def before(context: Any) -> None:
    """Opens a scope, or blocks the tool. CrewAI swallows any other exception of a hook, and runs the tool."""
    try:
        refusal = _opened(context)
    except Exception as error:
        raise HookAborted(type(error).__name__, "jeton") from None
    if refusal is not None:
        raise HookAborted(refusal, "jeton")


def _opened(context: Any) -> str | None:
    # Registered and scoped, this runs twice for a call, and the later one sees what the tool gets.
    stale = _calls.pop(id(context.tool_input), None)
    if isinstance(stale, CallScope):
        stale.fail("cancelled")
        stale.__exit__(None, None, None)
    try:
        _calls[id(context.tool_input)] = opened(_call_of, context).__enter__()
    except JetonError as refusal:
        _calls[id(context.tool_input)] = refusal
        return refusal.model_message
    return None


def after(context: Any) -> str | None:
    """Closes the scope. CrewAI calls this for blocked tools too, with a text of its own; the model gets the reason."""
    call = _calls.pop(id(context.tool_input), None)
    if isinstance(call, JetonError):
        return call.model_message
    if call is not None:
        if str(context.tool_result).startswith(_ERROR):
            call.fail()
        call.__exit__(None, None, None)
    return None


def _call_of(context: Any) -> dict[str, Any]:
    return {
        "tool": context.tool_name,
        "arguments": context.tool_input,
        "run_id": identifier(getattr(context.task, "id", None)),
        "session_id": identifier(getattr(context.crew, "id", None)),
        "framework": "crewai",
        "agent_label": identifier(getattr(context.agent, "role", None)),
    }
