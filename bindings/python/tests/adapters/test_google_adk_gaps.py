"""Tools that hide from the guard do not run."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

import jeton

pytest.importorskip("google.adk")

from google.adk.tools import BaseTool, FunctionTool  # noqa: E402

from jeton.adapters.google_adk import JetonPlugin  # noqa: E402


def run(tool: Any, tmp_path: Any) -> None:
    """What ADK does with a tool: the callbacks, then the tool unless one of them answered. No sidecar is there."""
    plugin = JetonPlugin()
    invocation = SimpleNamespace(plugin_manager=SimpleNamespace(plugins=[plugin]))
    context: Any = SimpleNamespace(
        _invocation_context=invocation,
        function_call_id="c",
        invocation_id="i",
        session=SimpleNamespace(id="s"),
        agent_name="a",
    )

    async def main() -> Any:
        answer = await plugin.before_tool_callback(tool=tool, tool_args={}, tool_context=context)
        return answer or await tool.run_async(args={}, tool_context=context)

    jeton.configure(socket=str(tmp_path / "none.sock"))
    try:
        assert "error" in asyncio.run(main())
    finally:
        jeton.configure()


def test_a_tool_with_a_method_of_its_own_does_not_run_without_a_permit(tmp_path: Any) -> None:
    ran: list[str] = []

    async def traced(*, args: Any, tool_context: Any) -> dict[str, Any]:
        ran.append("body")
        return {}

    tool = FunctionTool(lambda: None)
    tool.run_async = traced  # type: ignore[method-assign]
    run(tool, tmp_path)
    assert ran == []


def test_a_tool_that_has_every_attribute_does_not_run_without_a_permit(tmp_path: Any) -> None:
    ran: list[str] = []

    class Proxy(BaseTool):
        def __getattr__(self, name: str) -> None:
            return None

        async def run_async(self, *, args: Any, tool_context: Any) -> Any:
            ran.append("body")
            return {}

    run(Proxy(name="x", description="x"), tmp_path)
    assert ran == []
