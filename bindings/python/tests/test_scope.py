"""One call from the permit to the outcome, with and without a loop, against a real sidecar."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
from typing import Any

import pytest
from conftest import SERVER, Daemon

import jeton

ARGUMENTS = {"order": "A-17", "amount": 40}


def run(scope: jeton.CallScope, body, how: str) -> Any:
    """Enters the scope in one way or the other and runs `body(scope)` inside."""
    if how == "with":
        with scope as inside:
            return body(inside)

    async def main() -> Any:
        async with scope as inside:
            return body(inside)

    return asyncio.run(main())


both = pytest.mark.parametrize("how", ["with", "async with"])


@both
def test_the_permit_is_in_the_log_before_the_body_and_the_outcome_after_it(daemon: Daemon, how: str):
    seen = []

    def body(scope: jeton.CallScope) -> str:
        seen.extend(event["event"] for event in daemon.events(scope.txn))
        return scope.txn

    txn = run(jeton.call("refund", ARGUMENTS, call_id="call_1", run_id="run-7", framework="test"), body, how)

    assert seen == ["call.opened"]
    opened, outcome = daemon.events(txn)
    assert (opened["tool"], opened["call_id"], opened["run_id"]) == ("refund", "call_1", "run-7")
    assert (opened["framework"], opened["grant"]) == ("test", "dev")
    assert (outcome["event"], outcome["outcome"]) == ("call.outcome", "ok")


@both
def test_with_a_server_the_first_token_comes_with_the_permit(daemon: Daemon, how: str):
    def body(scope: jeton.CallScope) -> str:
        assert [event["event"] for event in daemon.events(scope.txn)] == ["token.minted"]
        token = scope.mint(SERVER)
        assert [event["event"] for event in daemon.events(scope.txn)] == ["token.minted"]
        assert (token.attempt, token.previous, scope.attempts, scope.last_jti) == (1, "none", 1, token.jti)
        again = scope.mint(SERVER)
        assert (again.attempt, again.previous, scope.attempts) == (2, "unredeemed", 2)
        return token.jti

    assert run(jeton.call("refund", ARGUMENTS, server=SERVER), body, how)


def test_every_attempt_is_a_new_token_of_the_same_call(daemon: Daemon):
    async def main() -> list[jeton.SecretToken]:
        async with jeton.call("refund", ARGUMENTS) as scope:
            return [await scope.amint(SERVER), await scope.amint(SERVER)]

    with jeton.call("refund", ARGUMENTS) as scope:
        tokens = [scope.mint(SERVER), scope.mint(SERVER)]
    for one, two in (tokens, asyncio.run(main())):
        assert one.jti != two.jti and one != two
        assert (one.attempt, two.attempt) == (1, 2)


def test_the_wire_may_have_another_name_and_other_arguments_than_the_model(daemon: Daemon):
    verifier = jeton.Verifier(SERVER)
    with jeton.call("crm__refund", {"args": ARGUMENTS}) as scope:
        token = scope.mint(SERVER, tool="refund", arguments=ARGUMENTS)

        assert verifier.redeem(token.reveal(), "refund", ARGUMENTS).txn == scope.txn
        with pytest.raises(jeton.Denied, match="call_mismatch"):
            scope.mint(SERVER, tool="other", arguments=ARGUMENTS)


def test_a_first_token_is_not_taken_for_true_where_1_was_bound(daemon: Daemon):
    with jeton.call("refund", {"n": 1}, server=SERVER) as scope, pytest.raises(jeton.Denied, match="call_mismatch"):
        scope.mint(SERVER, arguments={"n": True})


def test_headers_and_meta_carry_a_token_each(daemon: Daemon):
    async def main(scope: jeton.CallScope) -> list[dict[str, str]]:
        return [await scope.aheaders(SERVER), await scope.ameta(SERVER)]

    with jeton.call("refund", ARGUMENTS) as scope:
        headers, meta = scope.headers(SERVER), scope.meta(SERVER)
        aheaders, ameta = asyncio.run(main(scope))

    assert headers["Authorization"].startswith("Bearer eyJ") and aheaders["Authorization"].startswith("Bearer eyJ")
    assert meta["dev.jeton/token"].startswith("eyJ") and list(ameta) == ["dev.jeton/token"]
    assert len({headers["Authorization"], aheaders["Authorization"]}) == 2


@both
def test_the_current_call_is_the_innermost_and_reset_on_every_exit(daemon: Daemon, how: str):
    def body(scope: jeton.CallScope) -> None:
        assert jeton.current_call() is scope
        with jeton.call("inner") as inner:
            assert jeton.current_call() is inner
        assert jeton.current_call() is scope
        raise ZeroDivisionError

    assert jeton.current_call() is None
    with pytest.raises(ZeroDivisionError):
        run(jeton.call("outer"), body, how)
    assert jeton.current_call() is None


def test_the_call_around_is_the_parent_and_another_can_be_named(daemon: Daemon):
    with jeton.call("outer") as outer:
        with jeton.call("inner") as inner:
            pass
        with jeton.call("cousin", parent=inner) as cousin:
            pass
    with jeton.call("later", parent=outer.txn) as later:
        pass

    for child, parent in ((inner, outer), (cousin, inner), (later, outer)):
        assert daemon.events(child.txn)[0]["parent_txn"] == parent.txn


@both
def test_a_scope_is_entered_once(daemon: Daemon, how: str):
    scope = jeton.call("refund")
    run(scope, lambda _: None, how)

    with pytest.raises(RuntimeError, match="entered once"):
        run(scope, lambda _: None, how)


def test_minting_outside_the_block_asks_nobody(daemon: Daemon):
    scope = jeton.call("refund")
    with pytest.raises(RuntimeError, match="enter the call scope"):
        scope.mint(SERVER)
    with scope:
        pass
    events = len(daemon.events(scope.txn))

    with pytest.raises(jeton.Denied) as raised:
        scope.mint(SERVER)

    assert (raised.value.code, raised.value.tool) == ("unknown_call", "refund")
    assert len(daemon.events(scope.txn)) == events


def test_a_scope_is_found_by_its_id_while_it_is_open_and_no_longer(daemon: Daemon):
    scope = jeton.call("refund")
    assert jeton.CallScope.by_id(scope.id) is None
    with scope:
        assert jeton.CallScope.by_id(scope.id) is scope
        assert len(scope.id) == 22
    assert jeton.CallScope.by_id(scope.id) is None

    forgotten = jeton.call("refund").__enter__()
    name = forgotten.id
    forgotten._leave()
    del forgotten
    gc.collect()
    assert jeton.CallScope.by_id(name) is None


def test_arguments_are_a_copy_from_the_beginning(daemon: Daemon):
    given: dict[str, Any] = {"order": ["A"]}
    with jeton.call("refund", given, server=SERVER) as scope:
        given["order"].append("B")

        token = scope.mint(SERVER)

        assert scope.arguments == {"order": ["A"]}
        assert jeton.Verifier(SERVER).redeem(token.reveal(), "refund", {"order": ["A"]})


def test_no_token_gets_out_of_a_scope_but_by_reveal(daemon: Daemon, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with jeton.call("refund", ARGUMENTS, server=SERVER) as scope:
        token = scope.mint(SERVER)
        for text in (repr(scope), str(scope), repr(token), str(vars(scope))):
            assert "eyJ" not in text
        with pytest.raises(TypeError):
            json.dumps({"token": token})
        with pytest.raises(TypeError):
            pickle.dumps(token)
    assert "eyJ" not in caplog.text
