"""Learns where each MCP transport leads, and keeps a token from being redirected away from there."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from types import CellType
from typing import Any

from . import endpoints
from .endpoints import Endpoint
from .wire import TOKEN

_log = logging.getLogger("jeton")

Transport = Callable[..., AsyncGenerator[Any, None]]

# By the identity of the stream that a session writes to. An entry lives as long as its transport.
_open: dict[int, tuple[Any, Endpoint]] = {}
_undo: list[Callable[[], None]] = []


def endpoint_of(write_stream: Any) -> Endpoint | None:
    """Where what is written to this stream goes; None if it is not the stream of a transport of mcp."""
    stream, endpoint = _open.get(id(write_stream), (None, None))
    return endpoint if stream is not None and stream is write_stream else None


def install() -> None:
    """Watches the transports of the installed mcp. Does nothing when it does already."""
    if _undo:
        return
    http = import_module("mcp.client.streamable_http")
    # Releases before 1.24 had only the first of these names, and later ones call the second from it.
    name = "streamable_http_client" if hasattr(http, "streamable_http_client") else "streamablehttp_client"
    _watch(getattr(http, name), _http_guarded(http))
    _watch(import_module("mcp.client.sse").sse_client, _http_guarded(http))
    _watch(import_module("mcp.client.stdio").stdio_client, _command)


def uninstall() -> None:
    while _undo:
        _undo.pop()()


def _watch(transport: Any, prepare: _Prepare) -> None:
    """Puts our generator below the context manager `transport`.

    Frameworks import these functions by name, so a new function in mcp's module would not be seen. The generator that
    `asynccontextmanager` keeps in its closure is the one thing that all of them share.
    """
    cell = _generator_cell(transport)
    original: Transport = cell.cell_contents
    cell.cell_contents = _watching(original, prepare)

    def undo() -> None:
        cell.cell_contents = original

    _undo.append(undo)


def _generator_cell(transport: Any) -> CellType:
    code, closure = getattr(transport, "__code__", None), getattr(transport, "__closure__", None)
    if code is None or closure is None or "func" not in code.co_freevars:
        raise RuntimeError(
            f"this release of mcp is not known: {transport!r} is no asynccontextmanager; use jeton.enroll"
        )
    cell: CellType = closure[code.co_freevars.index("func")]
    return cell


_Prepare = Callable[[dict[str, Any], AsyncExitStack], Any]
"""(arguments to change, what to leave later) → awaitable of the endpoint, or of None."""


def _watching(original: Transport, prepare: _Prepare) -> Transport:
    signature = inspect.signature(original)
    manager = asynccontextmanager(original)

    @functools.wraps(original)
    async def watched(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        async with AsyncExitStack() as stack:
            endpoint = await prepare(bound.arguments, stack)
            streams = await stack.enter_async_context(manager(*bound.args, **bound.kwargs))
            with _known(streams[1], endpoint):
                yield streams

    return watched


@contextmanager
def _known(write_stream: Any, endpoint: Endpoint | None) -> Iterator[None]:
    if endpoint is None:
        yield
        return
    _open[id(write_stream)] = (write_stream, endpoint)
    try:
        yield
    finally:
        del _open[id(write_stream)]


async def _command(arguments: dict[str, Any], stack: AsyncExitStack) -> Endpoint:
    server = arguments["server"]
    return endpoints.of_command(server.command, list(server.args))


def _http_guarded(http: Any) -> _Prepare:
    async def prepare(arguments: dict[str, Any], stack: AsyncExitStack) -> Endpoint | None:
        if "httpx_client_factory" in arguments:
            arguments["httpx_client_factory"] = _guarding(arguments["httpx_client_factory"])
        else:
            client = arguments.get("http_client")
            if client is None:
                # What mcp does itself, a step earlier, so that there is a client to guard.
                client = await stack.enter_async_context(http.create_mcp_http_client())
                arguments["http_client"] = client
            stack.enter_context(_guard(client))
        return endpoints.of_url(str(arguments["url"]))

    return prepare


def _guarding(factory: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(factory)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        client = factory(*args, **kwargs)
        client.event_hooks["response"].append(_stay)
        return client

    return guarded


@contextmanager
def _guard(client: Any) -> Iterator[None]:
    hooks = client.event_hooks["response"]
    hooks.append(_stay)
    try:
        yield
    finally:
        if _stay in hooks:
            hooks.remove(_stay)


async def _stay(response: Any) -> None:
    """Makes a redirect of a request that carries a token a plain answer, which the transport reports as a failure.

    mcp itself follows redirects within an origin, and before 1.30 it followed any: a 307 sends the body along, and the
    token in it. Only a slash more or less at the end of the path is the same place.
    """
    request = response.request
    if not response.has_redirect_location or not _carries_token(request):
        return
    try:
        target = request.url.join(response.headers["location"])
    except Exception:  # no URL at all: httpx will say so
        target = None
    if target is None or _place(target) != _place(request.url):
        del response.headers["location"]
        _log.warning("a redirect was not followed: it leads a call token away from its server; enroll the new URL")


def _carries_token(request: Any) -> bool:
    try:
        return TOKEN.encode() in request.content
    except Exception:  # a body that streams cannot be looked at
        return True


def _place(url: Any) -> tuple[str, str, int | None, str]:
    path = url.path
    return url.scheme, url.host, url.port, path[:-1] if len(path) > 1 and path.endswith("/") else path
