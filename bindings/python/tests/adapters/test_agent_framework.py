"""The Agent Framework adapter beyond the contract: typed arguments, refusals below the tool, and tools that pause."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

import jeton

from .conftest import World
from .driver import Ask, Job, Script, Turn
from .policy import ELSEWHERE, GRANTED

agent_framework = pytest.importorskip("agent_framework")

from agent_framework import Agent, AgentSession, MiddlewareTermination, tool  # noqa: E402
from agent_framework.exceptions import ToolExecutionException, UserInputRequiredException  # noqa: E402

from jeton.adapters.agent_framework import JetonMiddleware  # noqa: E402

from .drivers.agent_framework import ScriptedClient  # noqa: E402


def play(fn: Callable[..., Any], arguments: dict[str, Any], **settings: Any) -> Job:
    """A run in which the model asks for one call of this function."""
    job = Job(Script([Turn(asks=[Ask(GRANTED, arguments, "call-1")]), Turn(text="all done")]), [])
    made = tool(name=GRANTED, **{"approval_mode": "never_require", **settings})(fn)
    agent = Agent(ScriptedClient(job.script), tools=[made], middleware=[JetonMiddleware()])
    asyncio.run(agent.run("go", session=AgentSession()))
    return job


def outcome(world: World, scope: jeton.CallScope) -> list[tuple[str, str | None]]:
    events = world.daemon.events(scope.txn)
    return [(event["outcome"], event.get("code")) for event in events if event["event"] == "call.outcome"]


def test_arguments_that_the_framework_made_objects_of_are_bound_as_the_model_wrote_them(world: World) -> None:
    bound: list[Any] = []

    async def refund(day: date, tags: set[str]) -> str:
        """Pays back."""
        scope = jeton.current_call()
        assert scope is not None
        bound.append((scope.arguments, day, tags))
        return "done"

    play(refund, {"day": "2026-11-25", "tags": ["late"]})

    assert bound == [({"day": "2026-11-25", "tags": ["late"]}, date(2026, 11, 25), {"late"})]


@pytest.mark.parametrize("value", [2**53, float("nan")])
def test_arguments_that_two_readers_could_read_differently_are_refused(world: World, value: Any) -> None:
    ran: list[Any] = []

    async def refund(amount: float) -> str:
        """Pays back."""
        ran.append(amount)
        return "done"

    job = play(refund, {"amount": value})

    assert ran == []
    assert "/amount in the arguments of refund cannot be used as JSON (bad_arguments)" in job.script.results[0]


def test_a_refusal_that_the_frameworks_mcp_tools_wrapped_is_read_by_the_model(world: World) -> None:
    scopes: list[Any] = []

    async def refund() -> str:
        """Pays back."""
        scopes.append(jeton.current_call())
        try:
            await scopes[0].amint(ELSEWHERE)
        except Exception as error:
            raise ToolExecutionException("Failed to call tool 'refund'.", inner_exception=error) from error
        return "done"

    job = play(refund, {})

    assert job.script.results == ["the call of refund was not authorised (no_grant)"]
    assert [how for how, _ in outcome(world, scopes[0])] == ["tool_error"]


def test_a_failure_of_a_tool_that_is_not_ours_stays_the_frameworks(world: World) -> None:
    async def refund() -> str:
        """Pays back."""
        raise ToolExecutionException("Failed to call tool 'refund'.") from OSError("broken pipe")

    assert play(refund, {}).script.results == ["Error: Function failed."]


def test_a_tool_that_pauses_for_the_user_is_a_cancelled_call(world: World) -> None:
    scopes: list[Any] = []

    async def refund() -> str:
        """Pays back."""
        scopes.append(jeton.current_call())
        raise UserInputRequiredException([], "which order?")

    play(refund, {})

    assert [how for how, _ in outcome(world, scopes[0])] == ["cancelled"]


def test_a_tool_that_waits_for_approval_is_not_opened(world: World) -> None:
    before = len(world.daemon.calls())

    async def refund() -> str:
        """Pays back."""
        raise AssertionError("it was not approved")

    play(refund, {}, approval_mode="always_require")

    assert len(world.daemon.calls()) == before


def test_a_tool_that_ends_the_run_ends_it(world: World) -> None:
    async def refund() -> str:
        """Pays back."""
        raise MiddlewareTermination("enough", result="that is all")

    job = play(refund, {})

    assert len(job.script.seen) == 1
