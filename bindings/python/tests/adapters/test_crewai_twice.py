"""Registered and scoped at once: one scope for a call, and none left open."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import jeton
from jeton.testing import FakeSidecar

pytest.importorskip("crewai")

from jeton.adapters import crewai  # noqa: E402


def test_the_hooks_may_run_twice_for_a_call() -> None:
    context: Any = SimpleNamespace(
        tool_name="refund", tool_input={"order": "o-1"}, task=None, crew=None, agent=None, tool_result="done"
    )
    with FakeSidecar() as fake, fake.as_default():
        crewai.before(context)
        crewai.before(context)
        crewai.after(context)
        crewai.after(context)
        assert jeton.current_call() is None
        assert len(fake.happened("call.outcome")) == len(fake.happened("call.opened")) == 2
