"""A guarded ASGI application runs for a redeemed token, and sees exactly the arguments that were verified."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgi_kit import SERVER, App, ask

import jeton
from jeton import Verifier, current_verified_call
from jeton.servers.asgi import RequireCallToken

REFUND = {"order": "o-1", "amount": 5}


def guarded(app: App, **options: Any) -> RequireCallToken:
    return RequireCallToken(app, SERVER, verifier=Verifier(SERVER, deadline=5), **options)


async def bearer(tool: str, arguments: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    async with jeton.call(tool, arguments) as scope:
        token = (await scope.amint(SERVER)).reveal()
    return [(b"authorization", b"Bearer " + token.encode())]


def refused_with(answer: Any, status: int, code: str) -> None:
    assert (answer.status, answer.headers["jeton-refusal"]) == (status, code)
    problem = json.loads(answer.body)
    assert (problem["code"], problem["detail"], problem["status"]) == (code, "call not authorised", status)


async def test_a_request_with_a_token_runs_and_the_answer_carries_the_receipt(daemon) -> None:
    app = App()
    async with jeton.call("refund", REFUND) as scope:
        headers = [(b"authorization", f"Bearer {(await scope.amint(SERVER)).reveal()}".encode())]
        answer = await ask(guarded(app), "/tools/refund", REFUND, headers)
    assert answer.status == 200
    assert json.loads(answer.headers["jeton-receipt"])["jti"] == scope.last_jti
    (seen,) = app.ran
    assert (json.loads(seen["body"]), seen["txn"]) == (REFUND, scope.txn)
    assert daemon.outcomes(scope.txn) == ["ok", "ok"]


async def test_the_application_does_not_see_the_token(daemon) -> None:
    app = App()
    await ask(guarded(app), "/tools/refund", REFUND, await bearer("refund", REFUND))
    (seen,) = app.ran
    assert b"authorization" not in dict(seen["headers"])


async def test_the_application_gets_what_was_verified_and_not_the_bytes_that_were_sent(daemon) -> None:
    app = App()
    sent = json.dumps(REFUND, indent=8).encode("utf-8")
    headers = [*await bearer("refund", REFUND), (b"content-type", b"text/plain"), (b"content-length", b"1")]
    assert (await ask(guarded(app), "/tools/refund", sent, headers)).status == 200
    (seen,) = app.ran
    assert seen["body"] != sent and json.loads(seen["body"]) == REFUND
    assert dict(seen["headers"])[b"content-length"] == str(len(seen["body"])).encode()
    assert dict(seen["headers"])[b"content-type"] == b"application/json"


@pytest.mark.parametrize(
    "body",
    [
        b'{"order":"o-1","amount":5,"amount":6}',
        b"[1]",
        b'"text"',
        b"{",
        '{"order":"é","amount":5}'.encode("latin-1"),
        '{"order":"o-1","amount":5}'.encode("utf-16"),
        b'{"order":"o-1","amount":NaN}',
        b"[" * 100_000,
    ],
)
async def test_a_body_that_is_no_one_json_object_is_refused_before_anything_is_asked(daemon, body) -> None:
    app = App()
    refused_with(await ask(guarded(app), "/tools/refund", body, await bearer("refund", REFUND)), 400, "bad_arguments")
    assert app.ran == []


async def test_a_query_string_is_not_bound_and_is_refused(daemon) -> None:
    app = App()
    answer = await ask(guarded(app), "/tools/refund", REFUND, await bearer("refund", REFUND), query=b"amount=1000")
    refused_with(answer, 400, "bad_arguments")
    assert app.ran == []


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "code"),
    [("refund", {**REFUND, "amount": 6}, 403, "args_mismatch"), ("lookup", REFUND, 403, "wrong_tool")],
)
async def test_a_token_for_another_call_does_not_run_it(daemon, tool, arguments, status, code) -> None:
    app = App()
    refused_with(await ask(guarded(app), "/tools/refund", REFUND, await bearer(tool, arguments)), status, code)
    assert app.ran == []


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"Basic eHg6eHg=")],
        [(b"authorization", b"Bearer ")],
        [(b"authorization", b"Bearer x.y.z")],
        [(b"authorization", b"Bearer \xff\xfe")],
        [(b"Authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
    ],
)
async def test_without_one_good_token_nothing_runs(daemon, headers) -> None:
    app = App()
    refused_with(await ask(guarded(app), "/tools/refund", REFUND, headers), 401, "bad_token")
    assert app.ran == []


async def test_rfc6750_3_whoever_is_refused_for_the_token_is_told_the_scheme(daemon) -> None:
    app, used = App(), await bearer("refund", REFUND)
    assert (await ask(guarded(app), "/tools/refund", REFUND, used)).status == 200
    others = await bearer("lookup", REFUND)
    for headers, status in (([], 401), ([(b"authorization", b"Bearer x.y.z")], 401), (others, 403), (used, 409)):
        answer = await ask(guarded(app), "/tools/refund", REFUND, headers)
        assert answer.status == status
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    malformed = await ask(guarded(app), "/tools/refund", REFUND, others, query=b"x=1")
    assert malformed.status == 400 and "www-authenticate" not in malformed.headers


async def test_a_second_use_is_refused(daemon) -> None:
    app, headers = App(), await bearer("refund", REFUND)
    assert (await ask(guarded(app), "/tools/refund", REFUND, headers)).status == 200
    refused_with(await ask(guarded(app), "/tools/refund", REFUND, headers), 409, "already_redeemed")
    assert len(app.ran) == 1


async def test_with_the_sidecar_down_nothing_runs(daemon) -> None:
    app, headers = App(), await bearer("refund", REFUND)
    daemon.stop()
    refused_with(await ask(guarded(app), "/tools/refund", REFUND, headers), 503, "sidecar_unavailable")
    assert app.ran == []


async def test_a_body_beyond_the_limit_is_refused_while_it_arrives(daemon) -> None:
    app = App()
    refused_with(await ask(guarded(app, body_max=20), "/tools/refund", REFUND, []), 413, "bad_request")
    assert app.ran == []


async def test_paths_that_are_not_guarded_are_left_alone_and_no_spelling_gets_round_one_that_is(daemon) -> None:
    app = App()
    guard = guarded(app, paths=["/tools/*"])
    assert (await ask(guard, "/healthz", b"", [], query=b"a=1")).status == 200
    for path in ("/tools/refund", "/tools/refund/", "/tools/", "/tools/a/refund"):
        assert (await ask(guard, path, REFUND, [])).status == 401
    assert len(app.ran) == 1


async def test_tools_can_be_named_by_their_path_and_arguments_by_a_function(daemon) -> None:
    app = App()
    named = guarded(app, tools={"/v1/pay": "refund"})
    assert (await ask(named, "/v1/pay", REFUND, await bearer("refund", REFUND))).status == 200
    assert (await ask(named, "/v1/other", REFUND, await bearer("refund", REFUND))).status == 403

    def extract(scope: Any, body: bytes) -> tuple[str, dict[str, Any]]:
        return "refund", json.loads(body)["args"]

    enveloped = {"args": REFUND, "trace": 1}
    own = guarded(app, extract=extract)
    assert (await ask(own, "/rpc", enveloped, await bearer("refund", REFUND), query=b"a=1")).status == 200
    assert json.loads(app.ran[-1]["body"]) == enveloped


@pytest.mark.parametrize(("status", "outcome"), [(204, "ok"), (404, "tool_error"), (500, "tool_error")])
async def test_the_status_says_how_the_tool_went(daemon, status, outcome) -> None:
    async with jeton.call("refund", REFUND) as scope:
        headers = [(b"authorization", f"Bearer {(await scope.amint(SERVER)).reveal()}".encode())]
        await ask(guarded(App(status)), "/tools/refund", REFUND, headers)
    assert outcome in daemon.outcomes(scope.txn)


async def test_a_websocket_on_a_guarded_path_is_closed(daemon) -> None:
    app, sent = App(), []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    await guarded(app)({"type": "websocket", "path": "/tools/refund", "headers": []}, receive, send)
    assert sent[0]["type"] == "websocket.close" and app.ran == []


async def test_a_route_of_fastapi_gets_the_verified_call_as_a_hidden_parameter(daemon) -> None:
    fastapi = pytest.importorskip("fastapi")
    from jeton.servers.asgi import verified_call

    app = fastapi.FastAPI()

    @app.post("/tools/refund")
    def refund(body: dict, call=fastapi.Depends(verified_call)) -> dict:
        assert call is current_verified_call()
        return {"txn": call.txn, "body": body}

    app.add_middleware(RequireCallToken, server=SERVER, paths=["/tools/*"], verifier=Verifier(SERVER, deadline=5))
    async with jeton.call("refund", REFUND) as scope:
        headers = [(b"authorization", f"Bearer {(await scope.amint(SERVER)).reveal()}".encode())]
        answer = await ask(app, "/tools/refund", REFUND, headers)
    assert json.loads(answer.body) == {"txn": scope.txn, "body": REFUND}
    assert "call" not in json.dumps(app.openapi()["paths"])
