"""A shop's tools on FastMCP: none runs without a token for exactly that call. Over loopback HTTP, or stdio."""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jeton
from database import Row, Shop
from fastmcp import FastMCP
from fastmcp.dependencies import Depends
from fastmcp.exceptions import ToolError
from fastmcp.server.providers import Provider
from fastmcp.tools.base import Tool, ToolResult
from jeton.servers.fastmcp import RequireCallToken, verified_call
from places import DEADLINE_S, SHOP, TRANSCRIPT


def guarded(name: str) -> FastMCP:
    """A server on which every tool needs a token that names it."""
    return FastMCP(name, middleware=[RequireCallToken(name, verifier=jeton.Verifier(name, deadline=DEADLINE_S))])


def shop_server(shop: Shop) -> FastMCP:
    """The shop's four tools."""
    server = guarded(SHOP)

    @server.tool
    def lookup_order(order: int) -> Row:
        """One order, with what was paid back of it."""
        return told(lambda: shop.order(order))

    @server.tool
    def list_orders(email: str) -> list[Row]:
        """A customer's orders, the oldest first."""
        return told(lambda: shop.orders(email))

    @server.tool
    def refund(order: int, amount_cents: int, reason: str, call: jeton.VerifiedCall = Depends(verified_call)) -> Row:
        """Pays back a part of an order."""
        return told(lambda: shop.refund(call.txn, order, amount_cents, reason))

    @server.tool
    def sql_query(sql: str) -> list[Row]:
        """One SELECT on the shop's database."""
        return told(lambda: shop.query(sql))

    return server


def told(answer: Any) -> Any:
    """What the shop answers; its "no" is for the model to read."""
    try:
        return answer()
    except ValueError as error:
        raise ToolError(str(error)) from None


class Echo(Tool):
    """Answers with the arguments that arrived."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return ToolResult(content=json.dumps(arguments))


class AnyTool(Provider):
    """Has every tool that somebody names, and lists none: to replay transcripts of other servers' tools."""

    async def _list_tools(self) -> Sequence[Tool]:
        return []

    async def _get_tool(self, name: str, version: Any = None) -> Tool | None:
        return Echo(name=name, parameters={"type": "object"})


def transcript_server() -> FastMCP:
    """Any tool, guarded like the shop's."""
    server = guarded(TRANSCRIPT)
    server.add_provider(AnyTool())
    return server


async def serve(server: FastMCP) -> None:
    """Listens at a free loopback port; says where on stdout as soon as one can connect."""
    # Named as TCP, or asyncio would leave Nagle's delay on, and every answer would take 40 ms.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"ready http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
        await server.run_http_async(sockets=[listening], path="/mcp", show_banner=False, log_level="warning")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--db", type=Path, help="the shop, with its database in this file; made when it is not there")
    what.add_argument("--any-tool", action="store_true", help="a server that answers any tool with its arguments")
    parser.add_argument("--stdio", action="store_true", help="on stdin and stdout, as the child of an MCP client")
    options = parser.parse_args()
    jeton.install_log_filter()
    server = transcript_server() if options.any_tool else shop_server(Shop(options.db))
    asyncio.run(server.run_stdio_async(show_banner=False) if options.stdio else serve(server))


if __name__ == "__main__":
    main()
