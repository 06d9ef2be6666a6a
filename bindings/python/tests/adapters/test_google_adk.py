"""The Google ADK adapter beyond the contract: beside other plugins and callbacks, and on tools that others use too."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from conftest import Daemon

import jeton

from .conftest import World
from .driver import Ask, Job, Script, Turn
from .policy import GRANTED
from .tool_server import fails, needs_no_token

pytest.importorskip("google.adk")

from google.adk.plugins import BasePlugin  # noqa: E402
from google.adk.tools import FunctionTool  # noqa: E402

from jeton.adapters.google_adk import JetonPlugin  # noqa: E402

from .drivers.google_adk import ran_by, runner_of  # noqa: E402


class Answers(BasePlugin):
    """A plugin that has an answer of its own wherever it is asked, so that ADK asks nobody after it."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        super().__init__("answers")
        self._answers = answers

    async def before_tool_callback(self, **_: Any) -> dict[str, Any] | None:
        return self._answers.get("before")

    async def after_tool_callback(self, **_: Any) -> dict[str, Any] | None:
        return self._answers.get("after")

    async def on_tool_error_callback(self, **_: Any) -> dict[str, Any] | None:
        return self._answers.get("error")


def job() -> Job:
    return Job(Script([Turn(asks=[Ask(GRANTED, {"order": "o-1", "amount": 7}, "call-1")]), Turn(text="all done")]), [])


def play(tools: list[Any], plugins: list[BasePlugin], **settings: Any) -> Job:
    mine = job()
    asyncio.run(ran_by(runner_of(mine, tools, plugins, **settings), mine))
    return mine


def outcomes(world: World, txn: str) -> list[str]:
    return [event["outcome"] for event in world.daemon.events(txn) if event["event"] == "call.outcome"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_plugin_that_answers_after_the_tool_leaves_the_outcome_to_us(world: World, place: int) -> None:
    plugins: list[BasePlugin] = [Answers(after={"result": "changed"})]
    plugins.insert(place, JetonPlugin())

    done = play([FunctionTool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)], plugins)

    (visit,) = world.server.visits
    assert visit.scope is not None
    assert outcomes(world, visit.scope.txn) == ["ok"]
    assert "changed" in done.script.results[0]


@pytest.mark.parametrize("place", [0, 1])
def test_a_plugin_that_answers_an_error_does_not_make_it_a_success(world: World, place: int) -> None:
    plugins: list[BasePlugin] = [Answers(error={"result": "try again"})]
    plugins.insert(place, JetonPlugin())

    play([FunctionTool(world.server.tool(GRANTED, fails, is_async=True).fn)], plugins)

    (visit,) = world.server.visits
    assert visit.scope is not None
    assert outcomes(world, visit.scope.txn) == ["tool_error"]


def test_a_call_that_a_later_plugin_answers_is_not_opened(world: World) -> None:
    before = len(world.daemon.calls())

    play(
        [FunctionTool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)],
        [JetonPlugin(), Answers(before={"result": "cached"})],
    )

    assert world.server.visits == []
    assert len(world.daemon.calls()) == before


def test_the_arguments_that_an_agents_callback_leaves_are_the_ones_decided_on(world: World) -> None:
    def doubles(tool: Any, args: dict[str, Any], tool_context: Any) -> None:
        args["amount"] *= 2

    play(
        [FunctionTool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)],
        [JetonPlugin()],
        before_tool_callback=doubles,
    )

    (visit,) = world.server.visits
    assert visit.scope is not None
    assert visit.scope.arguments == visit.arguments == {"order": "o-1", "amount": 14}


def test_a_tool_shared_with_a_runner_without_the_plugin_runs_there_as_before(world: World, gone: Daemon) -> None:
    tool = FunctionTool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)
    play([tool], [JetonPlugin()])
    jeton.configure(socket=gone.socket)

    play([tool], [])
    refused = play([tool], [JetonPlugin()])

    assert [visit.scope is None for visit in world.server.visits] == [False, True]
    assert "could not be authorised now" in refused.script.results[0]


def test_a_copy_of_a_guarded_tool_is_guarded_and_runs_its_own_function(world: World) -> None:
    async def another(order: str, amount: int) -> str:
        """Something else."""
        return f"another {order}, {jeton.current_call() is not None}"

    first = FunctionTool(world.server.tool(GRANTED, needs_no_token, is_async=True).fn)
    play([first], [JetonPlugin()])
    second = copy.copy(first)
    second.func = another

    done = play([second], [JetonPlugin()])

    assert "another o-1, True" in done.script.results[0]
    assert type(second).__name__ == "FunctionTool"


def test_a_tool_that_can_have_no_guard_does_not_run() -> None:
    rigid: Any = "an object whose class cannot be changed"

    answer = asyncio.run(JetonPlugin().before_tool_callback(tool=rigid, tool_args={}, tool_context=rigid))

    assert answer == {"error": "the call could not be authorised now (internal)"}
