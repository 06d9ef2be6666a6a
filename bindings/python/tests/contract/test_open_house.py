"""One account that may do everything, as with --dev: the roles of it, and which report is whose."""

from __future__ import annotations

from typing import Any

from jeton.testing import Sidecar

from .world import CRM, refused

BODY: dict[str, Any] = {"server": CRM, "tool": "refund", "arguments": {}}


def redeem(sidecar: Sidecar, token: str, id: str = "first") -> dict[str, Any]:
    return sidecar.client().post("/v1/redeem", {**BODY, "token": token, "redemption_id": id})


def test_every_tool_of_every_server_is_granted_eight_times(open_house: Sidecar):
    client = open_house.client()
    answer = client.post("/v1/calls", {**BODY, "server": "mcp:stdio:anything", "tool": "any thing"})
    assert answer["grant"] == "dev"

    txn = client.post("/v1/calls", BODY)["txn"]
    for attempt in range(2, 9):
        token = client.post(f"/v1/calls/{txn}/tokens", BODY)
        redeem(open_house, token["token"])
        assert token["attempt"] == attempt
    with refused("too_many_attempts"):
        client.post(f"/v1/calls/{txn}/tokens", BODY)


def test_the_account_has_every_role(open_house: Sidecar):
    status = open_house.client().status()
    assert status["roles"] == ["agent:dev", "server:*", "operator", "reviewer"]
    assert (status["dev"], status["trust_domain"], status["disabled_agents"]) == (True, "dev.local", [])
    assert status["limits"]["connections_per_uid"] == 128


def test_names_that_make_a_token_over_8_kib_are_a_bad_request(open_house: Sidecar):
    long = {**BODY, "server": "mcp:stdio:" + "f" * 2000, "tool": "\x01" * 256, "call_id": "x" * 128}
    with refused("bad_request"):
        open_house.client().post("/v1/calls", long)
    assert open_house.client().post("/v1/calls", {**long, "tool": "x"})["attempt"] == 1


def test_an_outcome_with_a_jti_and_without_a_receipt_is_the_redeemers(open_house: Sidecar):
    client = open_house.client()
    opened = client.post("/v1/calls", BODY)
    redeemed = redeem(open_house, opened["token"])
    receipt = {name: redeemed[name] for name in ("jti", "redeemed_at", "log_index")}
    outcome = f"/v1/calls/{opened['txn']}/outcome"

    for report, role in (
        ({"jti": opened["jti"]}, "server"),
        ({"jti": opened["jti"], "receipt": receipt}, "agent"),
    ):
        index = client.post(outcome, {"outcome": "ok", **report})["log_index"]
        assert open_house.events[index]["role"] == role


def test_what_happened_can_be_counted(open_house: Sidecar):
    client = open_house.client()
    for tool in ("refund", "refund", "lookup"):
        token = client.post("/v1/calls", {**BODY, "tool": tool})["token"]
        client.post("/v1/redeem", {**BODY, "tool": tool, "token": token, "redemption_id": "r"})

    assert [open_house.redeemed(), open_house.redeemed("refund"), open_house.redeemed("pay")] == [3, 2, 0]
    assert len(open_house.happened("token.minted", tool="lookup", attempt=1)) == 1
    assert [event["log_index"] for event in open_house.events] == list(range(len(open_house.events)))
