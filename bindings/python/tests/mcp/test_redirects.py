"""A token does not follow a redirect away from its server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shop import KINDS, MCP2, REVISIONS, SERVER, build, client_of, listening, serving

import jeton

REFUND = {"order": "o-1", "amount": 5}


def redirecting(app: Any, target: str, arrived: list[Any]) -> Any:
    """Answers every `tools/call` with a 307 to `target`, and lets everything else through."""

    async def redirect(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith("/mcp"):
            await app(scope, receive, send)
            return
        body = await receive()
        if b'"tools/call"' in body.get("body", b""):
            arrived.append(json.loads(body["body"]))
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", target.encode())]})
            await send({"type": "http.response.body", "body": b""})
            return
        rest = iter([body])

        async def again() -> Any:
            return next(rest, None) or await receive()

        await app(scope, again, send)

    return redirect


def recording(arrived: list[bytes]) -> Any:
    async def record(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
                if kind == "lifespan.shutdown":
                    return
        arrived.append((await receive()).get("body", b""))
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return record


@pytest.mark.parametrize("place", ["another origin", "another path"])
async def test_a_call_that_is_redirected_elsewhere_fails_and_its_token_stays(daemon, caplog, place) -> None:
    shop, elsewhere, first = build(KINDS[0], guarded=False), [], []
    async with listening(recording(elsewhere)) as other:
        target = f"{other}/mcp" if place == "another origin" else "/elsewhere"
        async with serving(shop, lambda app: redirecting(app, target, first)) as url:
            jeton.instrument_mcp([(SERVER, url)])
            with pytest.raises(BaseException) as failed:  # mcp 1 ends the whole transport with a group of them
                async with client_of(KINDS[0], url, REVISIONS[0]) as link:
                    await link.call("refund", REFUND)
    assert len(first) == 1 and "dev.jeton/token" in first[0]["params"]["_meta"]
    assert elsewhere == [] and shop.ran == []
    assert first[0]["params"]["_meta"]["dev.jeton/token"] not in repr(failed.getrepr(style="long"))


async def answer_of(status: int, location: str, content: bytes) -> Any:
    """An httpx client that follows every redirect, with our guard in it: where does the second request go?"""
    if MCP2:
        import httpx2 as httpx
    else:
        import httpx
    from jeton.mcp.transports import _guard

    went: list[str] = []

    def handle(request: Any) -> Any:
        went.append(str(request.url))
        return httpx.Response(status, headers={"location": location}) if len(went) == 1 else httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle), follow_redirects=True) as client:
        with _guard(client):
            await client.post("https://crm.example/mcp", content=content)
        assert client.event_hooks["response"] == []
    return went


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/mcp",
        "//evil.example/mcp",
        "http://crm.example/mcp",
        "https://crm.example:8443/mcp",
        "/other",
        "https://crm.example@evil.example/mcp",
        "http://[",
    ],
)
async def test_a_client_that_follows_everything_does_not_take_a_token_along(status, location) -> None:
    assert await answer_of(status, location, b'{"_meta":{"dev.jeton/token":"x"}}') == ["https://crm.example/mcp"]


async def test_a_slash_at_the_end_is_the_same_place_and_what_has_no_token_goes_where_it_is_sent() -> None:
    assert len(await answer_of(307, "/mcp/", b'{"_meta":{"dev.jeton/token":"x"}}')) == 2
    assert len(await answer_of(307, "https://evil.example/mcp", b"{}")) == 2
