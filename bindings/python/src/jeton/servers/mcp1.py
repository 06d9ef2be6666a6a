"""The guard of an MCP server of mcp 1: a wrapper around its handler of `tools/call`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from mcp import types

from ..verifier import VerifiedCall, Verifier
from .gate import EXTENSION, RECEIPT, REFUSED_TEXT, TOKEN, Gate, Refused, verified_call

__all__ = ["RequireCallToken", "verified_call"]

Handler = Callable[[types.CallToolRequest], Awaitable[types.ServerResult]]


class RequireCallToken:
    """`RequireCallToken("https://crm.example/mcp").guard(server)`.

    A tool gets the verified call with `verified_call()`.
    """

    identifier = EXTENSION

    def __init__(self, server: str, *, verifier: Verifier | None = None, tools: Sequence[str] | None = None) -> None:
        self._gate = Gate(server, verifier=verifier, tools=tools)

    def guard(self, server: Any) -> None:
        """Guards a lowlevel `Server`, or the FastMCP of mcp 1, after its `tools/call` handler was registered."""
        handlers = getattr(server, "_mcp_server", server).request_handlers
        if types.CallToolRequest not in handlers:
            raise RuntimeError("the server has no tools/call handler yet; register it before the guard")
        handlers[types.CallToolRequest] = self.wrap(handlers[types.CallToolRequest])

    def wrap(self, handler: Handler) -> Handler:
        """The handler, run only for a call token."""

        async def guarded(request: types.CallToolRequest) -> types.ServerResult:
            params = request.params
            token = _take(params)
            if not self._gate.guards(params.name):
                return await handler(request)

            async def body(call: VerifiedCall) -> types.ServerResult:
                params.arguments = call.arguments
                return await handler(request)

            try:
                call, result = await self._gate.run(params.name, params.arguments, token, body, _failed)
            except Refused as refused:
                text = types.TextContent(type="text", text=REFUSED_TEXT)
                return types.ServerResult(types.CallToolResult(content=[text], isError=True, _meta=refused.meta))
            root = result.root
            root.meta = {**(root.meta or {}), RECEIPT: call.receipt}
            return result

        return guarded


def _take(params: types.CallToolRequestParams) -> object:
    """The token. The request context of the tool has this very `_meta`, so it is taken out of it."""
    extra = params.meta.model_extra if params.meta is not None else None
    return extra.pop(TOKEN, None) if extra else None


def _failed(result: types.ServerResult) -> bool:
    return getattr(result.root, "isError", False) is True
