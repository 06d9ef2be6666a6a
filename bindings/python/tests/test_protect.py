"""protect: a function that runs only with a permit."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from conftest import SERVER, Daemon

import jeton
from jeton.client import default_client


def test_a_function_runs_in_a_scope_with_its_arguments_by_name(daemon: Daemon):
    seen = []

    @jeton.protect
    def refund(order: str, amount: int = 5, *notes: str, urgent: bool = False, **more: int) -> str:
        """Pays back."""
        scope = jeton.current_call()
        assert scope is not None
        seen.append((scope.tool, scope.arguments, scope.txn))
        return "done"

    assert refund("A", urgent=True, x=1) == "done"

    tool, arguments, txn = seen[0]
    assert tool == "refund"
    assert arguments == {"order": "A", "amount": 5, "notes": [], "urgent": True, "x": 1}
    assert daemon.outcomes(txn) == ["ok"]
    assert refund.__doc__ == "Pays back." and "amount" in inspect.signature(refund).parameters


def test_a_coroutine_function_is_awaited_inside_the_scope(daemon: Daemon):
    @jeton.protect(tool="crm.refund", server=SERVER, framework="mine")
    async def refund(order: str) -> str:
        await asyncio.sleep(0)
        scope = jeton.current_call()
        assert scope is not None and scope.tool == "crm.refund"
        await scope.amint(SERVER)
        return scope.txn

    assert inspect.iscoroutinefunction(refund)
    txn = asyncio.run(refund("A"))
    assert daemon.events(txn)[0]["framework"] == "mine"
    assert daemon.outcomes(txn) == ["ok"]


def test_self_and_cls_are_no_arguments(daemon: Daemon):
    class Desk:
        @jeton.protect
        def one(self, order: str) -> dict:
            return jeton.current_call().arguments  # type: ignore[union-attr]

        @classmethod
        @jeton.protect
        def two(cls, order: str) -> dict:
            return jeton.current_call().arguments  # type: ignore[union-attr]

    assert Desk().one("A") == {"order": "A"}
    assert Desk.two(order="B") == {"order": "B"}


def test_what_is_denied_does_not_run(strict_daemon: Daemon):
    ran = []

    @jeton.protect
    def delete_customer(id: int) -> None:
        ran.append(id)

    with pytest.raises(jeton.Denied, match="no_grant"):
        delete_customer(7)
    assert ran == []


def test_arguments_that_are_not_json_are_refused_without_a_sidecar():
    jeton.configure(socket="/nowhere/agent.sock")

    @jeton.protect
    def store(blob: bytes) -> None:
        raise AssertionError("it ran")

    with pytest.raises(jeton.BadArguments) as raised:
        store(b"x")
    assert raised.value.pointer == "/blob"
    with pytest.raises(TypeError):
        store()  # type: ignore[call-arg]


def test_generators_are_refused_when_they_are_decorated():
    def generates():
        yield 1

    async def generates_later():
        yield 1

    for function in (generates, generates_later):
        with pytest.raises(TypeError, match="open a scope inside"):
            jeton.protect(function)


def test_a_plain_function_that_returns_a_coroutine_is_refused_and_its_body_not_run(daemon: Daemon):
    ran = []

    async def body() -> None:
        ran.append(1)

    @jeton.protect
    def lazily():
        return body()

    with pytest.raises(TypeError, match="async def"):
        lazily()
    assert ran == []
    assert daemon.calls()[0]["outcome"] == "tool_error"


def test_the_exception_of_the_tool_passes_unchanged(daemon: Daemon):
    error = LookupError("mine")

    @jeton.protect
    def refund() -> None:
        raise error

    with pytest.raises(LookupError) as raised:
        refund()
    assert raised.value is error
    assert default_client() is default_client()
