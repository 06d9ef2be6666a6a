"""The attempts of a call: each decided anew, one live token at most, never more than the grant allows."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from .world import ARGUMENTS, CRM, FILES, World, refused


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_a_token_has_exactly_the_claims_of_the_protocol(world: World):
    answer = world.open(call_id="call_1")
    claims = claims_of(answer["token"])

    detail = claims.pop("authorization_details")
    assert abs(claims.pop("iat") - time.time()) < 5
    assert claims == {
        "iss": world.billing.status()["issuer"],
        "aud": CRM,
        "sub": "spiffe://test.example/agent/billing",
        "client_id": "spiffe://test.example/agent/billing",
        "exp": answer["expires_at"],
        "jti": answer["jti"],
        "txn": answer["txn"],
    }
    assert detail == [
        {
            "type": "jeton_tool_call",
            "locations": [CRM],
            "actions": ["tools/call"],
            "identifier": "refund",
            "args_digest": detail[0]["args_digest"],
            "call_id": "call_1",
            "attempt": 1,
        }
    ]


def test_a_token_of_a_call_without_a_call_id_names_none(world: World):
    assert "call_id" not in claims_of(world.open()["token"])["authorization_details"][0]


def test_a_later_attempt_names_the_call_id_of_the_opening(world: World):
    txn = world.open(call_id="call_1")["txn"]
    assert claims_of(world.mint(txn)["token"])["authorization_details"][0]["call_id"] == "call_1"


def test_each_mint_is_the_next_attempt_and_supersedes_the_one_before(world: World):
    txn = world.open(server=None)["txn"]
    first, second = world.mint(txn), world.mint(txn)

    assert set(first) == {"txn", "token", "jti", "attempt", "expires_at", "previous", "log_index"}
    assert [(a["attempt"], a["previous"]) for a in (first, second)] == [(1, "none"), (2, "unredeemed")]
    with refused("superseded"):
        world.redeem(first["token"])
    world.redeem(second["token"])


def test_a_mint_says_what_became_of_the_attempt_before(world: World):
    redeemed = world.open("sync_all")
    world.redeem(redeemed["token"], "sync_all")
    assert world.mint(redeemed["txn"], "sync_all")["previous"] == "redeemed"

    revoked = world.open()
    world.billing.post("/v1/revoke", {"jti": revoked["jti"]})
    assert world.mint(revoked["txn"])["previous"] == "revoked"

    expired = world.open("brief")
    world.let_pass(expired)
    assert world.mint(expired["txn"], "brief")["previous"] == "expired"
    assert "token.superseded" not in world.kinds(expired["txn"])


def test_from_the_second_attempt_on_server_tool_and_arguments_are_the_firsts(world: World):
    txn = world.open()["txn"]

    for other in ({"tool": "pay"}, {"arguments": {"amount": 1}}, {"server": FILES}):
        with refused("call_mismatch") as raised:
            world.mint(txn, **other)
        assert raised.value.txn == txn


def test_the_first_attempt_may_differ_from_what_a_provisional_open_named(world: World):
    txn = world.open(server=None)["txn"]

    world.mint(txn, "sync_all", arguments={"n": 1})

    assert [event["tool"] for event in world.story(txn)] == ["refund", "sync_all"]


def test_beyond_max_attempts_the_mint_is_refused(world: World):
    txn = world.open()["txn"]
    for attempt in (2, 3, 4):
        assert world.mint(txn)["attempt"] == attempt

    with refused("too_many_attempts"):
        world.mint(txn)


def test_once_max_redemptions_are_spent_the_mint_is_refused(world: World):
    once = world.open()
    world.redeem(once["token"])
    with refused("too_many_attempts"):
        world.mint(once["txn"])

    twice = world.open("sync_all")
    assert world.redeem(twice["token"], "sync_all")["prior_redemptions"] == 0
    again = world.mint(twice["txn"], "sync_all")
    assert world.redeem(again["token"], "sync_all")["prior_redemptions"] == 1
    with refused("too_many_attempts"):
        world.mint(twice["txn"], "sync_all")


def test_every_mint_is_decided_anew(world: World):
    txn = world.open(server=None)["txn"]
    with refused("no_grant"):
        world.mint(txn, "delete_customer")
    with refused("unknown_server"):
        world.mint(txn, server="https://nowhere.example/mcp")
    assert world.mint(txn)["attempt"] == 1


def test_another_agents_call_is_unknown_and_stays_as_it_is(world: World):
    txn = world.open()["txn"]
    with refused("unknown_call") as raised:
        world.other.post(f"/v1/calls/{txn}/tokens", {"server": CRM, "tool": "refund", "arguments": ARGUMENTS})
    assert raised.value.txn is None
    assert world.kinds(txn) == ["token.minted"]


def test_a_txn_nobody_opened_is_an_unknown_call(world: World):
    with refused("unknown_call"):
        world.mint("AAAAAAAAAAAAAAAAAAAAAA")


def test_after_the_openers_outcome_nothing_is_minted(world: World):
    txn = world.open()["txn"]
    world.billing.post(f"/v1/calls/{txn}/outcome", {"outcome": "tool_error"})
    with refused("unknown_call"):
        world.mint(txn)


def test_more_tokens_a_minute_than_the_grant_allows_are_rate_limited(world: World):
    txn = world.open("rare")["txn"]
    world.mint(txn, "rare")
    with refused("rate_limited"):
        world.mint(txn, "rare")


def test_calls_opened_without_a_server_are_counted_apart(world: World):
    for _ in range(2):
        world.open("rare", server=None)
    with refused("rate_limited"):
        world.open("rare", server=None)
    assert world.open("rare")["attempt"] == 1


def test_no_event_holds_a_token_or_an_argument(world: World):
    secret = "the-value-of-an-argument"
    answer = world.open(arguments={"order": secret})
    with refused("args_mismatch"):
        world.redeem(answer["token"])

    told = json.dumps(world.sidecar.events)
    assert secret not in told and answer["token"] not in told
