"""Every code of the protocol is reached here, at both, or it is said why not and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jeton import _native

from .test_redeeming import spoiled
from .world import CRM, FILES, NOWHERE, World, refused

TXN = "AAAAAAAAAAAAAAAAAAAAAA"


def redeemed(world: World) -> dict[str, Any]:
    opened = world.open()
    world.redeem(opened["token"])
    return opened


def superseded(world: World) -> str:
    opened = world.open()
    world.mint(opened["txn"])
    return str(opened["token"])


def revoked(world: World) -> str:
    opened = world.open()
    world.billing.revoke(txn=opened["txn"])
    return str(opened["token"])


def expired(world: World) -> str:
    opened = world.open("brief")
    world.let_pass(opened)
    return str(opened["token"])


def disabled(world: World) -> None:
    world.ops.post("/v1/agents/billing/disable", {})


def too_often(world: World) -> None:
    for _ in range(3):
        world.open("rare")


def before_a_restart(world: World) -> str:
    token = str(world.open()["token"])
    world.sidecar.restart()
    return token


def unwritable(world: World) -> World:
    world.sidecar.log_unavailable = True
    return world


def gone(world: World) -> World:
    world.sidecar.kill()
    return world


REACHED: dict[str, Callable[[World], Any]] = {
    "bad_request": lambda w: w.open(open_id=""),
    "bad_arguments": lambda w: w.billing.post("/v1/calls", {"tool": "refund", "arguments": []}),
    "unknown_agent": lambda w: w.stranger.post("/v1/calls", {"tool": "refund", "arguments": {}}),
    "agent_disabled": lambda w: (disabled(w), w.open()),
    "wrong_role": lambda w: w.redeem(w.open()["token"], by="vault"),
    "no_grant": lambda w: w.open("delete_customer"),
    "unknown_server": lambda w: w.open(server=NOWHERE),
    "unknown_call": lambda w: w.mint(TXN),
    "bad_token": lambda w: w.redeem("no.such.token"),
    "bad_signature": lambda w: w.redeem(spoiled(w.open()["token"])),
    "unknown_key": lambda w: w.redeem(before_a_restart(w)),
    "expired": lambda w: w.redeem(expired(w), "brief"),
    "revoked": lambda w: w.redeem(revoked(w)),
    "superseded": lambda w: w.redeem(superseded(w)),
    "wrong_audience": lambda w: w.redeem(w.open()["token"], server=FILES),
    "wrong_tool": lambda w: w.redeem(w.open()["token"], "pay"),
    "args_mismatch": lambda w: w.redeem(w.open()["token"], arguments={}),
    "already_redeemed": lambda w: w.redeem(redeemed(w)["token"], redemption_id="second"),
    "too_many_attempts": lambda w: w.mint(redeemed(w)["txn"]),
    "call_mismatch": lambda w: w.mint(w.open()["txn"], "pay"),
    "rate_limited": too_often,
    "log_unavailable": lambda w: unwritable(w).open(),
    "sidecar_unavailable": lambda w: gone(w).open(),
}

ELSEWHERE = {
    "overloaded": "needs a small limit: test_faults.py",
    "wrong_issuer": "a sidecar that still knows a token is its issuer; for verifiers: tests/vectors",
    "not_yet_valid": "no issuer finds its own token to be of the future; for verifiers: tests/vectors",
    "unattested_peer": "needs a peer that is gone or another program by now: the daemon's own tests",
    "denied_by_policy": "no engine decides beside the grants of this company",
    "internal": "a mistake of the sidecar's own; of the fake's: test_fake.py",
}


@pytest.mark.parametrize("code", REACHED)
def test_the_code_is_reached(world: World, code: str):
    with refused(code):
        REACHED[code](world)


def test_no_code_is_forgotten():
    codes = set(_native.code_sentences())
    assert codes == set(REACHED) | set(ELSEWHERE)
    assert not set(REACHED) & set(ELSEWHERE)


def test_an_agent_closes_1024_runs_and_an_operator_any_number(world: World):
    for n in range(1024):
        world.billing.post("/v1/revoke", {"run_id": f"run-{n}"})
    with refused("rate_limited"):
        world.billing.post("/v1/revoke", {"run_id": "one-more"})
    assert world.billing.post("/v1/revoke", {"run_id": "run-7"})["revoked"] == 0
    assert world.ops.post("/v1/revoke", {"run_id": "one-more"})["revoked"] == 0
    with refused("revoked"):
        world.open(run_id="one-more", server=CRM)
