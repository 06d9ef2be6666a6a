"""process_tool_call asks for a permit of its own inside a scope that is not this call's."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

import jeton
from jeton.testing import FakeSidecar, Grant

pytest.importorskip("pydantic_ai")

from pydantic_ai.exceptions import ToolFailed  # noqa: E402

from jeton.adapters.pydantic_ai import process_tool_call  # noqa: E402


def test_a_scope_around_the_run_is_no_permit_for_its_tools() -> None:
    ran: list[str] = []

    async def call_tool(name: str, arguments: Any, metadata: Any = None) -> str:
        ran.append(name)
        return "done"

    async def main() -> None:
        context = SimpleNamespace(tool_call_id="call-2", run_id="run-2", conversation_id=None, tool_name="erase")
        async with jeton.call("ask_a_helper"):  # a tool whose body runs another agent, or the program's own scope
            await process_tool_call(context, call_tool, "erase", {"all": True})

    with FakeSidecar([Grant("ask_a_helper")]) as fake, fake.as_default():
        with pytest.raises(ToolFailed, match="no_grant"):
            asyncio.run(main())
    assert ran == []
