"""How it went: who may say so, the first report of each side counts, another one is evidence."""

from __future__ import annotations

from typing import Any

import pytest

import jeton

from .world import VAULT, World, refused


def report(client: jeton.Client, txn: str, outcome: str = "ok", **more: Any) -> int:
    index = client.post(f"/v1/calls/{txn}/outcome", {"outcome": outcome, **more})["log_index"]
    assert isinstance(index, int)
    return index


def redeemed(world: World) -> tuple[str, str, dict[str, Any]]:
    """txn, jti and receipt of a call that was redeemed."""
    opened = world.open()
    answer = world.redeem(opened["token"])
    return opened["txn"], opened["jti"], {name: answer[name] for name in ("jti", "redeemed_at", "log_index")}


def test_both_sides_report_and_each_counts(world: World):
    txn, jti, receipt = redeemed(world)

    by_server = report(world.crm, txn, "tool_error", jti=jti, detail="E42", duration_ms=12)
    by_agent = report(world.billing, txn, receipt=receipt)

    server, agent = world.event(by_server), world.event(by_agent)
    assert (server["role"], server["outcome"], server["detail"], server["duration_ms"]) == (
        "server",
        "tool_error",
        "E42",
        12,
    )
    assert (agent["role"], agent["outcome"], agent["receipt"]) == ("agent", "ok", "match")
    assert server["agent"] == agent["agent"] == "spiffe://test.example/agent/billing"
    assert "cites" not in agent and "cites" not in server


@pytest.mark.parametrize("side", ["billing", "crm"])
def test_the_same_report_again_changes_nothing(world: World, side: str):
    txn, jti, _ = redeemed(world)
    client, more = world.client(side), {"jti": jti} if side == "crm" else {}
    first = report(client, txn, **more)
    events = len(world.sidecar.events)

    assert report(client, txn, **more) == first
    assert len(world.sidecar.events) == events


@pytest.mark.parametrize("side", ["billing", "crm"])
def test_a_different_report_is_an_event_that_cites_the_first(world: World, side: str):
    txn, jti, _ = redeemed(world)
    client, more = world.client(side), {"jti": jti} if side == "crm" else {}
    first = report(client, txn, **more)

    for other in ({"outcome": "cancelled"}, {"detail": "E1"}, {"duration_ms": 1}):
        assert world.event(report(client, txn, **{**more, **other}))["cites"] == first
    assert report(client, txn, **more) == first


def test_the_redeemers_report_does_not_end_the_call(world: World):
    opened = world.open("sync_all")
    world.redeem(opened["token"], "sync_all")
    report(world.crm, opened["txn"], jti=opened["jti"])

    assert world.mint(opened["txn"], "sync_all")["previous"] == "redeemed"


def test_a_receipt_that_is_not_the_redemptions_is_a_mismatch(world: World):
    txn, _, receipt = redeemed(world)
    index = report(world.billing, txn, receipt={**receipt, "log_index": receipt["log_index"] + 1})
    assert world.event(index)["receipt"] == "mismatch"


def test_only_the_opener_and_the_redeemer_of_that_token_may_report(world: World):
    txn, jti, _ = redeemed(world)
    unredeemed = world.open()

    for client, about, code in (
        (world.other, {"txn": txn, "jti": jti}, "unknown_call"),
        (world.stranger, {"txn": txn, "jti": jti}, "unknown_agent"),
        (world.crm, {"txn": txn}, "wrong_role"),
        (world.ops, {"txn": txn, "jti": jti}, "wrong_role"),
        (world.crm, {"txn": unredeemed["txn"], "jti": unredeemed["jti"]}, "wrong_role"),
        (world.crm, {"txn": "AAAAAAAAAAAAAAAAAAAAAA"}, "unknown_call"),
        (world.billing, {"txn": "AAAAAAAAAAAAAAAAAAAAAA"}, "unknown_call"),
    ):
        with refused(code):
            report(client, **about)


def test_after_32_reports_of_one_side_it_is_rate_limited_and_the_other_is_still_heard(world: World):
    txn, jti, _ = redeemed(world)
    for n in range(32):
        report(world.billing, txn, duration_ms=n)
    with refused("rate_limited"):
        report(world.billing, txn, duration_ms=99)
    assert report(world.billing, txn, duration_ms=7) < report(world.crm, txn, jti=jti)


def test_a_server_that_verifies_offline_reports_and_that_is_the_redemption(world: World):
    opened = world.open("unseal", server=VAULT)
    event = world.event(report(world.client("vault"), opened["txn"], jti=opened["jti"]))
    assert (event["role"], event["server"]) == ("server", VAULT)

    with refused("too_many_attempts"):
        world.mint(opened["txn"], "unseal", server=VAULT)


def test_a_call_may_be_reported_without_a_redemption_and_after_its_revocation(world: World):
    txn = world.open()["txn"]
    world.billing.revoke(txn=txn)
    assert world.event(report(world.billing, txn, "cancelled"))["outcome"] == "cancelled"
