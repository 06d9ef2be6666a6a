"""What the guard of an MCP server adds to a tool call: verify, redeem and report. The token is minted before. One JSON.

python bindings/python/bench/mcp_check.py --socket PATH [--server URL] [--calls N]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

from mcp import Client
from mcp.server.mcpserver import MCPServer
from options import options_of

import jeton
from jeton.servers.mcp2 import RequireCallToken

ARGUMENTS = {"order": "A-17", "amount": 40}


def server_of(extensions: list[Any]) -> MCPServer:
    server = MCPServer("bench", extensions=extensions)

    @server.tool()
    async def bench(order: str, amount: int) -> str:
        return f"{amount} for {order}"

    return server


async def call_us(client: Client, meta: dict[str, Any] | None) -> float:
    began = time.perf_counter_ns()
    result = await client.call_tool("bench", ARGUMENTS, meta=meta)
    took = (time.perf_counter_ns() - began) / 1000
    assert not result.is_error, result
    return took


async def measure(server: str, calls: int) -> tuple[float, float]:
    guarded, plain = [], []
    async with Client(server_of([RequireCallToken(server)])) as with_guard, Client(server_of([])) as without:
        for _ in range(calls + 20):
            async with jeton.call("bench", ARGUMENTS, server=server) as scope:
                guarded.append(await call_us(with_guard, await scope.ameta(server)))
            plain.append(await call_us(without, None))
    return statistics.median(guarded[20:]), statistics.median(plain[20:])


def main() -> None:
    options = options_of(__doc__)
    jeton.configure(socket=options.socket, deadline=5)
    guarded, plain = asyncio.run(measure(options.server, options.calls))
    print(json.dumps({"check_us": round(guarded - plain, 1), "without_us": round(plain, 1)}))


if __name__ == "__main__":
    main()
