"""The guard of an MCP server of mcp 2: an extension, `dev.jeton/call-token`, around `tools/call`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, compose_tool_call_handler
from mcp_types import CallToolRequestParams, CallToolResult, TextContent

from ..verifier import VerifiedCall, Verifier
from .gate import EXTENSION, RECEIPT, REFUSED_TEXT, Gate, Refused, take, verified_call

__all__ = ["RequireCallToken", "verified_call"]


class RequireCallToken(Extension):
    """`MCPServer("crm", extensions=[RequireCallToken("https://crm.example/mcp")])`.

    Every wire request is a call of its own: each round of a multi-round tool needs a fresh token. A tool gets the
    verified call as `call: Annotated[VerifiedCall, Resolve(verified_call)]`, which no schema shows. Put it last, so
    that no other extension changes what was verified.
    """

    identifier = EXTENSION

    def __init__(self, server: str, *, verifier: Verifier | None = None, tools: Sequence[str] | None = None) -> None:
        self._gate = Gate(server, verifier=verifier, tools=tools)

    def guard(self, server: Any) -> None:
        """Guards a lowlevel `Server`, which takes no extensions: after its `tools/call` handler was registered."""
        entry = server.get_request_handler("tools/call")
        if entry is None:
            raise RuntimeError("the server has no tools/call handler yet; register it before the guard")
        server.add_request_handler("tools/call", entry.params_type, compose_tool_call_handler([self], entry.handler))
        server.extensions[self.identifier] = self.settings()

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        token, ctx = _stripped(params, ctx)
        if not self._gate.guards(params.name):
            return await call_next(ctx)

        async def body(call: VerifiedCall) -> HandlerResult:
            # The handler is bound to this very object. It gets the copy that was digested.
            params.arguments = call.arguments
            return await call_next(ctx)

        try:
            call, result = await self._gate.run(params.name, params.arguments, token, body, _failed)
        except Refused as refused:
            return CallToolResult(
                content=[TextContent(type="text", text=REFUSED_TEXT)], is_error=True, _meta=refused.meta
            )
        return _with_receipt(result, call)


def _stripped(
    params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any]
) -> tuple[object, ServerRequestContext[Any, Any]]:
    """The token, taken from all places where a handler could see it."""
    token, params.meta = take(params.meta)
    _, meta = take(ctx.meta)
    raw = ctx.params
    if raw is not None:
        raw = {**raw, "_meta": take(raw.get("_meta"))[1]} if "_meta" in raw else raw
    return token, replace(ctx, meta=meta, params=raw)


def _failed(result: HandlerResult) -> bool:
    if isinstance(result, dict):
        return result.get("isError") is True
    return getattr(result, "is_error", False) is True


def _with_receipt(result: Any, call: VerifiedCall) -> HandlerResult:
    if result is None or isinstance(result, dict):
        return None if result is None else {**result, "_meta": {**(result.get("_meta") or {}), RECEIPT: call.receipt}}
    if "meta" not in type(result).model_fields:  # an extension's own shape
        return cast(HandlerResult, result)
    return cast(HandlerResult, result.model_copy(update={"meta": {**(result.meta or {}), RECEIPT: call.receipt}}))
