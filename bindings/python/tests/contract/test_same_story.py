"""The fake's log reads like the real one: the same script leaves the same events with the same members."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from .test_redeeming import worst
from .world import CRM, FILES, RULES, World, fake_world, real_world, refused

# What differs from run to run, or is evidence that a fake does not take.
VOLATILE = {
    "time_us",
    "uid",
    "gid",
    "pid",
    "exe",
    "unit",
    "socket",
    "log_index",
    "expires_at",
    "first_uid",
    "first_pid",
}
RANDOM = {"txn", "jti", "args_mac", "token_sha256", "redemption", "parent_txn", "cites"}


def script(world: World) -> None:
    """A bit of everything."""
    for code, request in worst(world):
        with refused(code):
            world.redeem(**request)
    opened = world.open("sync_all", run_id="run-1", call_id="c", framework="test", open_id="o-1")
    redeemed = world.redeem(opened["token"], "sync_all")
    world.crm.post(f"/v1/calls/{opened['txn']}/outcome", {"outcome": "ok", "jti": opened["jti"], "duration_ms": 3})
    world.mint(opened["txn"], "sync_all")
    world.open("sync_all", open_id="o-1", call_id="c")
    receipt = {name: redeemed[name] for name in ("jti", "redeemed_at", "log_index")}
    world.billing.post(
        f"/v1/calls/{opened['txn']}/outcome", {"outcome": "tool_error", "receipt": receipt, "detail": "E"}
    )
    world.billing.post(f"/v1/calls/{opened['txn']}/outcome", {"outcome": "ok"})
    world.open(server=None, parent_txn=opened["txn"], session_id="s", agent_label="l")
    files = world.open("réad it", server=FILES)
    world.redeem(files["token"], "réad it", server=FILES, by="stranger")
    for body in ({"jti": world.open()["jti"]}, {"run_id": "run-1"}, {"agent": "billing"}, {"txn": opened["txn"]}):
        world.billing.post("/v1/revoke", body)
    world.open()
    world.ops.post("/v1/agents/billing/disable", {})
    for attempt in (world.open, lambda: world.mint(opened["txn"])):
        with refused("agent_disabled"):
            attempt()
    world.ops.post("/v1/agents/billing/enable", {})
    with refused("unknown_call"):
        world.other.post("/v1/revoke", {"txn": opened["txn"]})
    with refused("unknown_agent"):
        world.ops.post("/v1/revoke", {"agent": "nobody"})
    with refused("bad_request"):
        world.stranger.post("/v1/calls", {"server": CRM})
    with refused("unknown_agent"):
        world.stranger.post("/v1/calls", {"tool": "x", "arguments": {}})


def told(world: World) -> list[dict[str, Any]]:
    """The log without what no two runs share; which events are about one call, token or event is kept."""
    names: dict[Any, str] = {}
    story = []
    for event in world.sidecar.events:
        if event["role"] == "daemon":
            continue
        shown = {name: value for name, value in event.items() if name not in VOLATILE | RANDOM}
        for name in sorted(RANDOM & event.keys()):
            shown[name] = names.setdefault((name != "cites", event[name]), f"#{len(names)}")
        story.append(shown)
    return story


def test_the_fake_tells_the_story_of_the_real_one():
    with tempfile.TemporaryDirectory(prefix="jeton-") as folder:
        real, fake = real_world(Path(folder), RULES, {}), fake_world(RULES, {})
        try:
            script(real)
            script(fake)
            for mine, its in zip(told(fake), told(real), strict=True):
                assert mine == its
        finally:
            real.sidecar.stop()
            fake.sidecar.stop()
