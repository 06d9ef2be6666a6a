"""An MCP server on stdio whose one tool needs a call token, for mcp 1 and mcp 2: `mcp_shop.py FILE`, a line a call."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jeton

SERVER = "mcp:stdio:shop"


@contextmanager
def enrolled(visits: Path, socket: str) -> Iterator[dict[str, object]]:
    """How to start it (command, args, env); what this process sends to it carries tokens meanwhile."""
    command, arguments = sys.executable, [__file__, str(visits)]
    jeton.instrument_mcp([(SERVER, [command, *arguments])])
    try:
        yield {"command": command, "args": arguments, "env": {**os.environ, "JETON_SOCKET": socket}}
    finally:
        jeton.uninstrument_mcp()


def main(visits: Path) -> None:
    """Serves until stdin ends."""
    import mcp.types

    if hasattr(mcp.types, "RequestParamsMeta"):
        from jeton.servers.mcp2 import RequireCallToken
        from mcp.server.mcpserver import MCPServer

        shop, guard = MCPServer("shop", extensions=[RequireCallToken(SERVER)]), None
    else:
        from jeton.servers.mcp1 import RequireCallToken
        from mcp.server.fastmcp import FastMCP

        shop, guard = FastMCP("shop"), RequireCallToken(SERVER)

    @shop.tool()
    def refund(order: str, amount: int) -> str:
        """Pays an order back."""
        with visits.open("a") as file:
            file.write(f"{order} {amount}\n")
        return f"refunded {order}"

    if guard is not None:
        guard.guard(shop)
    shop.run("stdio")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
