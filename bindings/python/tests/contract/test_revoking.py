"""Taking back, by token, call, run and agent, and the kill switch."""

from __future__ import annotations

from typing import Any

import pytest

import jeton

from .world import FILES, World, refused


def revoke(client: jeton.Client, **what: str) -> dict[str, Any]:
    return client.post("/v1/revoke", what)


def disable(client: jeton.Client, agent: str, verb: str = "disable") -> int:
    index = client.post(f"/v1/agents/{agent}/{verb}", {})["log_index"]
    assert isinstance(index, int)
    return index


@pytest.mark.parametrize("by", ["billing", "ops"])
@pytest.mark.parametrize("what", ["jti", "txn", "run_id", "agent"])
def test_what_is_revoked_is_not_redeemed_any_more(world: World, what: str, by: str):
    opened = {**world.open(run_id="run-1"), "run_id": "run-1", "agent": "billing"}

    answer = revoke(world.client(by), **{what: opened[what]})

    assert answer["revoked"] == 1
    events = world.sidecar.happened("token.revoked")
    assert answer["log_index"] == events[-1]["log_index"]
    assert events[0]["jti"] == opened["jti"] and events[0]["role"] == ("operator" if by == "ops" else "agent")
    with refused("revoked"):
        world.redeem(opened["token"])


def test_a_revoked_token_leaves_its_call_open(world: World):
    opened = world.open()
    revoke(world.billing, jti=opened["jti"])
    world.redeem(world.mint(opened["txn"])["token"])


def test_a_revoked_call_is_closed_for_good(world: World):
    opened = world.open(open_id="o-1")
    revoke(world.billing, txn=opened["txn"])

    assert [("jti" in e) for e in world.story(opened["txn"]) if e["event"] == "token.revoked"] == [True, False]
    world.sidecar.restart()
    with refused("revoked"):
        world.mint(opened["txn"])
    with refused("revoked"):
        world.open(open_id="o-1")


@pytest.mark.parametrize("by", ["billing", "ops"])
def test_a_revoked_run_is_closed_for_good(world: World, by: str):
    opened = world.open(run_id="run-1")
    revoke(world.client(by), run_id="run-1")

    closing = world.sidecar.happened("token.revoked")[-1]
    assert closing["run_id"] == "run-1" and "txn" not in closing and ("agent" in closing) == (by == "billing")
    world.sidecar.restart()
    with refused("revoked"):
        world.mint(opened["txn"])
    with refused("revoked"):
        world.open(run_id="run-1")
    assert world.open(run_id="run-2")["attempt"] == 1


def test_an_agent_closes_a_run_for_itself_and_an_operator_for_all(world: World):
    body = {"tool": "refund", "arguments": {}, "run_id": "run-1"}
    revoke(world.billing, run_id="run-1")
    world.other.post("/v1/calls", body)

    revoke(world.ops, run_id="run-1")
    with refused("revoked"):
        world.other.post("/v1/calls", body)


def test_all_tokens_of_an_agent_end_and_nothing_is_closed(world: World):
    first, second = world.open(), world.open()
    assert revoke(world.ops, agent="billing")["revoked"] == 2
    with refused("revoked"):
        world.redeem(first["token"])
    world.redeem(world.mint(second["txn"])["token"])


def test_what_is_not_live_is_no_mistake_and_nothing_is_written(world: World):
    spent, superseded = world.open(), world.open()
    redemption = world.redeem(spent["token"])
    world.mint(superseded["txn"])
    never = "AAAAAAAAAAAAAAAAAAAAAA"
    events = len(world.sidecar.events)

    assert revoke(world.billing, jti=spent["jti"]) == {"revoked": 0, "log_index": redemption["log_index"]}
    assert revoke(world.ops, jti=superseded["jti"])["revoked"] == 0
    assert revoke(world.billing, jti=never) == {"revoked": 0}
    assert len(world.sidecar.events) == events


