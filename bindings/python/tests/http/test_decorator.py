"""A guarded function runs for a redeemed token given beside its arguments, with the arguments that were verified."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgi_kit import SERVER

import jeton
from jeton import BadArguments, Verifier, current_verified_call
from jeton.servers.decorator import Refused, RequireCallToken


def guard(**options: Any) -> RequireCallToken:
    return RequireCallToken(SERVER, verifier=Verifier(SERVER, deadline=5), **options)


def test_a_function_runs_once_for_its_token_with_what_was_verified(daemon) -> None:
    ran = []

    @guard()
    def refund(order: str, lines: Any, amount: int = 5) -> str:
        call = current_verified_call()
        ran.append((order, lines, amount, call and call.txn))
        return "paid"

    with jeton.call("refund", {"order": "o", "lines": [1, 2], "amount": 5}) as scope:
        token = scope.mint(SERVER)
        assert refund("o", lines=(1, 2), call_token=token) == "paid"
        with pytest.raises(Refused, match="call not authorised") as refused:
            refund("o", lines=(1, 2), call_token=token.reveal())
    assert refused.value.code == "already_redeemed"
    assert ran == [("o", [1, 2], 5, scope.txn)]
    assert current_verified_call() is None
    assert daemon.outcomes(scope.txn) == ["ok", "ok"]


async def test_a_coroutine_function_and_a_method_are_guarded_too(daemon) -> None:
    class Desk:
        @guard(tool="crm.refund")
        async def refund(self, order: str) -> Any:
            await asyncio.sleep(0)
            return self, current_verified_call()

    desk = Desk()
    async with jeton.call("crm.refund", {"order": "o"}) as scope:
        who, call = await desk.refund("o", call_token=await scope.amint(SERVER))
        with pytest.raises(Refused):
            await desk.refund("o")
    assert who is desk and call.txn == scope.txn


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c"])
def test_without_a_good_token_the_function_does_not_run(daemon, token) -> None:
    ran = []

    @guard()
    def refund(order: str) -> None:
        ran.append(order)

    with pytest.raises(Refused) as refused:
        refund("o", call_token=token)
    assert (refused.value.code, ran) == ("bad_token", [])


def test_what_the_function_raises_goes_on_and_is_reported(daemon) -> None:
    @guard()
    def refund(order: str) -> None:
        raise KeyError(order)

    with jeton.call("refund", {"order": "o"}) as scope, pytest.raises(KeyError):
        refund("o", call_token=scope.mint(SERVER))
    assert "tool_error" in daemon.outcomes(scope.txn)


def test_arguments_that_are_not_json_and_functions_without_names_are_refused() -> None:
    @guard()
    def refund(order: Any) -> None: ...

    with pytest.raises(BadArguments):
        refund(b"bytes", call_token="x")
    for fn in (lambda *args: None, eval("lambda a, /: None")):
        with pytest.raises(TypeError):
            guard()(fn)
