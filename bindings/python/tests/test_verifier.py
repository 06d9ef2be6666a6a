"""The tool server's side: what verifies, what burns, and what is refused with which code."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from typing import Any

import pytest
from conftest import SERVER, Daemon

import jeton
from jeton.verifier import running

ARGUMENTS = {"order": "A-17", "amount": 40}


class Blocking:
    """A verifier asked without a loop."""

    def __init__(self, verifier: jeton.Verifier) -> None:
        self.verify, self.redeem, self.report = verifier.verify, verifier.redeem, verifier.report


class OnLoop:
    """The same asked through its coroutines, each in a loop of its own."""

    def __init__(self, verifier: jeton.Verifier) -> None:
        def of(method: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **kwargs: asyncio.run(method(*args, **kwargs))

        self.verify, self.redeem, self.report = of(verifier.averify), of(verifier.aredeem), of(verifier.areport)


@pytest.fixture(params=[Blocking, OnLoop])
def verifier(request: pytest.FixtureRequest, daemon: Daemon) -> Any:
    return request.param(jeton.Verifier(SERVER, deadline=5))


def token_of(tool: str = "refund", arguments: dict[str, Any] | None = None, server: str = SERVER) -> str:
    with jeton.call(tool, ARGUMENTS if arguments is None else arguments, server=server, call_id="c1") as scope:
        return scope.mint(server).reveal()


def test_a_redeemed_call_says_all_about_itself(daemon: Daemon, verifier: Any):
    with jeton.call("refund", ARGUMENTS, server=SERVER, call_id="c1") as scope:
        token = scope.mint(SERVER)
        call = verifier.redeem(token.reveal(), "refund", {"amount": 40.0, "order": "A-17"})

    assert (call.txn, call.jti, call.tool, call.server, call.call_id) == (scope.txn, token.jti, "refund", SERVER, "c1")
    assert call.agent == call.client_id == "spiffe://dev.local/agent/dev"
    assert (call.attempt, call.prior_redemptions, call.repeated) == (1, 0, False)
    assert call.arguments == {"amount": 40.0, "order": "A-17"}
    assert call.receipt == {"jti": call.jti, "redeemed_at": call.redeemed_at, "log_index": call.log_index}
    assert daemon.events(scope.txn)[1]["event"] == "token.redeemed"
    assert daemon.events(scope.txn)[1]["log_index"] == call.log_index
    with pytest.raises(dataclasses.FrozenInstanceError):
        call.tool = "other"


def test_a_token_is_good_once(verifier: Any):
    token = token_of()
    verifier.redeem(token, "refund", ARGUMENTS)

    with pytest.raises(jeton.BadToken) as raised:
        verifier.redeem(token, "refund", ARGUMENTS)

    assert (raised.value.code, raised.value.tool) == ("already_redeemed", "refund")
    assert isinstance(raised.value.log_index, int) and raised.value.txn


def test_the_same_redemption_is_answered_again(verifier: Any):
    token = token_of()
    first = verifier.redeem(token, "refund", ARGUMENTS, redemption_id="r" * 22)
    again = verifier.redeem(token, "refund", ARGUMENTS, redemption_id="r" * 22)

    assert (first.repeated, again.repeated) == (False, True)
    assert dataclasses.replace(again, repeated=False) == first


def test_verify_gives_the_claims_and_burns_nothing(verifier: Any):
    token = token_of()
    claims = verifier.verify(token, "refund", ARGUMENTS)

    assert claims["aud"] == SERVER and claims["authorization_details"][0]["identifier"] == "refund"
    assert verifier.redeem(token, "refund", ARGUMENTS).jti == claims["jti"]


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [("other", ARGUMENTS, "wrong_tool"), ("refund", {**ARGUMENTS, "amount": 41}, "args_mismatch")],
)
def test_another_call_than_the_bound_one_is_refused_and_burns_nothing(verifier: Any, tool, arguments, code):
    token = token_of()
    for ask in (verifier.verify, verifier.redeem):
        with pytest.raises(jeton.BadToken) as raised:
            ask(token, tool, arguments)
        assert raised.value.code == code
    assert verifier.redeem(token, "refund", ARGUMENTS)


def test_another_servers_token_is_refused(verifier: Any):
    token = token_of(server="https://else.example/mcp")
    with pytest.raises(jeton.BadToken, match="wrong_audience"):
        verifier.redeem(token, "refund", ARGUMENTS)


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "eyJ.eyJ.e", "\ud800", "é.é.é", "x" * 9000, "x" * 70_000, None, 7, b"x"]
)
def test_what_is_no_token_is_refused(verifier: Any, text: Any):
    for ask in (verifier.verify, verifier.redeem):
        with pytest.raises(jeton.BadToken, match="bad_token"):
            ask(text, "refund", ARGUMENTS)


def test_a_changed_byte_is_a_bad_signature(verifier: Any):
    header, payload, signature = token_of().split(".")
    forged = f"{header}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    with pytest.raises(jeton.BadToken, match="bad_signature"):
        verifier.redeem(forged, "refund", ARGUMENTS)


def test_a_superseded_and_a_revoked_token_are_bad_tokens(daemon: Daemon, verifier: Any):
    with jeton.call("refund", ARGUMENTS) as scope:
        first, second = scope.mint(SERVER), scope.mint(SERVER)
        with pytest.raises(jeton.BadToken, match="superseded"):
            verifier.redeem(first.reveal(), "refund", ARGUMENTS)
        jeton.Client(daemon.socket).revoke(txn=scope.txn)
        with pytest.raises(jeton.BadToken, match="revoked"):
            verifier.redeem(second.reveal(), "refund", ARGUMENTS)


def test_arguments_that_are_not_json_are_bad_arguments(verifier: Any):
    with pytest.raises(jeton.BadArguments):
        verifier.redeem(token_of(), "refund", {"a": b"x"})


def test_a_redeemer_without_the_role_is_a_bad_token(make_daemon: Callable[..., Daemon]):
    daemon = make_daemon(
        """
