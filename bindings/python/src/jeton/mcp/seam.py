"""The one place that every `tools/call` of an MCP client passes: below retries and rounds, in the caller's task."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from ..client import settings
from ..errors import CLASSES, Denied
from ..scope import CallScope, call, current_call
from . import endpoints, transports, wire
from .wire import ToolCall

Send = Callable[[Any], Awaitable[Any]]
"""Sends one request; a new JSON-RPC id each time."""

_sessions: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
_failed: WeakSet[CallScope] = WeakSet()
_undo: list[Callable[[], None]] = []


def install() -> None:
    """Wraps `ClientSession.send_request`. Does nothing when it is wrapped already."""
    if _undo:
        return
    session: Any = import_module("mcp.client.session").ClientSession
    own = session.__dict__.get("send_request")  # mcp 1 inherits it, and its server sessions do too
    session.send_request = _wrapped(session.send_request)

    def undo() -> None:
        if own is None:
            del session.send_request
        else:
            session.send_request = own

    _undo.append(undo)


def uninstall() -> None:
    while _undo:
        _undo.pop()()
    _sessions.clear()


def enroll(session: Any, server: str) -> None:
    from mcp.client.session import ClientSession

    if not isinstance(session, ClientSession):
        session = session.session  # of a client, which says so itself when it is not connected
    _sessions[session] = server


def server_of(session: Any) -> str | None:
    """The enrolled server a session leads to: by name, else by its transport."""
    named = _sessions.get(session)
    if named is not None:
        return named
    # mcp 2 keeps the stream in its dispatcher, and has none in memory.
    writer = getattr(session, "_write_stream", None) or getattr(
        getattr(session, "_dispatcher", None), "_write_stream", None
    )
    endpoint = transports.endpoint_of(writer)
    return None if endpoint is None else endpoints.server_at(endpoint)


def _wrapped(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(original)
    async def send_request(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        asked = wire.tool_call(request)
        if asked is None:
            return await original(self, request, *args, **kwargs)

        def send(outgoing: Any) -> Awaitable[Any]:
            return original(self, outgoing, *args, **kwargs)

        server = server_of(self)
        if server is None:
            return await send(asked.request)
        return await _send_call(asked, server, send)

    return send_request


async def _send_call(asked: ToolCall, server: str, send: Send) -> Any:
    scope = _scope_of(asked)
    if scope is not None:
        return await _attempt(scope, asked, asked.arguments(), server, send)
    unscoped = settings().unscoped
    if unscoped == "pass":
        return await send(asked.request)
    if unscoped == "deny":
        raise Denied("denied_by_policy", "this request is in no call scope, and configure() said deny", tool=asked.name)
    arguments = asked.arguments()
    async with call(asked.name, arguments, server=server, framework="mcp") as own:
        return await _attempt(own, asked, arguments, server, send)


def _scope_of(asked: ToolCall) -> CallScope | None:
    """The one that is named goes before the one around: who names it knows better than the context."""
    if asked.scope_id is None:
        return current_call()
    scope = CallScope.by_id(asked.scope_id)
    if scope is None:
        raise Denied("unknown_call", "the call scope that _meta names is over or of another process", tool=asked.name)
    return scope


async def _attempt(scope: CallScope, asked: ToolCall, arguments: dict[str, Any], server: str, send: Send) -> Any:
    """One token, one request; once more when the server did not know the token's key, as after a restart."""
    result = await _with_fresh_token(scope, asked, arguments, server, send)
    if wire.refusal_of(result) == "unknown_key":
        result = await _with_fresh_token(scope, asked, arguments, server, send)
    _note(scope, result)
    return result


async def _with_fresh_token(
    scope: CallScope, asked: ToolCall, arguments: dict[str, Any], server: str, send: Send
) -> Any:
    token = await scope.amint(server, tool=asked.name, arguments=arguments)
    return await send(asked.with_token(token.reveal()))


def _note(scope: CallScope, result: Any) -> None:
    """What the result says goes back with the outcome. A later attempt that goes well takes a failure back."""
    receipt = wire.receipt_of(result)
    if receipt is not None:
        scope.receipt(receipt)
    if wire.is_error(result):
        code = wire.refusal_of(result)
        scope.fail("tool_error", code if code in CLASSES else None)
        _failed.add(scope)
    elif scope in _failed:
        scope.fail("ok")
        _failed.discard(scope)