def test_only_live_tokens_are_counted(world: World):
    spent, superseded = world.open(), world.open()
    world.redeem(spent["token"])
    world.mint(superseded["txn"])
    assert revoke(world.ops, agent="billing")["revoked"] == 1


def test_revoking_again_names_the_event_that_stands(world: World):
    opened = world.open(run_id="run-1")
    for what in ({"txn": opened["txn"]}, {"run_id": "run-1"}):
        first = revoke(world.billing, **what)
        assert revoke(world.billing, **what) == {"revoked": 0, "log_index": first["log_index"]}


def test_an_agent_revokes_its_own_alone(world: World):
    opened = world.open()
    for what, code in (
        ({"txn": opened["txn"]}, "unknown_call"),
        ({"jti": opened["jti"]}, "unknown_call"),
        ({"agent": "billing"}, "wrong_role"),
        ({"agent": "nobody"}, "wrong_role"),
    ):
        with refused(code) as raised:
            revoke(world.other, **what)
        assert raised.value.txn is None
    for client, code in ((world.crm, "wrong_role"), (world.stranger, "unknown_agent")):
        with refused(code):
            revoke(client, txn=opened["txn"])
    assert world.redeem(opened["token"])["active"] is True


def test_a_name_and_a_txn_that_nobody_has_are_unknown_to_an_operator(world: World):
    with refused("unknown_agent"):
        revoke(world.ops, agent="nobody")
    with refused("unknown_call"):
        revoke(world.ops, txn="AAAAAAAAAAAAAAAAAAAAAA")


def test_a_disabled_agent_opens_and_mints_nothing_until_it_is_enabled(world: World):
    opened = world.open()
    disabled = disable(world.ops, "billing")

    kinds = [event["event"] for event in world.sidecar.events[disabled:]]
    assert kinds == ["agent.disabled", "token.revoked"]
    with refused("revoked"):
        world.redeem(opened["token"])
    for attempt in (world.open, lambda: world.mint(opened["txn"])):
        with refused("agent_disabled"):
            attempt()
    assert world.ops.status()["disabled_agents"] == ["spiffe://test.example/agent/billing"]
    assert world.other.post("/v1/calls", {"tool": "refund", "arguments": {}})["decision"] == "permit"

    disable(world.ops, "billing", "enable")
    world.redeem(world.mint(opened["txn"])["token"])


def test_a_disabled_agent_may_still_report_and_revoke(world: World):
    txn = world.open()["txn"]
    disable(world.ops, "billing")
    assert world.billing.post(f"/v1/calls/{txn}/outcome", {"outcome": "cancelled"})["log_index"] > 0
    assert world.billing.revoke(txn=txn) == 0


def test_the_switch_outlives_a_restart(world: World):
    disable(world.ops, "billing")
    world.sidecar.restart()
    with refused("agent_disabled"):
        world.open()


def test_throwing_the_switch_again_names_the_event_that_stands(world: World):
    for verb in ("disable", "enable"):
        first = disable(world.ops, "billing", verb)
        assert disable(world.ops, "billing", verb) == first


def test_enabling_who_was_never_disabled_is_an_event_once(world: World):
    first = disable(world.ops, "billing", "enable")
    assert world.event(first)["event"] == "agent.enabled"
    assert disable(world.ops, "billing", "enable") == first


def test_only_an_operator_throws_the_switch_and_only_for_whom_there_is(world: World):
    for client, agent, code in (
        (world.billing, "billing", "wrong_role"),
        (world.crm, "billing", "wrong_role"),
        (world.stranger, "billing", "unknown_agent"),
        (world.ops, "nobody", "unknown_agent"),
    ):
        with refused(code) as raised:
            disable(client, agent)
        event = world.event(raised.value.log_index)
        assert (event["verb"], event["code"]) == ("disable", code)


def test_what_a_disabled_agent_does_as_a_tool_server_is_not_concerned(world: World):
    token = world.open("read", server=FILES)["token"]
    disable(world.ops, "other")
    assert world.redeem(token, "read", server=FILES, by="other")["active"] is True
