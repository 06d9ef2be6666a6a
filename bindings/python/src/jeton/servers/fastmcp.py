"""The guard of a FastMCP server: a middleware around `tools/call`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp_types import CallToolRequestParams, TextContent

from ..verifier import VerifiedCall, Verifier
from .gate import RECEIPT, REFUSED_TEXT, Gate, Refused, take, verified_call

__all__ = ["RequireCallToken", "verified_call"]


#: FastMCP finds tools of its apps by a hash too, whatever they are called: `__<hash>_<name>`.
_ADDRESS = re.compile("__[0-9a-f]+_")


class RequireCallToken(Middleware):
    """`FastMCP("crm", middleware=[RequireCallToken("https://crm.example/mcp")])`.

    A tool gets the verified call as `call: VerifiedCall = Depends(verified_call)`, which no schema shows. Put it last,
    so that no other middleware changes what was verified. Servers that are mounted may have one too: a wire request is
    redeemed once, and passes further down only with the arguments that were verified.
    """

    def __init__(self, server: str, *, verifier: Verifier | None = None, tools: Sequence[str] | None = None) -> None:
        self._gate = Gate(server, verifier=verifier, tools=tools)

    def _guards(self, name: str) -> bool:
        # An address says nothing of the name that `tools` has for the tool behind it.
        return self._gate.guards(name) or _ADDRESS.match(name) is not None

    async def on_call_tool(
        self, context: MiddlewareContext[CallToolRequestParams], call_next: CallNext[CallToolRequestParams, ToolResult]
    ) -> ToolResult:
        message = context.message
        wire = context.fastmcp_context.request_context if context.fastmcp_context else None
        token = _take(wire)
        if not self._guards(message.name) or _passes(self._gate.server, wire, context):
            return await call_next(context)

        async def body(call: VerifiedCall) -> ToolResult:
            verified = context.copy(message=message.model_copy(update={"arguments": call.arguments}))
            with _admitting(_Admission(wire, call.server, _text(call.arguments), [_host(context)])):
                return await call_next(verified)

        name = _wire_name(wire, message.name)
        try:
            call, result = await self._gate.run(name, message.arguments, token, body, _failed)
        except Refused as refused:
            return ToolResult(content=[TextContent(type="text", text=REFUSED_TEXT)], meta=refused.meta, is_error=True)
        return cast(ToolResult, _with_receipt(result, call))


@dataclass
class _Admission:
    """A wire request whose token was redeemed, on its way down through mounted servers."""

    wire: Any
    server: str
    arguments: str
    passed: list[Any] = field(default_factory=list)
    """The FastMCP servers it came through. It comes through each once: a tool that calls another one is a new call."""


_admission: ContextVar[_Admission | None] = ContextVar("jeton_admission", default=None)


@contextmanager
def _admitting(admission: _Admission) -> Iterator[None]:
    before = _admission.set(admission)
    try:
        yield
    finally:
        _admission.reset(before)


def _passes(server: str, wire: Any, context: MiddlewareContext[CallToolRequestParams]) -> bool:
    admission = _admission.get()
    # By the identity of the request: a context variable alone would follow a tool into the requests that it makes.
    if admission is None or wire is None or admission.wire is not wire or admission.server != server:
        return False
    host = _host(context)
    if any(host is other for other in admission.passed) or _text(context.message.arguments) != admission.arguments:
        return False
    admission.passed.append(host)
    return True


def _host(context: MiddlewareContext[Any]) -> Any:
    return context.fastmcp_context.fastmcp if context.fastmcp_context else None


def _text(arguments: Mapping[str, Any] | None) -> str:
    return json.dumps(arguments or {}, sort_keys=True, default=repr)


def _take(wire: Any) -> object:
    """The token, taken from where tools and proxies to other servers would find it. None outside a request."""
    if wire is None:
        return None
    token, wire.meta = take(wire.meta)
    raw = wire._srctx
    _, raw.meta = take(raw.meta)
    if raw.params is not None and "_meta" in raw.params:
        raw.params = {**raw.params, "_meta": take(raw.params["_meta"])[1]}
    return token


def _wire_name(wire: Any, name: str) -> str:
    """The name that the caller sent, where a server above put a namespace before ours."""
    sent = (wire._srctx.params or {}).get("name") if wire is not None else None
    return sent if isinstance(sent, str) and sent.endswith(f"_{name}") else name


def _failed(result: Any) -> bool:
    return getattr(result, "is_error", False) is True


def _with_receipt(result: Any, call: VerifiedCall) -> Any:
    if isinstance(result, InputRequiredToolResult):
        return result.model_copy(update={"input_required": _with_receipt(result.input_required, call)})
    if "meta" not in type(result).model_fields:  # an extension's own shape
        return result
    return result.model_copy(update={"meta": {**(result.meta or {}), RECEIPT: call.receipt}})
