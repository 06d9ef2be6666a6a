"""How a call went: by the way the block ends, by what was said inside, and once."""

from __future__ import annotations

import asyncio
import logging
import sys

import pytest
from conftest import SERVER, Daemon

import jeton

ENDS: list[tuple[BaseException, str, str | None]] = [
    (ValueError("secret"), "tool_error", "ValueError"),
    (asyncio.CancelledError(), "cancelled", "CancelledError"),
    (KeyboardInterrupt(), "cancelled", "KeyboardInterrupt"),
    (GeneratorExit(), "cancelled", "GeneratorExit"),
    (SystemExit(1), "cancelled", "SystemExit"),
    (jeton.Unavailable("sidecar_unavailable"), "transport_error", "sidecar_unavailable"),
    (jeton.Denied("no_grant"), "tool_error", "no_grant"),
]
ends = pytest.mark.parametrize(("error", "outcome", "detail"), ENDS, ids=[type(row[0]).__name__ for row in ENDS])


def reported(daemon: Daemon, scope: jeton.CallScope) -> list[tuple[str, str | None]]:
    return [(e["outcome"], e.get("detail")) for e in daemon.events(scope.txn) if e["event"] == "call.outcome"]


@ends
def test_an_exception_is_reported_and_goes_on_unchanged(daemon: Daemon, error, outcome: str, detail: str):
    with pytest.raises(type(error)) as raised, jeton.call("refund") as scope:
        raise error

    assert raised.value is error
    assert reported(daemon, scope) == [(outcome, detail)]


@ends
def test_the_same_on_a_loop(daemon: Daemon, error, outcome: str, detail: str):
    scope = jeton.call("refund")

    async def main() -> BaseException | None:
        try:
            async with scope:
                raise error
        except BaseException as caught:
            return caught
        return None

    assert asyncio.run(main()) is error
    assert reported(daemon, scope) == [(outcome, detail)]


def test_an_error_result_is_marked_without_an_exception(daemon: Daemon):
    with jeton.call("refund") as scope:
        scope.fail(detail="is_error")
    assert reported(daemon, scope) == [("tool_error", "is_error")]

    with jeton.call("refund") as scope:
        scope.fail("transport_error")
    assert reported(daemon, scope) == [("transport_error", None)]


def test_the_first_report_counts(daemon: Daemon):
    with jeton.call("refund") as scope:
        scope.finish("tool_error", "first")
        scope.finish("ok")
    assert reported(daemon, scope) == [("tool_error", "first")]

    async def main() -> jeton.CallScope:
        async with jeton.call("refund") as scope:
            await scope.afinish()
            scope.fail()
        return scope

    assert reported(daemon, asyncio.run(main())) == [("ok", None)]


def test_an_outcome_or_detail_that_is_none_is_refused_here(daemon: Daemon):
    with jeton.call("refund") as scope:
        with pytest.raises(ValueError, match="an outcome is one of"):
            scope.fail("fine")
        with pytest.raises(ValueError, match="a detail is a code"):
            scope.fail(detail="free text")
        with pytest.raises(ValueError, match="a detail is a code"):
            scope.finish(detail="x" * 65)
    assert reported(daemon, scope) == [("ok", None)]


def test_a_receipt_goes_back_with_the_outcome_and_is_compared(daemon: Daemon):
    verifier = jeton.Verifier(SERVER)
    for forged in (False, True):
        with jeton.call("refund", server=SERVER) as scope:
            redeemed = verifier.redeem(scope.mint(SERVER).reveal(), "refund", {})
            scope.receipt({**redeemed.receipt, "log_index": redeemed.receipt["log_index"] + forged})
        outcome = daemon.events(scope.txn)[-1]
        assert outcome["outcome"] == "ok"
        assert outcome["receipt"] == ("mismatch" if forged else "match")


def test_how_long_it_took_is_reported(daemon: Daemon):
    with jeton.call("refund") as scope:
        pass
    assert 0 <= daemon.events(scope.txn)[-1]["duration_ms"] < 10_000


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("how", ["with", "async with"])
def test_an_outcome_that_cannot_be_reported_is_logged_once_and_replaces_nothing(
    daemon: Daemon, caplog: pytest.LogCaptureFixture, fails: bool, how: str
):
    def body() -> str:
        daemon.kill()
        if fails:
            raise LookupError
        return "the result"

    def with_() -> str:
        with jeton.call("refund"):
            return body()

    async def async_with() -> str:
        async with jeton.call("refund"):
            return body()

    jeton.configure(socket=daemon.socket, deadline=1)
    run = with_ if how == "with" else lambda: asyncio.run(async_with())
    if fails:
        with pytest.raises(LookupError):
            run()
    else:
        assert run() == "the result"

    assert [(r.name, r.levelno) for r in caplog.records] == [("jeton", logging.WARNING)]
    assert caplog.records[0].getMessage().endswith("was not reported: sidecar_unavailable")


def test_a_cancelled_task_reports_cancelled(daemon: Daemon):
    scope = jeton.call("refund")

    async def worker(inside: asyncio.Event) -> None:
        async with scope:
            inside.set()
            await asyncio.Event().wait()

    async def main() -> None:
        inside = asyncio.Event()
        task = asyncio.create_task(worker(inside))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert reported(daemon, scope) == [("cancelled", "CancelledError")]


def test_cancelling_again_and_again_loses_no_outcome(daemon: Daemon):
    """As anyio does: the task is cancelled at each await until it is gone."""
    scope = jeton.call("refund")

    async def worker(inside: asyncio.Event) -> None:
        async with scope:
            inside.set()
            await asyncio.Event().wait()

    async def main() -> None:
        inside = asyncio.Event()
        task = asyncio.create_task(worker(inside))
        await inside.wait()
        while not task.done():
            task.cancel()
            await asyncio.sleep(0)
        assert task.cancelled()
        for _ in range(1000):
            if daemon.outcomes(scope.txn):
                break
            await asyncio.sleep(0.005)

    asyncio.run(main())
    assert reported(daemon, scope) == [("cancelled", "CancelledError")]


def test_cancelled_while_reporting_an_exception_the_exception_goes_on(daemon: Daemon):
    scope = jeton.call("refund")

    async def worker() -> None:
        async with scope:
            asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)  # type: ignore[union-attr]
            raise LookupError("the tool's own")

    async def main() -> None:
        with pytest.raises(LookupError, match="the tool's own"):
            await asyncio.create_task(worker())

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="TaskGroup came with Python 3.11")
def test_siblings_of_a_task_group_each_report_their_own(daemon: Daemon):
    scopes = {name: jeton.call(name) for name in ("fails", "waits")}

    async def fails() -> None:
        async with scopes["fails"]:
            while not scopes["waits"].txn:
                await asyncio.sleep(0.001)
            raise LookupError

    async def waits() -> None:
        async with scopes["waits"]:
            await asyncio.Event().wait()

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(waits())

    with pytest.raises(BaseException):  # noqa: B017, PT011
        asyncio.run(main())
    assert reported(daemon, scopes["fails"]) == [("tool_error", "LookupError")]
    assert reported(daemon, scopes["waits"]) == [("cancelled", "CancelledError")]
