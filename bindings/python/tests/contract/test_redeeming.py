"""Spending a token: the order of the checks, once for ever, and the same answer for the same redeemer."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jeton import JetonError

from .world import ARGUMENTS, CRM, FILES, NOWHERE, VAULT, World, refused


def spoiled(token: str) -> str:
    """Another signature under the same claims."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def test_a_redemption_answers_with_the_claims_and_what_only_it_knows(world: World):
    opened = world.open(call_id="call_1")
    answer = world.redeem(opened["token"])

    assert set(answer) == {
        *("active", "token_type", "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "txn"),
        *("authorization_details", "redeemed_at", "attempt", "prior_redemptions", "repeated", "log_index"),
    }
    assert (answer["active"], answer["token_type"], answer["repeated"]) == (True, "Bearer", False)
    assert (answer["jti"], answer["txn"], answer["aud"]) == (opened["jti"], opened["txn"], CRM)
    event = world.event(answer["log_index"])
    assert (event["event"], event["role"], event["self_redeemed"]) == ("token.redeemed", "server", False)
    assert "first" not in event.values()


# Each request has its own fault and, as far as they can stand together, every later one.
def worst(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Refusals in the protocol's order, as requests about tokens that are spent and expired besides."""
    spent = world.open("brief")
    world.redeem(spent["token"], "brief")
    revoked = world.open("brief")
    world.billing.post("/v1/revoke", {"jti": revoked["jti"]})
    superseded = world.open("brief")
    last = world.mint(superseded["txn"], "brief")
    world.let_pass(last)
    token = spent["token"]
    other = {"tool": "other", "arguments": {}}
    fine = {"tool": "brief"}
    return [
        ("bad_token", {"token": "e30.e30.e30", "server": NOWHERE, **other}),
        ("bad_token", {"token": token + "=", "server": NOWHERE, **other}),
        ("bad_signature", {"token": spoiled(token), "server": NOWHERE, **other}),
        ("unknown_server", {"token": token, "server": NOWHERE, **other}),
        ("wrong_role", {"token": token, "by": "vault", **other}),
        ("unknown_agent", {"token": token, "by": "stranger", **other}),
        ("wrong_role", {"token": token, "server": VAULT, "by": "vault", **other}),
        ("wrong_audience", {"token": token, "server": FILES, **other}),
        ("wrong_tool", {"token": token, **other}),
        ("args_mismatch", {"token": token, "tool": "brief", "arguments": {"amount": 41}}),
        ("already_redeemed", {"token": token, "redemption_id": "second", **fine}),
        ("revoked", {"token": revoked["token"], **fine}),
        ("superseded", {"token": superseded["token"], **fine}),
        ("expired", {"token": last["token"], **fine}),
    ]


def test_the_first_failure_in_the_protocols_order_wins(world: World):
    for code, request in worst(world):
        with refused(code) as raised:
            world.redeem(**request)
        event = world.event(raised.value.log_index)
        assert (event["event"], event["verb"], event["code"]) == ("request.refused", "redeem", code)


def test_no_refusal_burns_a_token(world: World):
    token = world.open()["token"]
    for code, request in [
        ("bad_signature", {"token": spoiled(token)}),
        ("unknown_server", {"token": token, "server": NOWHERE}),
        ("wrong_role", {"token": token, "by": "vault"}),
        ("wrong_audience", {"token": token, "server": FILES}),
        ("wrong_tool", {"token": token, "tool": "pay"}),
        ("args_mismatch", {"token": token, "arguments": {}}),
    ]:
        with refused(code):
            world.redeem(**request)

    assert world.redeem(token)["repeated"] is False


def test_a_token_of_another_issuer_is_of_an_unknown_key(world: World, make_world: Any):
    token = make_world().open()["token"]
    with refused("unknown_key"):
        world.redeem(token)


def test_the_same_redeemer_with_the_same_id_gets_the_same_answer(world: World):
    token = world.open()["token"]
    first = world.redeem(token)
    again = world.redeem(token)

    assert again == {**first, "repeated": True}
    assert world.sidecar.redeemed("refund") == 1


def test_a_repetition_passes_the_other_checks_again(world: World):
    token = world.open()["token"]
    world.redeem(token)
    with refused("args_mismatch"):
        world.redeem(token, arguments={})


def test_every_other_second_use_is_refused_and_names_the_first(world: World):
    token = world.open()["token"]
    first = world.redeem(token)

    with refused("already_redeemed") as raised:
        world.redeem(token, redemption_id="second")

    event = world.event(raised.value.log_index)
    redemption = world.event(first["log_index"])
    assert event["cites"] == first["log_index"]
    assert (event["first_uid"], event["first_pid"]) == (redemption["uid"], redemption["pid"])
    assert raised.value.txn == first["txn"]


def test_a_spent_token_stays_spent_after_a_restart_and_its_redeemer_may_still_ask(world: World):
    token = world.open()["token"]
    first = world.redeem(token)
    world.sidecar.kill()
    world.sidecar.restart()

    with refused("already_redeemed"):
        world.redeem(token, redemption_id="second")
    assert world.redeem(token) == {**first, "repeated": True}


def test_an_unspent_token_is_of_an_unknown_key_after_a_restart(world: World):
    opened = world.open()
    world.sidecar.restart()

    with refused("unknown_key"):
        world.redeem(opened["token"])
    fresh = world.mint(opened["txn"])
    assert (fresh["attempt"], fresh["previous"]) == (2, "unredeemed")
    world.redeem(fresh["token"])


@pytest.mark.parametrize("same_id", [False, True], ids=["with ids of their own", "with one id"])
def test_of_16_threads_exactly_one_redeems(world: World, same_id: bool):
    token = world.open()["token"]
    start = threading.Barrier(16)

    def redeem(n: int) -> str:
        start.wait()
        try:
            answer = world.redeem(token, redemption_id="one" if same_id else f"id-{n}")
        except JetonError as error:
            return error.code
        return "repeated" if answer["repeated"] else "redeemed"

    with ThreadPoolExecutor(16) as threads:
        results = Counter(threads.map(redeem, range(16)))

    assert results == {"redeemed": 1, "repeated" if same_id else "already_redeemed": 15}
    assert world.sidecar.redeemed("refund") == 1


def test_a_server_without_a_match_is_redeemed_by_anybody_and_the_event_says_so(world: World):
    for door in ("stranger", "billing", "crm"):
        token = world.open("read", server=FILES)["token"]
        answer = world.redeem(token, "read", server=FILES, by=door)
        assert world.event(answer["log_index"])["self_redeemed"] is True


def test_a_digest_stands_for_the_arguments(world: World):
    from jeton import _native

    token = world.open()["token"]
    digest = _native.args_digest("refund", b'{"order":"A-17","amount":4e1}')
    body = {"token": token, "server": CRM, "tool": "refund", "args_digest": digest, "redemption_id": "r"}
    assert world.crm.post("/v1/redeem", body)["active"] is True


def test_the_verifier_and_the_sidecar_refuse_alike(world: World):
    token = world.open()["token"]
    verifier = world.verifier()

    for code, tool, arguments in (("wrong_tool", "pay", ARGUMENTS), ("args_mismatch", "refund", {"amount": 1})):
        with refused(code) as raised:
            verifier.redeem(token, tool, arguments)
        assert raised.value.log_index is not None
    assert verifier.redeem(token, "refund", ARGUMENTS).agent == "spiffe://test.example/agent/billing"
    with refused("already_redeemed"):
        verifier.redeem(token, "refund", ARGUMENTS)
