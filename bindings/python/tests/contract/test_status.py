"""What a sidecar says of itself, and to whom."""

from __future__ import annotations

from .world import CRM, FILES, VAULT, World

PUBLIC = {"version", "issuer", "dev", "durability", "keys", "log", "roles"}


def test_everybody_learns_a_little_and_its_own_roles(world: World):
    for door, roles in (
        ("billing", ["agent:billing"]),
        ("crm", [f"server:{CRM}"]),
        ("stranger", []),
    ):
        status = world.client(door).status()
        assert set(status) == PUBLIC
        assert status["roles"] == roles
        assert status["log"]["size"] == len(world.sidecar.events)


def test_an_operator_learns_all(world: World):
    status = world.ops.status()
    assert status["roles"] == ["operator", "reviewer"]
    assert (status["self_redeemed_servers"], status["offline_servers"]) == ([FILES], [VAULT])
    assert (status["trust_domain"], status["dev"], status["events_in_memory_only"]) == ("test.example", False, 0)
    expected = {"trust_domain", "memory_locked", "log_key", "checkpoint_places", "peer_pinning", "reserve_bytes"}
    assert expected | {"limits", "disabled_agents", "memory_not_locked"} <= set(status)
    assert status["algorithms"] == {"EdDSA": True}


def test_the_keys_are_next_and_current_and_lost_at_a_restart(world: World):
    jwks = world.billing.jwks()
    assert all(set(key) == {"alg", "crv", "kid", "kty", "use", "x"} for key in jwks["keys"])
    kids = [key["kid"] for key in jwks["keys"]]
    assert len(kids) == 2 and world.billing.status()["keys"] == kids

    issuer = world.billing.status()["issuer"]
    world.sidecar.restart()
    assert not {key["kid"] for key in world.billing.jwks()["keys"]} & set(kids)
    assert world.billing.status()["issuer"] == issuer


def test_neither_is_an_event(world: World):
    events = len(world.sidecar.events)
    world.billing.jwks()
    world.stranger.status()
    assert len(world.sidecar.events) == events
