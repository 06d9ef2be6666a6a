"""The `tools/call` request and its result, in the shapes of mcp 1 and mcp 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import BadArguments

TOKEN = "dev.jeton/token"
SCOPE = "dev.jeton/scope"
RECEIPT = "dev.jeton/receipt"
REFUSAL = "dev.jeton/refusal"
EXTENSION = "dev.jeton/call-token"


class ToolCall(NamedTuple):
    """A `tools/call` as the wire will show it."""

    request: Any
    """The request without a member of ours in its `_meta`; the caller's own object where it had none."""
    name: str
    scope_id: str | None
    """What `_meta["dev.jeton/scope"]` said."""

    def arguments(self) -> dict[str, Any]:
        """The arguments that will be sent. They are what the token is bound to, whatever they were made from."""
        try:
            params = _inner(self.request).params.model_dump(by_alias=True, mode="json", include={"arguments"})
        except ValueError as error:  # of pydantic's serializer; its text would show the value
            raise BadArguments(
                "bad_arguments", f"pydantic cannot write them: {type(error).__name__}", tool=self.name
            ) from None
        return params["arguments"] or {}

    def with_token(self, token: str) -> Any:
        """A request that carries the token. The one it is made from stays as it is."""
        return _with_meta(self.request, {**_meta(self.request), TOKEN: token})


def tool_call(request: Any) -> ToolCall | None:
    """None for any other request."""
    inner = _inner(request)
    if getattr(inner, "method", None) != "tools/call":
        return None
    meta = _meta(request)
    named = meta.get(SCOPE)
    if SCOPE in meta or TOKEN in meta:
        others = {name: value for name, value in meta.items() if name not in (SCOPE, TOKEN)}
        request = _with_meta(request, others)
    return ToolCall(request, inner.params.name, None if named is None else str(named))


def meta_of_result(result: Any) -> Mapping[str, Any]:
    """A result's `_meta`; empty for shapes that have none."""
    meta = getattr(result, "meta", None)
    return meta if isinstance(meta, Mapping) else {}


def is_error(result: Any) -> bool:
    """Whether the tool says that it failed."""
    name = "is_error" if hasattr(result, "is_error") else "isError"  # mcp 2, mcp 1
    return getattr(result, name, False) is True


def receipt_of(result: Any) -> dict[str, Any] | None:
    """The server's receipt, if it is one: it is not ours, and goes on to the log."""
    receipt = meta_of_result(result).get(RECEIPT)
    if not isinstance(receipt, Mapping):
        return None
    jti, at, index = (receipt.get(name) for name in ("jti", "redeemed_at", "log_index"))
    if not isinstance(jti, str) or len(jti) > 128 or type(at) is not int or type(index) is not int:
        return None
    return {"jti": jti, "redeemed_at": at, "log_index": index}


def refusal_of(result: Any) -> str | None:
    """The code with which a server of ours refused."""
    refusal = meta_of_result(result).get(REFUSAL)
    code = refusal.get("code") if isinstance(refusal, Mapping) else None
    return code if isinstance(code, str) and is_error(result) else None


def _inner(request: Any) -> Any:
    """mcp 1 wraps requests in a root model."""
    return getattr(request, "root", request)


def _meta(request: Any) -> dict[str, Any]:
    meta = getattr(_inner(request).params, "meta", None)
    if meta is None:
        return {}
    if isinstance(meta, Mapping):  # mcp 2
        return dict(meta)
    return {**{name: getattr(meta, name) for name in meta.model_fields_set}, **(meta.model_extra or {})}


def _with_meta(request: Any, meta: dict[str, Any]) -> Any:
    inner = _inner(request)
    old = inner.params.meta
    # In mcp 1 `_meta` is a model, whose class hangs on the one of the parameters.
    new: Any = (
        meta if isinstance(old, Mapping) or not hasattr(type(inner.params), "Meta") else type(inner.params).Meta(**meta)
    )
    copy = inner.model_copy(update={"params": inner.params.model_copy(update={"meta": new or None})})
    return copy if inner is request else request.model_copy(update={"root": copy})
