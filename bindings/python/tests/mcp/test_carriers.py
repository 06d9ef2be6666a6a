"""What leaves an MCP client: a token for every `tools/call` to an enrolled server, and nothing of ours elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from shop import KINDS, REVISIONS, SERVER, Link, Shop, build, client_of, command, connect, serving

import jeton
from jeton import Denied, Unavailable

REFUND = {"order": "o-1", "amount": 5}
KIND = KINDS[0]


@asynccontextmanager
async def recorded(shop: Shop, revision: str = REVISIONS[0]) -> AsyncIterator[tuple[Link, list[dict[str, Any]]]]:
    """A client over HTTP, and every message that arrives at the server, as it was sent."""
    arrived: list[dict[str, Any]] = []

    def recording(app: Any) -> Any:
        async def record(scope: Any, receive: Any, send: Any) -> None:
            async def heard() -> Any:
                message = await receive()
                if message.get("body"):
                    arrived.append(json.loads(message["body"]))
                return message

            await app(scope, heard if scope["type"] == "http" else receive, send)

        return record

    async with serving(shop, recording) as url, client_of(shop.kind, url, revision) as link:
        link.url = url
        yield link, arrived


def calls(arrived: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["params"] for message in arrived if message.get("method") == "tools/call"]


def meta(call: dict[str, Any]) -> dict[str, Any]:
    return call.get("_meta", {})


def of_ours(call: dict[str, Any]) -> list[str]:
    return [name for name in meta(call) if name.startswith("dev.jeton/")]


def jti(call: dict[str, Any]) -> str:
    import base64

    claims = meta(call)["dev.jeton/token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["jti"]


@pytest.mark.parametrize("revision", REVISIONS)
async def test_only_a_tools_call_carries_a_token(daemon, revision) -> None:
    async with recorded(build(KIND, guarded=False), revision) as (link, arrived):
        jeton.enroll(link.session, SERVER)
        await link.client.list_tools()
        await link.call("refund", REFUND)
    with_token = [message["method"] for message in arrived if "dev.jeton" in json.dumps(message)]
    assert with_token == ["tools/call"]
    assert len(arrived) > 2


async def test_a_server_that_is_not_enrolled_gets_nothing_not_even_what_the_caller_put_there(daemon) -> None:
    async with recorded(build(KIND, guarded=False)) as (link, arrived):
        async with jeton.call("refund", REFUND, server=SERVER) as scope:
            await link.call("refund", REFUND, {"dev.jeton/scope": scope.id, **await scope.ameta(SERVER)})
            await link.call("refund", REFUND, {"example.com/own": 1})
    assert [of_ours(call) for call in calls(arrived)] == [[], []]
    assert meta(calls(arrived)[1])["example.com/own"] == 1
    assert scope.attempts == 1


async def test_a_url_is_enrolled_by_its_scheme_host_port_and_path(daemon) -> None:

    async with serving(build(KIND, guarded=False)) as url:
        jeton.instrument_mcp([(SERVER, url)])

        async with client_of(KIND, url + "?a=1", REVISIONS[0]) as link:
            async with jeton.call("refund", REFUND) as scope:
                await link.call("refund", REFUND)
            assert scope.attempts == 1
    async with serving(build(KIND, guarded=False)) as other, client_of(KIND, other, REVISIONS[0]) as link:
        async with jeton.call("refund", REFUND) as scope:
            await link.call("refund", REFUND)
        assert scope.attempts == 0


async def test_a_command_is_enrolled_with_exactly_its_arguments(daemon) -> None:
    process = command(KIND, "--open")
    jeton.instrument_mcp({"mcp:stdio:shop": [process.command, *process.args]})

    for target, attempts in ((process, 1), (command(KIND, "--open", "--more"), 0)):
        async with client_of(KIND, target, REVISIONS[0]) as link, jeton.call("refund", REFUND) as scope:
            await link.call("refund", REFUND)
            assert scope.attempts == attempts


async def test_the_callers_meta_is_never_changed(daemon) -> None:
    own = {"example.com/own": {"deep": [1]}}
    async with connect(build(KIND, guarded=False)) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            own["dev.jeton/scope"] = scope.id  # type: ignore[assignment]
            before = json.dumps(own)
            await link.call("refund", REFUND, own)
    assert json.dumps(own) == before


async def test_every_attempt_of_a_retry_loop_has_a_token_of_its_own(daemon) -> None:
    async with recorded(build(KIND, guarded=False)) as (link, arrived):
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            again = {"dev.jeton/scope": scope.id}
            for _ in range(3):
                await link.call("refund", REFUND, again)
    sent = calls(arrived)
    assert len({jti(call) for call in sent}) == 3
    assert [of_ours(call) for call in sent] == [["dev.jeton/token"]] * 3
    minted = [event for event in daemon.events(scope.txn) if event["event"] == "token.minted"]
    assert [event["attempt"] for event in minted] == [1, 2, 3]


async def test_the_scope_that_is_named_goes_before_the_one_around(daemon) -> None:
    async with connect(build(KIND, guarded=False)) as link:
        jeton.enroll(link.session, SERVER)
        named = jeton.call("refund", REFUND)
        async with named, jeton.call("agent", {}) as around:
            await link.call("refund", REFUND, {"dev.jeton/scope": named.id})
    assert (named.attempts, around.attempts) == (1, 0)


async def test_a_scope_that_is_over_sends_nothing(daemon) -> None:
    shop = build(KIND, guarded=False)
    async with connect(shop) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            pass
        with pytest.raises(Denied, match="unknown_call"):
            await link.call("refund", REFUND, {"dev.jeton/scope": scope.id})
    assert shop.ran == []


async def test_outside_any_scope_a_request_opens_one_of_its_own(daemon) -> None:
    async with connect(build(KIND)) as link:
        jeton.enroll(link.session, SERVER)
        seen = json.loads((await link.call("refund", REFUND)).text)
        broken = await link.call("fails", {"order": "o"})
    assert broken.is_error
    assert jeton.current_call() is None
    assert daemon.outcomes(seen["txn"]) == ["ok", "ok"]
    failed = next(call for call in daemon.calls() if call["tool"] == "fails")
    assert daemon.outcomes(failed["txn"]) == ["tool_error", "tool_error"]


async def test_outside_any_scope_deny_refuses_and_pass_sends_without_a_token(daemon) -> None:
    shop = build(KIND, guarded=False)
    async with recorded(shop) as (link, arrived):
        jeton.enroll(link.session, SERVER)
        jeton.configure(socket=daemon.socket, deadline=5, unscoped="deny")
        with pytest.raises(Denied):
            await link.call("refund", REFUND)
        jeton.configure(socket=daemon.socket, deadline=5, unscoped="pass")
        await link.call("refund", REFUND)
    assert [of_ours(call) for call in calls(arrived)] == [[]]


async def test_a_refused_mint_sends_nothing(daemon) -> None:
    shop = build(KIND, guarded=False)
    async with connect(shop) as link:
        jeton.enroll(link.session, "https://stranger.example/mcp")
        with pytest.raises(Denied):
            await link.call("refund", REFUND)
        jeton.enroll(link.session, SERVER)
        daemon.stop()
        with pytest.raises(Unavailable, match="sidecar_unavailable"):
            await link.call("refund", REFUND)
    assert shop.ran == []


async def test_what_is_bound_is_what_the_wire_says_not_what_the_framework_called_it(daemon) -> None:
    async with connect(build(KIND)) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("crm.refund", {"everything": 1}) as scope:
            answer = await link.call("refund", REFUND)
    assert json.loads(answer.text)["txn"] == scope.txn


async def test_installing_twice_mints_once_and_uninstalling_ends_it(daemon) -> None:
    jeton.instrument_mcp([SERVER])
    jeton.instrument_mcp([SERVER])
    async with recorded(build(KIND, guarded=False)) as (link, arrived):
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            await link.call("refund", REFUND)
        jeton.uninstrument_mcp()
        await link.call("refund", REFUND)
    assert scope.attempts == 1
    assert [of_ours(call) for call in calls(arrived)] == [["dev.jeton/token"], []]


async def test_an_attempt_that_goes_well_takes_a_failure_back(daemon) -> None:
    shop = build(KIND)
    async with connect(shop) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            jeton.enroll(link.session, "https://other.example/mcp")
            with pytest.raises(Denied):  # the first mint settles the server, the second asks for another
                await scope.amint(SERVER)
                await link.call("refund", REFUND)
            jeton.enroll(link.session, SERVER)
            assert not (await link.call("refund", REFUND)).is_error
    assert daemon.outcomes(scope.txn) == ["ok", "ok"]


async def test_the_receipt_goes_back_with_the_outcome(daemon) -> None:
    asked: list[Any] = []

    class Listens(jeton.Client):
        def aio(self) -> Any:
            inner = super().aio()

            class Loop:
                async def ask(self, request: Any) -> Any:
                    asked.append(request)
                    return await inner.ask(request)

            return Loop()

    async with connect(build(KIND)) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND, client=Listens(daemon.socket, deadline=5)) as scope:
            answer = await link.call("refund", REFUND)
    assert asked[-1].path.endswith("/outcome")
    assert asked[-1].body["receipt"] == answer.meta["dev.jeton/receipt"]
    assert asked[-1].body["receipt"]["jti"] == scope.last_jti


@pytest.mark.parametrize(
    "receipt", [None, 7, {}, {"jti": "a"}, {"jti": "a" * 999, "redeemed_at": 1, "log_index": 1}, {"jti": 1}]
)
def test_a_receipt_that_is_none_is_left_alone(receipt) -> None:
    from types import SimpleNamespace

    from jeton.mcp.wire import receipt_of

    assert receipt_of(SimpleNamespace(meta={"dev.jeton/receipt": receipt})) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://user@crm.example/mcp",
        "https://crm.example\\@evil.example/mcp",
        "https://crm.exa mple/mcp",
        "https:///mcp",
        "ftp://crm.example/mcp",
        "https://crm.example:99999/mcp",
        "crm",
        "mcp:stdio:",
        "",
    ],
)
def test_what_two_parsers_could_read_differently_is_no_server(url) -> None:
    with pytest.raises(ValueError):
        jeton.instrument_mcp([url])


def test_two_servers_cannot_be_at_one_place_and_a_command_has_to_be_given() -> None:
    with pytest.raises(ValueError, match="same place"):
        jeton.instrument_mcp([(SERVER, "http://127.0.0.1:1/mcp"), ("https://b.example/", "http://127.0.0.1:1/mcp")])
    with pytest.raises(ValueError, match="needs its command"):
        jeton.instrument_mcp(["mcp:stdio:files"])
    with pytest.raises(TypeError):
        jeton.instrument_mcp(SERVER)


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://crm.example/mcp", True),
        ("HTTPS://CRM.example:443/mcp", True),
        ("https://crm.example/mcp/", False),
        ("https://crm.example/MCP", False),
        ("http://crm.example/mcp", False),
        ("https://crm.example:8443/mcp", False),
        ("https://crm.example.evil.example/mcp", False),
        ("https://crm.example/mcp/../other", False),
    ],
)
def test_a_url_is_the_same_only_to_the_letter_of_its_path(url, same) -> None:
    from jeton.mcp import endpoints

    assert (endpoints.of_url(url) == endpoints.of_url(SERVER)) is same
