"""What every adapter keeps, in every mode of its framework: the real loop, scripted model, real tool and sidecar."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from conftest import Daemon
from opentelemetry import trace

import jeton

from .conftest import World
from .driver import Ask, Driver, Job, Ran, Script, Turn
from .leaks import tokens_in
from .policy import GRANTED, NOT_GRANTED
from .tool_server import (
    Body,
    fails,
    is_replayed,
    meets_others,
    needs_no_token,
    never_ends,
    redeems,
    redeems_twice,
)

CALLS = 50
_DEADLINE_S = 20


class Play:
    """One framework in one mode, with tools of one kind."""

    def __init__(self, driver: Driver, mode: str, is_async: bool, world: World) -> None:
        self.driver = driver
        self.world = world
        self.server = world.server
        self._entry = getattr(driver, mode)
        self.is_async_mode = inspect.iscoroutinefunction(self._entry)
        self.async_tools = is_async

    def job(self, body: Body, *asks: Ask, tool: str = GRANTED, protected: bool = True) -> Job:
        """The model asks for these calls at once (one of `tool` when none is named), and then is done."""
        asked = asks or (Ask(tool, {"order": "o-1", "amount": 7}, "call-1"),)
        script = Script([Turn(asks=asked), Turn(text="all done")])
        return Job(script, [self.server.tool(tool, body, is_async=self.async_tools)], protected)

    def run(self, job: Job) -> Ran:
        """Runs it, and finds no scope left behind where it ran."""
        if self.is_async_mode:
            return asyncio.run(self.arun(job))
        try:
            ran: Ran = self._entry(job)
            return ran
        finally:
            job.script.between()

    async def arun(self, job: Job) -> Ran:
        try:
            ran: Ran = await self._entry(job)
            return ran
        finally:
            job.script.between()

    def observed(self, job: Job) -> tuple[Any, ...]:
        """All that a user of the framework sees of a run."""
        try:
            ran = self.run(job)
        except Exception as error:
            return type(error), str(error)
        return ran.text, job.script.results


@pytest.fixture
def play(driver: Driver, mode: str, is_async: bool, world: World) -> Play:
    return Play(driver, mode, is_async, world)


def test_the_token_is_nowhere_but_on_the_wire(play: Play) -> None:
    job = play.job(redeems)
    play.driver.instrument(True)
    try:
        with trace.get_tracer("contract").start_as_current_span("a user's request"):
            ran = play.run(job)
    finally:
        play.driver.instrument(False)

    assert [len(visit.verified) for visit in play.server.visits] == [1], "the tool ran with a token"
    texts = [ran.text, ran.kept, *job.script.seen, *job.script.results, *play.world.watch.logs, *play.world.watch.spans]
    assert play.world.watch.spans
    assert "refunded o-1" in "".join(job.script.seen), "what the model is shown was recorded"
    assert not tokens_in(texts, play.server.tokens)


def test_the_watch_over_leaks_finds_a_token_that_leaks(play: Play) -> None:
    async def leaks(server: Any, scope: Any, arguments: dict[str, Any]) -> str:
        await server.present(scope, arguments)
        return f"I used {server.tokens[-1]}"

    job = play.job(leaks)
    play.run(job)

    assert tokens_in(job.script.seen, play.server.tokens)


def test_without_a_sidecar_the_tool_does_not_run_and_the_model_reads_why(play: Play, gone: Daemon) -> None:
    jeton.configure(socket=gone.socket)
    job = play.job(needs_no_token)

    ran = play.run(job)

    assert play.server.ran == 0
    assert "the call of refund could not be authorised now (sidecar_unavailable)" in job.script.results[0]
    assert ran.text == "all done"


def test_without_the_adapter_the_tool_runs_without_a_sidecar(play: Play, gone: Daemon) -> None:
    jeton.configure(socket=gone.socket)

    play.run(play.job(needs_no_token, protected=False))

    assert [visit.scope for visit in play.server.visits] == [None]


def test_a_retry_of_one_call_gets_a_new_token_of_the_same_call(play: Play) -> None:
    job = play.job(redeems_twice)

    play.run(job)

    (visit,) = play.server.visits
    first, second = visit.verified
    assert visit.scope is not None
    assert first.txn == second.txn == visit.scope.txn
    assert first.jti != second.jti
    assert first.attempt < second.attempt
    assert "refunded o-1" in job.script.results[0]


def test_a_replayed_request_is_refused_by_the_tool_server(play: Play) -> None:
    job = play.job(is_replayed)

    ran = play.run(job)

    assert play.server.refused == ["already_redeemed"]
    if play.driver.sees_errors:
        assert "the call of refund was not authorised (already_redeemed)" in job.script.results[0]
    assert "replayed without a refusal" not in job.script.results[0]
    assert ran.text == "all done"


def test_fifty_calls_at_once_keep_to_themselves(play: Play) -> None:
    asks = [Ask(GRANTED, {"order": f"o-{n}", "amount": n}, f"call-{n}") for n in range(CALLS)]
    job = play.job(meets_others, *asks)

    play.run(job)

    assert [text for n, text in enumerate(job.script.results) if f"refunded o-{n}" not in text] == []
    assert len(job.script.results) == CALLS
    visits = sorted(play.server.visits, key=lambda visit: visit.arguments["amount"])
    assert [visit.arguments for visit in visits] == [ask.arguments for ask in asks]
    for ask, visit in zip(asks, visits, strict=True):
        assert visit.scope is not None
        assert visit.scope.arguments == visit.verified[0].arguments == ask.arguments
        assert visit.scope.txn == visit.verified[0].txn
        if play.driver.has_call_ids:
            assert visit.verified[0].call_id == ask.call_id
    assert len({visit.verified[0].txn for visit in visits}) == CALLS
    assert len({visit.verified[0].jti for visit in visits}) == CALLS
    assert (play.server.most_at_once > 1) == play.driver.parallel


def test_a_refusal_is_read_by_the_model_and_the_run_goes_on(play: Play) -> None:
    job = play.job(needs_no_token, tool=NOT_GRANTED)

    ran = play.run(job)

    assert play.server.ran == 0
    assert "the call of delete_customer was not authorised (no_grant)" in job.script.results[0]
    assert "billing" not in job.script.seen[-1] and "refunds" not in job.script.seen[-1], "nothing of the policy"
    assert ran.text == "all done"


def test_one_refusal_of_several_calls_leaves_the_others_alone(play: Play) -> None:
    good = Ask(GRANTED, {"order": "o-1", "amount": 7}, "call-1")
    bad = Ask(NOT_GRANTED, {"order": "o-2", "amount": 7}, "call-2")
    job = play.job(redeems, good, bad)
    tools = [*job.tools, play.server.tool(NOT_GRANTED, needs_no_token, is_async=play.async_tools)]

    play.run(Job(job.script, tools))

    assert play.server.ran == 1
    assert "refunded o-1" in job.script.results[0]
    assert "(no_grant)" in job.script.results[1]


@pytest.mark.parametrize("body", [redeems, fails, is_replayed])
def test_no_scope_is_current_once_the_tool_is_done(play: Play, body: Body) -> None:
    job = play.job(body)

    play.observed(job)

    assert play.server.visits[0].scope is not None, "there was one while the tool ran"
    assert len(job.script.scopes) > 1
    assert job.script.scopes == [None] * len(job.script.scopes)


def test_no_scope_is_current_once_the_run_is_cancelled(play: Play) -> None:
    if not play.async_tools:
        pytest.skip("only a tool that awaits can be cancelled")
    job = play.job(never_ends)

    async def until_the_tool_runs(run: asyncio.Task[Ran]) -> None:
        while not play.server.visits and not run.done():
            await asyncio.sleep(0.005)

    async def cancel() -> None:
        run = asyncio.create_task(play.arun(job))
        await asyncio.wait_for(until_the_tool_runs(run), _DEADLINE_S)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        job.script.between()

    asyncio.run(cancel())

    scope = play.server.visits[0].scope
    assert scope is not None
    assert job.script.scopes == [None] * len(job.script.scopes)
    assert play.world.daemon.outcomes(scope.txn) == ["cancelled"]


def test_a_bug_of_the_adapter_refuses_the_call(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> dict[str, Any]:
        raise KeyError("tool_calls: o-1")

    monkeypatch.setattr(play.driver.mapper, broken)
    job = play.job(needs_no_token)

    ran = play.run(job)

    assert play.server.ran == 0
    assert "could not be authorised now (internal)" in job.script.results[0]
    assert ran.text == "all done"
    assert any("KeyError" in line and "o-1" not in line for line in play.world.watch.logs), "an operator is told"


def test_the_tools_own_exception_does_what_it_does_without_the_adapter(play: Play) -> None:
    with_it = play.observed(play.job(fails))
    without = play.observed(play.job(fails, protected=False))

    assert with_it == without
    assert [visit.scope is None for visit in play.server.visits] == [False, True]


def test_the_result_is_what_it_is_without_the_adapter(play: Play) -> None:
    with_it = play.observed(play.job(needs_no_token))
    without = play.observed(play.job(needs_no_token, protected=False))

    assert with_it == without == ("all done", with_it[1])
    assert "done o-1" in with_it[1][0]


def test_the_log_knows_the_frameworks_names_for_the_call(play: Play) -> None:
    ran = play.run(play.job(redeems))

    (visit,) = play.server.visits
    assert visit.scope is not None
    opened = play.world.daemon.events(visit.scope.txn)[0]
    assert (opened["event"], opened["tool"]) == ("call.opened", GRANTED)
    assert opened["framework"] == play.driver.framework
    assert opened.get("run_id") == ran.run_id
    assert (ran.run_id is not None) == play.driver.names_runs
    assert opened.get("session_id") == ran.session_id
    assert (ran.session_id is not None) == play.driver.names_sessions
    if play.driver.has_call_ids:
        assert opened["call_id"] == "call-1"


@pytest.mark.parametrize(("body", "outcome"), [(redeems, "ok"), (fails, "tool_error")])
def test_the_log_knows_how_the_call_went(play: Play, body: Body, outcome: str) -> None:
    play.observed(play.job(body))

    scope = play.server.visits[0].scope
    assert scope is not None
    assert play.world.daemon.outcomes(scope.txn) == [outcome if play.driver.sees_errors else "ok"]
