"""When it cannot: a log that takes nothing, a sidecar that does not answer, one that is gone, too many at the door."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

import jeton

from . import raw
from .world import ARGUMENTS, CRM, World, refused, until


def test_nothing_is_granted_while_the_log_cannot_be_written_and_all_goes_on_afterwards(world: World):
    opened, provisional = world.open("sync_all"), world.open("sync_all", server=None)
    events = world.sidecar.events
    world.sidecar.log_unavailable = True

    attempts: list[Callable[[], Any]] = [
        lambda: world.open(),
        lambda: world.open("delete_customer"),
        lambda: world.mint(opened["txn"], "sync_all"),
        lambda: world.redeem(opened["token"], "sync_all"),
        lambda: world.redeem(opened["token"], "wrong"),
        lambda: world.billing.post(f"/v1/calls/{provisional['txn']}/outcome", {"outcome": "ok"}),
        lambda: world.billing.post("/v1/nowhere", {}),
    ]
    for attempt in attempts:
        with refused("log_unavailable"):
            attempt()
    assert world.sidecar.events == events
    assert world.billing.status()["issuer"] and world.billing.jwks()["keys"]

    world.sidecar.log_unavailable = False
    assert world.redeem(opened["token"], "sync_all")["repeated"] is False
    assert world.mint(provisional["txn"], "sync_all")["attempt"] == 1
    assert world.sidecar.events[: len(events)] == events


@pytest.mark.parametrize("what", ["redeem", "mint"])
def test_a_token_that_was_all_but_ended_is_live_again(world: World, what: str):
    opened = world.open()
    world.sidecar.log_unavailable = True
    with refused("log_unavailable"):
        world.redeem(opened["token"]) if what == "redeem" else world.mint(opened["txn"])
    world.sidecar.log_unavailable = False

    assert world.billing.post("/v1/revoke", {"jti": opened["jti"]})["revoked"] == 1


def test_an_answer_that_was_given_is_given_again_even_then(world: World):
    token = world.open()["token"]
    first = world.redeem(token)
    world.sidecar.log_unavailable = True
    assert world.redeem(token) == {**first, "repeated": True}


def test_a_revocation_and_the_kill_switch_hold_in_memory_and_are_written_first(world: World):
    opened, other = world.open(), world.open("sync_all", run_id="run-1")
    world.sidecar.log_unavailable = True

    for revoke in (
        lambda: world.billing.post("/v1/revoke", {"txn": opened["txn"]}),
        lambda: world.billing.post("/v1/revoke", {"run_id": "run-1"}),
        lambda: world.billing.post("/v1/revoke", {"jti": opened["jti"]}),
        lambda: world.billing.post("/v1/revoke", {"txn": opened["txn"]}),
        lambda: world.ops.post("/v1/agents/other/disable", {}),
        lambda: world.ops.post("/v1/agents/other/disable", {}),
    ):
        with refused("log_unavailable") as raised:
            revoke()
        assert raised.value.message.startswith("in memory only")
    with refused("log_unavailable") as raised:
        world.other.post("/v1/revoke", {"txn": opened["txn"]})
    assert not raised.value.message.startswith("in memory only")
    assert world.ops.status()["events_in_memory_only"] == 5

    before = len(world.sidecar.events)
    world.sidecar.log_unavailable = False
    with refused("revoked"):
        world.redeem(opened["token"])
    with refused("revoked"):
        world.redeem(other["token"], "sync_all")
    with refused("agent_disabled"):
        world.other.post("/v1/calls", {"tool": "refund", "arguments": {}})
    kinds = [event["event"] for event in world.sidecar.events[before:]]
    assert kinds == ["token.revoked"] * 4 + ["agent.disabled"] + ["request.refused"] * 3
    assert world.ops.status()["events_in_memory_only"] == 0


def test_a_restart_loses_what_was_held_in_memory_only(world: World):
    world.sidecar.log_unavailable = True
    with refused("log_unavailable"):
        world.ops.post("/v1/agents/billing/disable", {})
    world.sidecar.kill()
    world.sidecar.restart()

    assert world.open()["attempt"] == 1


@pytest.mark.parametrize("how", ["sync", "async"])
def test_a_sidecar_that_does_not_answer_is_unavailable_within_the_deadline(world: World, how: str):
    client = jeton.Client(world.doors["billing"], deadline=0.2)
    client.status()
    world.sidecar.stop_answering()
    scope = jeton.call("refund", ARGUMENTS, client=client)

    async def enter() -> None:
        async with scope:
            pass

    began = time.monotonic()
    with refused("sidecar_unavailable"):
        if how == "sync":
            scope.__enter__()
        else:
            asyncio.run(enter())
    assert time.monotonic() - began < 5

    world.sidecar.answer_again()
    assert world.open()["attempt"] == 1


def test_what_was_asked_meanwhile_is_done_when_it_answers_again(world: World):
    client = jeton.Client(world.doors["billing"], deadline=0.2)
    client.status()
    world.sidecar.stop_answering()
    body = {"server": CRM, "tool": "refund", "arguments": ARGUMENTS, "open_id": "o-1"}
    with refused("sidecar_unavailable"):
        client.post("/v1/calls", body)
    world.sidecar.answer_again()

    until(lambda: world.sidecar.happened("token.minted") != [])
    assert world.billing.post("/v1/calls", body)["attempt"] >= 2


def test_a_sidecar_that_is_gone_is_unavailable_and_found_again(world: World):
    world.open()
    world.sidecar.kill()
    with refused("sidecar_unavailable"):
        world.open()
    world.sidecar.restart()
    assert world.open()["attempt"] == 1


def test_a_connection_over_the_limit_is_told_overloaded_and_closed(make_world: Any):
    world = make_world(connections_per_uid=2)
    held = []
    try:
        for _ in range(2):
            held.append(socket.socket(socket.AF_UNIX))
            held[-1].connect(world.doors["billing"])
            held[-1].sendall(b"GET /v1/status HTTP/1.1\r\n\r\n")
            assert held[-1].recv(12) == b"HTTP/1.1 200"
        (answer,) = raw.send(world.doors["billing"])
        assert (answer.code, answer.status, answer.headers["connection"]) == ("overloaded", 503, "close")
    finally:
        for one in held:
            one.close()
    until(lambda: raw.get(world.doors["billing"], "/v1/status").status == 200)


def test_the_first_20_refusals_of_a_code_are_events_and_the_rest_are_counted(world: World):
    indexes = []
    for _ in range(22):
        with refused("no_grant") as raised:
            world.open("delete_customer")
        indexes.append(raised.value.log_index)
    with refused("unknown_server"):
        world.open(server="https://nowhere.example/mcp")

    assert None not in indexes[:20] and indexes[20:] == [None, None]
    world.sidecar.restart()
    (suppressed,) = world.sidecar.happened("refusals.suppressed")
    assert (suppressed["code"], suppressed["count"]) == ("no_grant", 2)
