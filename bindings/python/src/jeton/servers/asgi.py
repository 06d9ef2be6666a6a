"""The guard of an ASGI application (FastAPI, Starlette …): `Authorization: Bearer` and the tool's arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

from ..arguments import dumps
from ..verifier import VerifiedCall, Verifier
from .gate import REFUSED_TEXT, Gate, Refused, verified_call

__all__ = ["RequireCallToken", "verified_call"]

Scope: TypeAlias = "MutableMapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[MutableMapping[str, Any]]]"
Send: TypeAlias = "Callable[[MutableMapping[str, Any]], Awaitable[None]]"
App: TypeAlias = "Callable[[Scope, Receive, Send], Awaitable[None]]"
Extractor: TypeAlias = "Callable[[Scope, bytes], tuple[str, Mapping[str, Any]]]"
"""(scope, body) → the tool and its arguments; ValueError for a request that says neither."""

_STATUS = {"already_redeemed": 409, "bad_arguments": 400, "bad_request": 400}
_FORBIDDEN = frozenset(
    {"wrong_audience", "wrong_tool", "args_mismatch", "wrong_role", "unknown_agent", "agent_disabled"}
)
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_UNAVAILABLE = frozenset({"sidecar_unavailable", "log_unavailable", "overloaded", "internal"})


class RequireCallToken:
    """`app.add_middleware(RequireCallToken, server="https://crm.example/tools", paths=["/tools/*"])`.

    `paths` are guarded, a `*` at the end standing for anything; without it all are. They are paths of the application,
    whatever it is mounted under, or whole paths; one slash more or less is the same path. `tools` maps a path to its tool;
    without it the tool is the last segment of the path. The arguments are the JSON object in the body (none is `{}`),
    and the application gets exactly what was verified, written anew. A query string would be a way round them and is
    refused. `extract` replaces both rules: what it does not return is not bound. The body is at most `body_max` bytes.

    The application does not see the token. A route gets the verified call with `Depends(verified_call)`. The receipt is
    the header `Jeton-Receipt`. A status of 400 or more is a tool that failed. Websockets on guarded paths are closed.
    """

    def __init__(
        self,
        app: App,
        server: str,
        *,
        paths: Sequence[str] = ("*",),
        tools: Mapping[str, str] | None = None,
        extract: Extractor | None = None,
        body_max: int = 1024 * 1024,
        verifier: Verifier | None = None,
    ) -> None:
        if isinstance(paths, str):
            raise TypeError("paths is a list; put the one path in brackets")
        self._app = app
        self._gate = Gate(server, verifier=verifier)
        self._paths = tuple(paths)
        self._tools = None if tools is None else dict(tools)
        self._extract = extract
        self._body_max = body_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not self._guards(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": REFUSED_TEXT})
        else:
            await self._guarded(scope, receive, send)

    def _guards(self, scope: Scope) -> bool:
        # An application that reads a path otherwise than we do would be a way round the guard: any reading will do.
        readings = [reading for path in self._readings(scope) for reading in (path, _tidy(path))]
        return any(
            path.startswith(p[:-1]) if p.endswith("*") else path in (p, _tidy(p))
            for path in readings
            for p in self._paths
        )

    def _readings(self, scope: Scope) -> list[str]:
        """The path as it came, and below what the application is mounted under."""
        path: str = scope["path"]
        roots = {scope.get("root_path") or "", getattr(self._app, "root_path", "") or ""}
        roots = {root.rstrip("/") for root in roots if isinstance(root, str)} - {""}
        return [path, *(path[len(root) :] for root in sorted(roots) if path.startswith(root + "/"))]

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive, self._body_max)
        if body is None:
            return await _answer(send, 413, "bad_request")
        try:
            if _CONTROL.search(scope["path"]):
                raise ValueError("a control character in a path is read in more than one way")
            tool, arguments = (self._extract or self._by_default)(scope, body)
        except (ValueError, RecursionError):
            return await _answer(send, 400, "bad_arguments")
        token, stripped = _without_token(scope)
        answered = _Answered(send)

        async def run(call: VerifiedCall) -> int:
            # What the application parses is what was verified: no second reading of the bytes that were sent.
            seen = body if self._extract else dumps(call.arguments)
            answered.receipt = json.dumps(call.receipt, separators=(",", ":")).encode()
            await self._app(stripped if self._extract else _json_body(stripped, seen), _replay(seen, receive), answered)
            return answered.status

        try:
            await self._gate.run(tool, arguments, token, run, lambda status: status >= 400)
        except Refused as refused:
            if answered.status:  # raised by the application itself, which has begun to answer
                raise
            await _answer(send, _status_of(refused.code), refused.code)

    def _by_default(self, scope: Scope, body: bytes) -> tuple[str, Mapping[str, Any]]:
        if scope.get("query_string"):
            raise ValueError("a query string is not bound")
        tool = scope["path"].rstrip("/").rpartition("/")[2] if self._tools is None else self._mapped(scope)
        if not body:
            return tool, {}
        arguments = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
        if not isinstance(arguments, dict):
            raise ValueError("the body is no JSON object")
        return tool, arguments

    def _mapped(self, scope: Scope) -> str:
        """The tool that `tools` has for this path; "" is none."""
        tools = self._tools or {}
        return next((tools[path] for path in self._readings(scope) if path in tools), "")


class _Answered:
    """`send`, with the receipt among the headers; remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.receipt = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", []), (b"jeton-receipt", self.receipt)]}
        await self._send(message)


def _tidy(path: str) -> str:
    """Without the differences that routers overlook: slashes twice or at the end, and control characters."""
    return re.sub("/+", "/", _CONTROL.sub("", path)).rstrip("/") or "/"


async def _body(receive: Receive, most: int) -> bytes | None:
    """None when it is more than `most` bytes, or when the client is gone."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _without_token(scope: Scope) -> tuple[str | None, Scope]:
    """The bearer token, and the scope without it. Two of them are none: who is to say which one is meant."""
    found = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    others = [(name, value) for name, value in scope["headers"] if name.lower() != b"authorization"]
    scheme, _, token = found[0].partition(b" ") if len(found) == 1 else (b"", b"", b"")
    text = token.strip().decode("latin-1") if scheme.lower() == b"bearer" else None
    return text or None, {**scope, "headers": others}


def _json_body(scope: Scope, body: bytes) -> Scope:
    framing = (b"content-length", b"content-type", b"content-encoding", b"transfer-encoding")
    others = [(name, value) for name, value in scope["headers"] if name.lower() not in framing]
    headers = [*others, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return {**scope, "headers": headers}


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is there twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _status_of(code: str) -> int:
    if code in _FORBIDDEN:
        return 403
    return 503 if code in _UNAVAILABLE else _STATUS.get(code, 401)


async def _answer(send: Send, status: int, code: str) -> None:
    problem = {"type": "about:blank", "title": REFUSED_TEXT, "status": status, "code": code, "detail": REFUSED_TEXT}
    body = json.dumps(problem).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"jeton-refusal", code.encode()),
    ]
    if status in (401, 403, 409):  # RFC 6750 section 3: whoever brought no token that is good for this
        headers.append((b"www-authenticate", b'Bearer error="invalid_token"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
