"""Attacks on the guarded shop, each with a good token and one fault: which code is expected, and which is met."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any, NamedTuple

import jeton
from fastmcp import Client
from jeton.mcp.wire import REFUSAL, TOKEN
from places import DEADLINE_S, SHOP, TRANSCRIPT, shop_url, transcript_url
from table import Table

CROWD = 16
REFUND = {"order": 103, "amount_cents": 100, "reason": "attack"}


class Stage(NamedTuple):
    """Connections that nobody puts tokens on: each attack presents its own."""

    shop: Client[Any]
    elsewhere: Client[Any]


async def present(client: Client[Any], token: str | None, arguments: Any = REFUND, tool: str = "refund") -> str:
    """What the server says: "ok", the code it refused with, or the tool's failure."""
    result = await client.call_tool_mcp(tool, arguments, meta=None if token is None else {TOKEN: token})
    if not result.is_error:
        return "ok"
    return str((result.meta or {}).get(REFUSAL, {}).get("code", "the tool failed"))


async def minted(scope: jeton.CallScope, server: str = SHOP) -> str:
    return (await scope.amint(server)).reveal()


async def used_twice(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        token = await minted(scope)
        first = await present(stage.shop, token)
        return f"{first}, {await present(stage.shop, token)}"


async def used_by_many(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        token = await minted(scope)
        met = await asyncio.gather(*(present(stage.shop, token) for _ in range(CROWD)))
    return ", ".join(f"{met.count(code)} {code}" for code in sorted(set(met), reverse=True))


async def argument_changed(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        return await present(stage.shop, await minted(scope), {**REFUND, "amount_cents": 19900})


async def argument_added(stage: Stage) -> str:
    async with jeton.call("lookup_order", {"order": 103}) as scope:
        return await present(stage.shop, await minted(scope), {"order": 103, "also": None}, "lookup_order")


async def arguments_reordered(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        return await present(stage.shop, await minted(scope), dict(reversed(REFUND.items())))


async def another_tool(stage: Stage) -> str:
    async with jeton.call("lookup_order", {"order": 103}) as scope:
        return await present(stage.shop, await minted(scope), {"order": 103}, "refund")


async def another_server(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        return await present(stage.elsewhere, await minted(scope))


async def from_another_server(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        return await present(stage.shop, await minted(scope, TRANSCRIPT))


async def no_token(stage: Stage) -> str:
    return await present(stage.shop, None)


async def no_token_at_all(stage: Stage) -> str:
    return await present(stage.shop, "Bearer of good news")


async def forged(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        signed, _, signature = (await minted(scope)).rpartition(".")
        # One bit, then encoded anew: a well-formed token that nobody signed.
        raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
        raw[0] ^= 1
        return await present(stage.shop, f"{signed}.{base64.urlsafe_b64encode(raw).rstrip(b'=').decode()}")


async def after_revoke(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        token = await minted(scope)
        await asyncio.to_thread(jeton.Client(deadline=DEADLINE_S).revoke, txn=scope.txn)
        return await present(stage.shop, token)


async def older_attempt(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        older = await minted(scope)
        await minted(scope)
        return await present(stage.shop, older)


async def too_late(stage: Stage) -> str:
    arguments = {"email": "ben@shop.example"}
    async with jeton.call("list_orders", arguments) as scope:
        token = await minted(scope)  # its grant gives it one second
        until = time.clock_gettime(time.CLOCK_BOOTTIME) + 1.1
        while time.clock_gettime(time.CLOCK_BOOTTIME) < until:
            await asyncio.sleep(0.02)
        return await present(stage.shop, token, arguments, "list_orders")


async def another_attempt_after_use(stage: Stage) -> str:
    async with jeton.call("refund", REFUND) as scope:
        await present(stage.shop, await minted(scope))
        return await refusal(minted(scope))


async def beyond_the_grant(stage: Stage) -> str:
    return await refusal(jeton.call("refund", {**REFUND, "order": 102}, server=SHOP).__aenter__())


async def refusal(asked: Awaitable[object]) -> str:
    """The code with which jetond refuses, before there is a token at all."""
    try:
        await asked
    except jeton.JetonError as error:
        return error.code
    return "a token"


class Attack(NamedTuple):
    name: str
    expected: str
    run: Callable[[Stage], Awaitable[str]]


ATTACKS = [
    Attack("used twice", "ok, already_redeemed", used_twice),
    Attack(f"used {CROWD} times at once", f"1 ok, {CROWD - 1} already_redeemed", used_by_many),
    Attack("one argument changed", "args_mismatch", argument_changed),
    Attack("one argument added", "args_mismatch", argument_added),
    Attack("arguments only reordered", "ok", arguments_reordered),
    Attack("another tool", "wrong_tool", another_tool),
    Attack("another server", "wrong_audience", another_server),
    Attack("another server's token", "wrong_audience", from_another_server),
    Attack("no token", "bad_token", no_token),
    Attack("a text that is no token", "bad_token", no_token_at_all),
    Attack("forged signature", "bad_signature", forged),
    Attack("after revoke", "revoked", after_revoke),
    Attack("an older attempt after a newer was minted", "superseded", older_attempt),
    Attack("a second after its time", "expired", too_late),
    Attack("asking again after the call was redeemed", "too_many_attempts", another_attempt_after_use),
    Attack("an argument that the grant does not cover", "no_grant", beyond_the_grant),
]
PAID = 4
"""How many of them are refunds that hold a good token once: the shop must have paid for these and for no other."""


def refunds() -> int:
    """How often the shop has paid back, by its own books."""
    with closing(sqlite3.connect(f"file:{os.environ['SHOP_DB']}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM refunds").fetchone()[0])


async def attack() -> tuple[int, bool]:
    """Runs them all; how many went as expected, and whether the shop's books agree."""
    before, as_expected = refunds(), 0
    rows = ((name, code, code, "as expected") for name, code, _ in ATTACKS)
    table = Table(["attack", "expected", "met", "", "ms"], rows)
    async with Client(shop_url()) as shop, Client(transcript_url()) as elsewhere:
        for name, expected, run in ATTACKS:
            began = time.monotonic()
            try:
                met = await run(Stage(shop, elsewhere))
            except Exception as error:  # whatever else happens is not what was expected
                met = error.code if isinstance(error, jeton.JetonError) else type(error).__name__
            ms = f"{(time.monotonic() - began) * 1000:.1f}"
            as_expected += met == expected
            table.row(name, expected, met, "as expected" if met == expected else "UNEXPECTED", ms)
    paid = refunds() - before
    print(f"the shop paid {paid} times for them; {PAID} held a good token")
    return as_expected, paid == PAID


def main() -> int:
    jeton.configure(deadline=DEADLINE_S)
    as_expected, books_agree = asyncio.run(attack())
    print(f"attacks {len(ATTACKS)} as expected {as_expected}")
    return 0 if books_agree and as_expected == len(ATTACKS) else 1


if __name__ == "__main__":
    sys.exit(main())
