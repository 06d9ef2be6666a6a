"""Tokens for MCP clients: what `tools/call` sends to an enrolled server carries one, whoever sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import endpoints, seam, transports
from .endpoints import Where

__all__ = ["enroll", "instrument_mcp", "uninstrument_mcp"]


def instrument_mcp(servers: Iterable[str | tuple[str, Where]] | Mapping[str, Where | None] = ()) -> None:
    """From now on every MCP client session of this process mints a token for each `tools/call` on the wire.

    Only for the servers named here. One is the URL its transport is made with: scheme, host, port and path must be the
    same. Where it is reached otherwise, name it with the place: `("mcp:stdio:files", ["uvx", "mcp-files"])` is a local
    command with exactly these arguments, `("https://crm.example/mcp", "http://127.0.0.1:8080/mcp")` a tunnel. What
    leads anywhere else gets nothing. Transports that are already open are not known: call this first, or `enroll`.

    The scope is the one that `_meta["dev.jeton/scope"]` names by its id, else `current_call()`; without one
    `jeton.configure(unscoped=…)` decides. Safe to repeat; servers add up. ImportError where mcp is not installed.
    """
    endpoints.add(servers)
    transports.install()
    seam.install()


def uninstrument_mcp() -> None:
    """Undoes `instrument_mcp` and `enroll`. Sessions that are open send no tokens from here on."""
    seam.uninstall()
    transports.uninstall()
    endpoints.clear()


def enroll(session: Any, server: str) -> None:
    """Names the server behind one session, whatever its transport is; in memory there is no other way.

    `session` is a ClientSession, or a connected Client of mcp or fastmcp, whose present session is meant. Wins over
    what the transport says. RuntimeError when the client is not connected.
    """
    endpoints.check_name(server)
    transports.install()
    seam.install()
    seam.enroll(session, server)
