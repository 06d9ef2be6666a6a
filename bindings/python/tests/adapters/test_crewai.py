"""The CrewAI adapter beyond the contract: a framework that runs a tool after every mistake of a hook."""

from __future__ import annotations

import pytest

from .conftest import World
from .driver import Ask, Job, Script, Turn
from .policy import GRANTED
from .tool_server import fails, needs_no_token

pytest.importorskip("crewai")

from crewai.hooks import HookAborted, InterceptionPoint  # noqa: E402
from crewai.hooks.dispatch import get_hooks  # noqa: E402

from jeton.adapters import crewai as adapter  # noqa: E402

from .drivers.crewai import DRIVER  # noqa: E402


def job(world: World, *, refused: bool = False) -> Job:
    asks = [Ask(GRANTED, {"order": "o-1", "amount": 2**60 if refused else 7}, "call-1")]
    tools = [world.server.tool(GRANTED, needs_no_token, is_async=False)]
    return Job(Script([Turn(asks=asks), Turn(text="all done")]), tools, protected=False)


def test_whatever_goes_wrong_in_the_hook_blocks_the_tool() -> None:
    with pytest.raises(HookAborted):
        adapter.before(object())


def test_registered_it_is_there_for_every_crew_and_once(world: World) -> None:
    adapter.register()
    adapter.register()
    try:
        assert get_hooks(InterceptionPoint.PRE_TOOL_CALL).count(adapter.before) == 1
        DRIVER.run(job(world))
        refused = job(world, refused=True)
        DRIVER.run(refused)
    finally:
        adapter.unregister()
    DRIVER.run(job(world))

    assert [visit.scope is None for visit in world.server.visits] == [False, True]
    assert "/amount in the arguments of refund" in refused.script.results[0]


def test_nothing_is_kept_of_calls_that_are_over(world: World) -> None:
    tools = [world.server.tool(GRANTED, fails, is_async=False)]
    DRIVER.run(Job(job(world).script, tools))
    DRIVER.run(Job(job(world, refused=True).script, tools))

    assert adapter._calls == {}
