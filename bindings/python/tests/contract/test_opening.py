"""Opening a call: decided by the first grant, named by its open_id, and nothing left behind by a refusal."""

from __future__ import annotations

import jeton

from .world import ARGUMENTS, CRM, FILES, NOWHERE, World, refused


def test_a_call_opened_without_a_server_is_provisional_and_one_event(world: World):
    answer = world.open(server=None)

    assert set(answer) == {"txn", "decision", "provisional", "grant", "log_index"}
    assert (answer["decision"], answer["provisional"], answer["grant"]) == ("permit", True, "refunds")
    assert world.kinds(answer["txn"]) == ["call.opened"]


def test_a_call_opened_with_a_server_brings_its_first_token_in_one_event(world: World):
    answer = world.open()

    assert set(answer) == {
        *("txn", "decision", "provisional", "grant", "log_index", "token", "jti", "attempt", "expires_at", "previous")
    }
    assert (answer["provisional"], answer["attempt"], answer["previous"]) == (False, 1, "none")
    assert world.kinds(answer["txn"]) == ["token.minted"]


def test_what_a_call_says_about_itself_is_in_its_event(world: World):
    parent = world.open(server=None)["txn"]
    said = {
        "call_id": "call_1",
        "run_id": "run-7",
        "session_id": "s",
        "framework": "test",
        "agent_label": "the-billing-one",
        "parent_txn": parent,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }

    with_token, without = world.open(**said), world.open(server=None, **said)

    for answer in (with_token, without):
        event = world.story(answer["txn"])[0]
        assert {name: event[name] for name in said} == said


def test_the_same_open_id_is_the_same_call(world: World):
    first = world.open(server=None, open_id="o-1")
    again = world.open(server=None, open_id="o-1")

    assert (again["txn"], again["log_index"]) == (first["txn"], first["log_index"])
    assert world.kinds(first["txn"]) == ["call.opened"]


def test_the_same_open_id_with_a_server_supersedes_the_token_that_was_lost(world: World):
    lost = world.open(open_id="o-1")
    found = world.open(open_id="o-1")

    assert (found["txn"], found["attempt"], found["previous"]) == (lost["txn"], 2, "unredeemed")
    assert world.kinds(lost["txn"]) == ["token.minted", "token.superseded", "token.minted"]
    with refused("superseded"):
        world.redeem(lost["token"])
    assert world.redeem(found["token"])["attempt"] == 2


def test_an_open_id_keeps_its_server_tool_and_arguments(world: World):
    world.open(open_id="o-1")

    for other in ({"tool": "pay"}, {"arguments": {"amount": 1}}, {"server": FILES}):
        with refused("call_mismatch"):
            world.open(open_id="o-1", **other)


def test_an_open_id_keeps_its_call_across_a_restart(world: World):
    first = world.open(open_id="o-1")
    world.sidecar.restart()

    assert world.open(open_id="o-1")["txn"] == first["txn"]


def test_another_agents_open_id_is_another_call(world: World):
    mine = world.open(open_id="o-1")
    theirs = world.other.post("/v1/calls", {"tool": "refund", "arguments": {}, "server": CRM, "open_id": "o-1"})

    assert theirs["txn"] != mine["txn"]


def test_an_open_id_whose_call_is_over_is_an_unknown_call(world: World):
    txn = world.open(open_id="o-1")["txn"]
    world.billing.post(f"/v1/calls/{txn}/outcome", {"outcome": "ok"})

    with refused("unknown_call"):
        world.open(open_id="o-1")
    with refused("unknown_call"):
        world.open(server=None, open_id="o-1")


def test_a_refused_open_leaves_no_call_and_does_not_use_its_open_id_up(world: World):
    with refused("no_grant") as raised:
        world.open(tool="delete_customer", open_id="o-1")
    assert raised.value.txn is None

    assert world.open(open_id="o-1")["attempt"] == 1


def test_what_no_grant_covers_is_no_grant_and_an_event(world: World):
    for body in ({"tool": "delete_customer"}, {"tool": "Refund"}, {"tool": "refundx"}, {"server": FILES, "tool": ""}):
        if body["tool"]:
            with refused("no_grant") as raised:
                world.open(**body)
            event = world.event(raised.value.log_index)
            assert (event["event"], event["verb"], event["code"]) == ("request.refused", "open", "no_grant")
            assert (event["role"], event["agent"]) == ("agent", "spiffe://test.example/agent/billing")


def test_globs_cover_whole_names(world: World):
    assert world.open(tool="sync_all")["grant"] == "twice"
    with refused("no_grant"):
        world.open(tool="resync_all")


def test_a_rule_about_an_argument_decides(world: World):
    assert world.open(tool="pay", arguments={"amount": 100})["grant"] == "small"
    for arguments in ({"amount": 101}, {"amount": "1"}, {}):
        with refused("no_grant"):
            world.open(tool="pay", arguments=arguments)


def test_a_digest_alone_is_enough_only_where_no_rule_is_about_arguments(world: World):
    from jeton import _native

    digest = _native.args_digest("refund", b'{"amount":40,"order":"A-17"}')
    body = {"server": CRM, "tool": "refund", "args_digest": digest}
    assert world.redeem(world.billing.post("/v1/calls", body)["token"])["attempt"] == 1

    with refused("no_grant"):
        world.billing.post("/v1/calls", {**body, "tool": "pay"})


def test_a_server_nobody_configured_is_unknown_before_any_grant_is_looked_at(world: World):
    with refused("unknown_server"):
        world.open(server=NOWHERE)
    with refused("unknown_server"):
        world.open(server=NOWHERE, tool="delete_customer")


def test_who_is_no_agent_opens_nothing(world: World):
    for client, code in ((world.stranger, "unknown_agent"), (world.crm, "wrong_role"), (world.ops, "wrong_role")):
        with refused(code):
            client.post("/v1/calls", {"tool": "refund", "arguments": {}})


def test_a_scope_and_the_verifier_tell_the_whole_story(world: World):
    with jeton.call("refund", ARGUMENTS, client=world.billing) as scope:
        verifier = world.verifier()
        call = verifier.redeem(scope.mint(CRM).reveal(), "refund", ARGUMENTS)
        verifier.report(call)
        scope.receipt(call.receipt)

    assert world.kinds(scope.txn) == ["call.opened", "token.minted", "token.redeemed", "call.outcome", "call.outcome"]
    redeemer, opener = world.story(scope.txn)[3:]
    assert (redeemer["role"], opener["role"], opener["receipt"]) == ("server", "agent", "match")
    assert world.sidecar.redeemed("refund") == 1
