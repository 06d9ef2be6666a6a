"""A tool that `tools` names is guarded under its address too."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

fastmcp = pytest.importorskip("fastmcp")
addressing = pytest.importorskip("fastmcp.server.providers.addressing")

from fastmcp import Client, FastMCP, FastMCPApp  # noqa: E402

from jeton.servers.fastmcp import RequireCallToken  # noqa: E402


def test_the_hashed_name_of_a_guarded_tool_is_no_way_round(tmp_path: Any) -> None:
    import jeton

    ran: list[str] = []
    app = FastMCPApp("shop")

    @app.tool()
    def refund(order: str) -> str:
        ran.append(order)
        return "paid back"

    mcp = FastMCP("crm", middleware=[RequireCallToken("https://crm.example/mcp", tools=["refund"])])
    mcp.add_provider(app)

    async def main() -> None:
        jeton.configure(socket=str(tmp_path / "none.sock"))
        async with Client(mcp) as client:
            for name in ("refund", addressing.hashed_backend_name("shop", "refund")):
                result = await client.call_tool(name, {"order": "o-1"}, raise_on_error=False)
                assert result.is_error, name

    try:
        asyncio.run(main())
    finally:
        jeton.configure()
    assert ran == []
