"""What policy says no to never runs, and what a model reads of it tells nothing."""

from __future__ import annotations

import asyncio

import pytest
from conftest import SERVER, Daemon

import jeton


def test_a_tool_that_is_not_granted_does_not_run(strict_daemon: Daemon):
    ran = []
    with pytest.raises(jeton.Denied) as raised, jeton.call("delete_customer", {"id": 7}):
        ran.append("delete_customer")

    error = raised.value
    assert ran == []
    assert (error.code, error.tool) == ("no_grant", "delete_customer")
    assert "delete_customer" in error.message and isinstance(error.log_index, int)
    assert str(error) == "the call of delete_customer was not authorised (no_grant)"
    assert jeton.current_call() is None


def test_the_same_on_a_loop(strict_daemon: Daemon):
    async def main() -> None:
        async with jeton.call("delete_customer"):
            raise AssertionError("it ran")

    with pytest.raises(jeton.Denied, match="no_grant"):
        asyncio.run(main())


def test_arguments_are_within_the_grant_or_not(strict_daemon: Daemon):
    with jeton.call("refund", {"amount": 100}, server=SERVER) as scope:
        assert scope.grant == "refunds"
    with pytest.raises(jeton.Denied, match="no_grant"), jeton.call("refund", {"amount": 100.5}, server=SERVER):
        raise AssertionError("it ran")


def test_a_server_that_is_not_configured_is_refused(strict_daemon: Daemon):
    with (
        pytest.raises(jeton.Denied, match="unknown_server"),
        jeton.call("refund", {"amount": 1}, server="https://else.example/mcp"),
    ):
        raise AssertionError("it ran")


def test_attempts_run_out(strict_daemon: Daemon):
    with jeton.call("refund", {"amount": 1}, server=SERVER) as scope:
        for attempt in (1, 2, 3):
            assert scope.mint(SERVER).attempt == attempt
        with pytest.raises(jeton.Denied) as raised:
            scope.mint(SERVER)

    assert (raised.value.code, raised.value.txn) == ("too_many_attempts", scope.txn)
    assert strict_daemon.outcomes(scope.txn) == ["ok"]


def test_a_revoked_call_mints_no_more(daemon: Daemon):
    client = jeton.Client(daemon.socket, deadline=5)
    with jeton.call("refund", server=SERVER, run_id="run-9", client=client) as scope:
        assert client.revoke(txn=scope.txn) == 1
        with pytest.raises(jeton.Denied, match="revoked"):
            scope.mint(SERVER, arguments={})
            scope.mint(SERVER)
    assert client.revoke(run_id="run-9") == 0
    with pytest.raises(ValueError, match="name a txn or a run_id"):
        client.revoke()


def test_a_request_that_is_malformed_is_told_as_such(daemon: Daemon):
    with pytest.raises(jeton.JetonError) as raised, jeton.call("refund", call_id="two words"):
        raise AssertionError("it ran")
    assert raised.value.code == "bad_request"


def test_too_large_arguments_are_bad_arguments(daemon: Daemon):
    with pytest.raises(jeton.BadArguments) as raised, jeton.call("refund", {"text": "x" * 300_000}):
        raise AssertionError("it ran")
    assert raised.value.tool == "refund"