trust_domain = "test.example"
durability = "normal"
[[agent]]
name = "billing"
match = ["unix:uid:{uid}"]
[[server]]
url = "https://crm.example/mcp"
match = ["unix:uid:4242"]
[[grant]]
name = "all"
agent = "billing"
server = "https://crm.example/mcp"
tools = ["*"]
"""
    )
    jeton.configure(socket=daemon.socket, deadline=5)
    token = token_of()

    with pytest.raises(jeton.BadToken, match="wrong_role"):
        jeton.Verifier(SERVER).redeem(token, "refund", ARGUMENTS)


def test_the_servers_report_is_in_the_log_beside_the_agents(daemon: Daemon, verifier: Any):
    with jeton.call("refund", ARGUMENTS, server=SERVER) as scope:
        call = verifier.redeem(scope.mint(SERVER).reveal(), "refund", ARGUMENTS)
        index = verifier.report(call, "tool_error", "no_such_order", 12)
        assert verifier.report(call, "tool_error", "no_such_order", 12) == index
        scope.receipt(call.receipt)

    outcomes = [e for e in daemon.events(scope.txn) if e["event"] == "call.outcome"]
    assert [(e["role"], e["outcome"]) for e in outcomes] == [("server", "tool_error"), ("agent", "ok")]
    assert (outcomes[0]["log_index"], outcomes[0]["detail"], outcomes[0]["duration_ms"]) == (index, "no_such_order", 12)
    with pytest.raises(ValueError, match="an outcome is one of"):
        verifier.report(call, "fine")


def test_a_token_of_before_a_restart_is_unknown_and_a_new_one_is_not(daemon: Daemon, verifier: Any):
    old = token_of()
    verifier.verify(old, "refund", ARGUMENTS)  # keys are known and fresh
    daemon.kill()
    daemon.start()

    with pytest.raises(jeton.BadToken, match="unknown_key"):
        verifier.redeem(old, "refund", ARGUMENTS)
    # Keys are fetched at most once a second for a kid that is unknown; a redemption must not have to wait for that.
    assert verifier.redeem(token_of(), "refund", ARGUMENTS)


def test_a_verifier_that_has_no_sidecar_says_unknown(verifier: Any, daemon: Daemon):
    token = token_of()
    daemon.stop()
    with pytest.raises(jeton.Unavailable) as raised:
        verifier.redeem(token, "refund", ARGUMENTS)
    assert raised.value.code == "sidecar_unavailable"


def test_the_current_verified_call_is_there_while_the_tool_runs(daemon: Daemon):
    call = jeton.Verifier(SERVER).redeem(token_of(), "refund", ARGUMENTS)

    assert jeton.current_verified_call() is None
    with pytest.raises(LookupError), running(call):
        assert jeton.current_verified_call() is call
        raise LookupError
    assert jeton.current_verified_call() is None
    assert "order" not in repr(call) and call.redemption_id not in repr(call)


def test_an_expired_token_does_not_verify(daemon: Daemon, monkeypatch: pytest.MonkeyPatch):
    token = token_of()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 200)
    with pytest.raises(jeton.BadToken, match="expired"):
        jeton.Verifier(SERVER).verify(token, "refund", ARGUMENTS)
