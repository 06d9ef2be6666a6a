"""A guarded tool runs for a redeemed token and for nothing else, on every kind of server, over every transport."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import shop as shops
from shop import KINDS, REVISIONS, SERVER, TRANSPORTS, Answer, Link, build, connect

import jeton
from jeton import Verifier

REFUND = {"order": "o-1", "amount": 5}
EVERY_WAY = pytest.mark.parametrize("transport", TRANSPORTS)
EVERY_REVISION = pytest.mark.parametrize("revision", REVISIONS)
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def patient() -> Verifier:
    return Verifier(SERVER, deadline=5)


def refused_with(answer: Answer, code: str) -> None:
    assert answer.is_error
    assert answer.text == "call not authorised"
    assert answer.meta["dev.jeton/refusal"] == {"code": code}


async def enrolled(link: Link) -> Link:
    jeton.enroll(link.session, SERVER)
    return link


@EVERY_KIND
@EVERY_WAY
@EVERY_REVISION
async def test_a_tool_runs_for_a_token_and_the_result_carries_the_receipt(daemon, kind, transport, revision) -> None:
    shop = build(kind, verifier=patient())
    async with connect(shop, transport, revision) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            answer = await link.call("refund", REFUND)

    seen = json.loads(answer.text)
    assert (seen["txn"], seen["jti"]) == (scope.txn, scope.last_jti)
    assert seen["arguments"] == REFUND
    assert answer.meta["dev.jeton/receipt"]["jti"] == scope.last_jti
    assert daemon.outcomes(scope.txn) == ["ok", "ok"]


@EVERY_KIND
@EVERY_WAY
@EVERY_REVISION
async def test_without_a_token_the_body_never_runs(daemon, kind, transport, revision) -> None:
    shop = build(kind, verifier=patient())
    async with connect(shop, transport, revision) as link:
        refused_with(await link.call("refund", REFUND), "bad_token")
    assert shop.ran == []


@EVERY_KIND
@EVERY_REVISION
async def test_a_replayed_request_is_refused_and_the_tool_runs_once(daemon, kind, revision) -> None:
    shop = build(kind, verifier=patient())
    async with jeton.call("refund", REFUND) as scope:
        meta = await scope.ameta(SERVER)
    jeton.uninstrument_mcp()
    async with connect(shop, "http", revision) as link:
        assert not (await link.call("refund", REFUND, meta)).is_error
        refused_with(await link.call("refund", REFUND, meta), "already_redeemed")
    assert len(shop.ran) == 1


@EVERY_KIND
@pytest.mark.parametrize(
    ("server", "tool", "arguments", "code"),
    [
        (SERVER, "refund", {"order": "o-1", "amount": 6}, "args_mismatch"),
        (SERVER, "fails", {"order": "o-1", "amount": 5}, "wrong_tool"),
        ("https://other.example/mcp", "refund", REFUND, "wrong_audience"),
    ],
)
async def test_a_token_for_another_call_is_refused_and_not_spent(daemon, kind, server, tool, arguments, code) -> None:
    shop = build(kind, verifier=patient())
    jeton.uninstrument_mcp()
    async with jeton.call(tool, arguments) as scope:
        token = await scope.amint(server)
        async with connect(shop) as link:
            refused_with(await link.call("refund", REFUND, {"dev.jeton/token": token.reveal()}), code)
        assert shop.ran == []
        assert (await Verifier(server, deadline=5).aredeem(token.reveal(), tool, arguments)).txn == scope.txn


@EVERY_KIND
@EVERY_REVISION
@pytest.mark.parametrize("transport", ["memory", "http"])
async def test_the_body_cannot_see_the_token(daemon, kind, revision, transport) -> None:
    shop = build(kind, verifier=patient())
    async with connect(shop, transport, revision) as link:
        jeton.enroll(link.session, SERVER)
        await link.call("refund", REFUND, {"example.com/own": "kept"})
    (ran,) = shop.ran
    assert ran["meta"]["example.com/own"] == "kept"
    assert not [name for name in ran["meta"] if name.startswith("dev.jeton/")]


@EVERY_KIND
async def test_a_tool_gets_its_verified_call_as_a_parameter_no_schema_shows(daemon, kind) -> None:
    shop = build(kind, verifier=patient())
    async with connect(shop) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("whoami") as scope:
            assert (await link.call("whoami", {})).text == scope.txn
        listed = await link.client.list_tools()
    tools = {tool.name: tool.model_dump() for tool in (listed if isinstance(listed, list) else listed.tools)}
    schema = tools["whoami"].get("input_schema") or tools["whoami"].get("inputSchema")
    assert schema["properties"] == {}


@EVERY_KIND
async def test_how_a_tool_went_is_reported_by_the_server(daemon, kind) -> None:
    shop = build(kind, verifier=patient())
    async with connect(shop) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("fails", {"order": "o"}) as scope:
            answer = await link.call("fails", {"order": "o"})
    assert answer.is_error and "dev.jeton/refusal" not in answer.meta
    assert daemon.outcomes(scope.txn) == ["tool_error", "tool_error"]


@EVERY_KIND
@EVERY_REVISION
@pytest.mark.parametrize("transport", ["memory", "http"])
async def test_a_cancelled_call_is_reported_as_cancelled_by_both_sides(daemon, kind, revision, transport) -> None:
    shop = build(kind, verifier=patient())
    scope = jeton.call("waits")

    async def work(link: Link) -> None:
        async with scope:
            await link.call("waits", {})

    async with connect(shop, transport, revision) as link:
        jeton.enroll(link.session, SERVER)
        task = asyncio.create_task(work(link))
        await asyncio.wait_for(shop.waiting.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await link.tell_cancelled()
        await asyncio.wait_for(shop.cancelled.wait(), 10)
        await until(lambda: len(daemon.outcomes(scope.txn)) == 2)
    assert daemon.outcomes(scope.txn) == ["cancelled", "cancelled"]


async def until(true: Any, seconds: float = 10) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


@EVERY_KIND
@EVERY_REVISION
async def test_with_the_sidecar_down_the_body_never_runs(daemon, kind, revision) -> None:
    shop = build(kind, verifier=patient())
    async with jeton.call("refund", REFUND) as scope:
        meta = await scope.ameta(SERVER)
    jeton.uninstrument_mcp()
    async with connect(shop, "memory", revision) as link:
        daemon.stop()
        refused_with(await link.call("refund", REFUND, meta), "sidecar_unavailable")
    assert shop.ran == []


class RestartsBefore(Verifier):
    """A verifier whose sidecar dies between the mint and the redemption, `times` times."""

    def __init__(self, daemon: Any, times: int = 1) -> None:
        super().__init__(SERVER, deadline=5)
        self.daemon, self.times, self.shown = daemon, times, 0

    async def aredeem(self, *args: Any, **kwargs: Any) -> jeton.VerifiedCall:
        self.shown += 1
        if self.shown <= self.times:
            self.daemon.kill()
            self.daemon.start()
        return await super().aredeem(*args, **kwargs)


@EVERY_KIND
@EVERY_REVISION
async def test_a_daemon_restarted_between_mint_and_redeem_costs_one_more_token(daemon, kind, revision) -> None:
    shop = build(kind, verifier=(verifier := RestartsBefore(daemon)))
    async with connect(shop, "memory", revision) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            answer = await link.call("refund", REFUND)
    assert not answer.is_error
    assert (verifier.shown, scope.attempts, len(shop.ran)) == (2, 2, 1)


@EVERY_KIND
async def test_a_server_that_never_knows_the_key_gets_two_tokens_and_no_more(daemon, kind) -> None:
    shop = build(kind, verifier=(verifier := RestartsBefore(daemon, times=9)))
    async with connect(shop) as link:
        jeton.enroll(link.session, SERVER)
        async with jeton.call("refund", REFUND) as scope:
            refused_with(await link.call("refund", REFUND), "unknown_key")
    assert (verifier.shown, scope.attempts, shop.ran) == (2, 2, [])


@EVERY_KIND
@EVERY_REVISION
@pytest.mark.parametrize("transport", ["memory", "http"])
async def test_fifty_calls_at_once_keep_to_themselves(daemon, kind, revision, transport) -> None:
    shop = build(kind, verifier=patient())

    async def one(link: Link, number: int) -> tuple[str, str]:
        arguments = {"order": f"o-{number}", "amount": number}
        async with jeton.call("refund", arguments) as scope:
            seen = json.loads((await link.call("refund", arguments)).text)
        assert seen["arguments"] == arguments
        return scope.txn, seen["txn"]

    async with connect(shop, transport, revision) as link:
        jeton.enroll(link.session, SERVER)
        pairs = await asyncio.gather(*(one(link, number) for number in range(50)))
    assert all(opened == ran for opened, ran in pairs)
    assert len({opened for opened, _ in pairs}) == 50


@EVERY_KIND
async def test_only_the_tools_that_are_named_need_a_token(daemon, kind) -> None:
    shop = build(kind, verifier=patient(), tools=["ref*"])
    async with connect(shop) as link:
        refused_with(await link.call("refund", REFUND), "bad_token")
        answer = await link.call("fails", {"order": "o"})
    assert [ran["tool"] for ran in shop.ran] == ["fails"] and "dev.jeton/receipt" not in answer.meta


@EVERY_KIND
async def test_arguments_that_are_no_plain_json_are_refused(daemon, kind) -> None:
    shop = build(kind, verifier=patient())
    async with jeton.call("refund", REFUND) as scope:
        meta = await scope.ameta(SERVER)
    jeton.uninstrument_mcp()
    async with connect(shop, "http") as link:
        refused_with(await link.call("refund", {"order": "o-1", "amount": 2**53}, meta), "bad_arguments")
    assert shop.ran == []


def test_a_verifier_of_another_server_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="the verifier is for"):
        shops.build(KINDS[0], verifier=Verifier("https://other.example/mcp"))
