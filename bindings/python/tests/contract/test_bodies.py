"""What is not exactly the protocol's is refused: members, forms, JSON, paths and HTTP itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import raw
from .world import CRM, World

OPEN: dict[str, Any] = {"server": CRM, "tool": "refund", "arguments": {"amount": 40}}
DIGEST = "R1wFxsaoCvHBMc8t4e_L7mzI8MDRarMUcOnqV51XnKw"
TXN = "AAAAAAAAAAAAAAAAAAAAAA"


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in OPEN.items() if name not in names}


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


BODIES: dict[str, tuple[str, dict[str, Any] | bytes]] = {
    "nothing": ("bad_request", b""),
    "no JSON": ("bad_request", b"{"),
    "no object": ("bad_request", b"[]"),
    "two values": ("bad_request", b"{}{}"),
    "a byte order mark": ("bad_request", b"\xef\xbb\xbf{}"),
    "a zero byte": ("bad_request", json.dumps(OPEN).encode() + b"\0"),
    "a comment": ("bad_request", b'{"tool":"refund",/**/"arguments":{}}'),
    "an unknown member": ("bad_request", {**OPEN, "scope": "x"}),
    "a subject token that is none": ("bad_token", {**OPEN, "subject_token": "x"}),
    "an empty subject token": ("bad_request", {**OPEN, "subject_token": ""}),
    "a member of another request": ("bad_request", {**OPEN, "redemption_id": "x"}),
    "a member twice": ("bad_request", b'{"tool":"refund","tool":"refund","arguments":{}}'),
    "no tool": ("bad_request", without("tool")),
    "a tool that is no text": ("bad_request", {**OPEN, "tool": 1}),
    "an empty tool": ("bad_request", {**OPEN, "tool": ""}),
    "a tool of 257 bytes": ("bad_request", {**OPEN, "tool": "x" * 255 + "é"}),
    "neither arguments nor digest": ("bad_request", without("arguments")),
    "both arguments and digest": ("bad_request", {**OPEN, "args_digest": DIGEST}),
    "a digest of 42 characters": ("bad_request", {**without("arguments"), "args_digest": DIGEST[1:]}),
    "a digest that is not canonical": ("bad_request", {**without("arguments"), "args_digest": DIGEST[:-1] + "x"}),
    "a digest with padding": ("bad_request", {**without("arguments"), "args_digest": DIGEST + "="}),
    "a server without a scheme": ("bad_request", {**OPEN, "server": "crm.example/mcp"}),
    "a server with a user name": ("bad_request", {**OPEN, "server": "https://crm.example@evil/mcp"}),
    "a server with a fragment": ("bad_request", {**OPEN, "server": CRM + "#x"}),
    "a server with a space": ("bad_request", {**OPEN, "server": "https://crm.example/a b"}),
    "a server with a large port": ("bad_request", {**OPEN, "server": "https://crm.example:65536"}),
    "a server without a name": ("bad_request", {**OPEN, "server": "mcp:stdio:"}),
    "a server of 2049 bytes": ("bad_request", {**OPEN, "server": "mcp:stdio:" + "x" * 2039}),
    "a server that is null": ("bad_request", {**OPEN, "server": None}),
    "an id with a space": ("bad_request", {**OPEN, "open_id": "a b"}),
    "an empty id": ("bad_request", {**OPEN, "call_id": ""}),
    "an id of 129 characters": ("bad_request", {**OPEN, "run_id": "x" * 129}),
    "an id that is a number": ("bad_request", {**OPEN, "session_id": 7}),
    "a parent that is no txn": ("bad_request", {**OPEN, "parent_txn": "x"}),
    "a parent that is not canonical": ("bad_request", {**OPEN, "parent_txn": TXN[:-1] + "B"}),
    "a traceparent of zeroes": ("bad_request", {**OPEN, "traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}),
    "a traceparent in capitals": (
        "bad_request",
        {**OPEN, "traceparent": "00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01"},
    ),
    "arguments that are null": ("bad_arguments", {**OPEN, "arguments": None}),
    "arguments that are a list": ("bad_arguments", {**OPEN, "arguments": []}),
    "an argument twice": ("bad_arguments", b'{"tool":"refund","arguments":{"a":1,"a":1}}'),
    "an argument beyond 2^53": ("bad_arguments", b'{"tool":"refund","arguments":{"a":9007199254740993}}'),
    "an argument spelled beyond 2^53": ("bad_arguments", b'{"tool":"refund","arguments":{"a":9.007199254740993e15}}'),
    "an argument beyond a double": ("bad_arguments", b'{"tool":"refund","arguments":{"a":1e400}}'),
    "an argument that is not UTF-8": ("bad_arguments", b'{"tool":"refund","arguments":{"a":"\xff"}}'),
    "a lone surrogate": ("bad_arguments", b'{"tool":"refund","arguments":{"a":"\\ud800"}}'),
    "a noncharacter": ("bad_arguments", b'{"tool":"refund","arguments":{"a":"\\uffff"}}'),
    "65 levels": ("bad_arguments", f'{{"tool":"refund","arguments":{deep(65)}}}'.encode()),
    "arguments of over 256 KiB": ("bad_arguments", {**OPEN, "arguments": {"a": "x" * (256 * 1024)}}),
    "NaN": ("bad_request", b'{"tool":"refund","arguments":{"a":NaN}}'),
    "a bad server and bad arguments": ("bad_request", {**OPEN, "server": "x", "arguments": None}),
    "bad arguments and an unknown member": ("bad_arguments", {**OPEN, "arguments": None, "x": 1}),
}


@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_not_exactly_right_is_refused_and_opens_nothing(world: World, what: str):
    code, body = BODIES[what]

    answer = raw.post(world.doors["billing"], "/v1/calls", body)

    assert (answer.code, answer.status) == (code, 401 if code == "bad_token" else 400)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.body) == {"type", "title", "status", "code", "detail", "log_index"}
    event = world.sidecar.events[-1]
    assert (event["event"], event["verb"], event["code"]) == ("request.refused", "open", code)


@pytest.mark.parametrize(
    "body",
    [
        f'{{"tool":"refund","arguments":{deep(64)}}}'.encode(),
        b'{"tool":"refund","arguments":{"a":1e21,"b":-0,"c":9007199254740991}}',
        '{"tool":"refund","arguments":{"ключ":"значение"}}'.encode(),
        b' {"tool":"refund",\n"arguments":{}} ',
        {"tool": "refund", "args_digest": DIGEST},
        {**OPEN, "traceparent": "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings"},
        {**OPEN, "arguments": {"a": "x" * (256 * 1024 - 8)}},
    ],
    ids=["64 levels", "edge numbers", "any script", "white space", "a digest", "a traceparent to come", "256 KiB"],
)
def test_what_is_just_right_is_taken(world: World, body: Any):
    assert raw.post(world.doors["billing"], "/v1/calls", body).status == 200


REQUESTS: dict[str, tuple[str, str, dict[str, Any] | bytes]] = {
    "mint without a server": ("mint", f"/v1/calls/{TXN}/tokens", without("server")),
    "mint with an open_id": ("mint", f"/v1/calls/{TXN}/tokens", {**OPEN, "open_id": "x"}),
    "mint of a txn that is none": ("mint", "/v1/calls/x/tokens", OPEN),
    "outcome of a txn that is none": ("finish", "/v1/calls/x/outcome", {"outcome": "ok"}),
    "outcome without an outcome": ("finish", f"/v1/calls/{TXN}/outcome", {}),
    "an outcome nobody knows": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "fine"}),
    "a detail in words": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "ok", "detail": "it went well"}),
    "a duration with a point": ("finish", f"/v1/calls/{TXN}/outcome", b'{"outcome":"ok","duration_ms":1.0}'),
    "a duration below zero": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "ok", "duration_ms": -1}),
    "a receipt that is no object": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "ok", "receipt": 1}),
    "half a receipt": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "ok", "receipt": {"jti": TXN}}),
    "a receipt with more": (
        "finish",
        f"/v1/calls/{TXN}/outcome",
        {"outcome": "ok", "receipt": {"jti": TXN, "redeemed_at": 1, "log_index": 1, "x": 1}},
    ),
    "the reporter named": ("finish", f"/v1/calls/{TXN}/outcome", {"outcome": "ok", "role": "server"}),
    "redeem without an id": ("redeem", "/v1/redeem", {**OPEN, "token": "x"}),
    "redeem without a token": ("redeem", "/v1/redeem", {**OPEN, "redemption_id": "x"}),
    "redeem with an id of words": ("redeem", "/v1/redeem", {**OPEN, "token": "x", "redemption_id": "a b"}),
    "revoke nothing": ("revoke", "/v1/revoke", {}),
    "revoke two things": ("revoke", "/v1/revoke", {"txn": TXN, "jti": TXN}),
    "revoke what nobody knows": ("revoke", "/v1/revoke", {"tool": "refund"}),
    "disable with a member": ("disable", "/v1/agents/billing/disable", {"why": "x"}),
    "enable nobody": ("enable", "/v1/agents//enable", {}),
    "a path nobody knows": ("request", "/v1/call", OPEN),
    "a path with a query": ("request", "/v1/calls?x=1", OPEN),
    "a path of a call that is none": ("request", f"/v1/calls/{TXN}", OPEN),
    "another path of a call": ("request", f"/v1/calls/{TXN}/token", OPEN),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_every_request_is_read_as_strictly_and_refused_under_its_verb(world: World, what: str):
    verb, target, body = REQUESTS[what]

    answer = raw.post(world.doors["billing"], target, body)

    assert (answer.code, answer.status) == ("bad_request", 400)
    event = world.event(answer.body["log_index"])
    assert (event["verb"], event["code"], event["role"]) == (
        verb,
        "bad_request",
        "server" if verb == "redeem" else "agent",
    )


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/"), ("GET", "/v1/status/"), ("GET", "/v1/status?x"), ("POST", "/v1/calls/x/"), ("PUT", "/v1/agents/x")],
)
def test_another_path_is_a_bad_request(world: World, method: str, target: str):
    answer = raw.ask(world.doors["billing"], method, target)
    assert (answer.code, answer.status, answer.headers.get("allow")) == ("bad_request", 400, None)


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", "/v1/calls", "POST"),
        ("PUT", "/v1/calls", "POST"),
        ("post", "/v1/redeem", "POST"),
        ("GET", "/v1/calls/x/tokens", "POST"),
        ("DELETE", "/v1/calls/x/outcome", "POST"),
        ("GET", "/v1/agents/billing/disable", "POST"),
        ("POST", "/v1/status", "GET, HEAD"),
        ("HEAD", "/v1/calls", "POST"),
        ("DELETE", "/v1/jwks", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_one_the_path_takes(world: World, method: str, target: str, allowed: str):
    answer = raw.ask(world.doors["billing"], method, target)
    assert (answer.status, answer.headers.get("allow")) == (405, allowed)
    if method == "HEAD":
        return
    assert (answer.code, answer.body["status"]) == ("bad_request", 405)
    event = world.event(answer.body["log_index"])
    assert (event["verb"], event["code"]) == ("request", "bad_request")


def test_head_is_answered_as_get_is_without_the_body(world: World):
    whole, head = (raw.ask(world.doors["billing"], method, "/v1/jwks") for method in ("GET", "HEAD"))
    assert (head.status, head.body) == (200, {})
    for name in ("content-type", "content-length", "cache-control"):
        assert head.headers[name] == whole.headers[name]


def test_the_kill_switch_takes_no_body_or_an_empty_one(world: World):
    for body in (b"", b"{}"):
        assert raw.post(world.doors["ops"], "/v1/agents/billing/disable", body).status == 200


def http_request(body: bytes, *fields: bytes) -> bytes:
    head = [b"POST /v1/calls HTTP/1.1", b"Host: x", *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


BODY = json.dumps(OPEN).encode()
LENGTH = b"Content-Length: %d" % len(BODY)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST /v1/calls HTTP/2.0\r\n\r\n",
        http_request(BODY, b"Content-Length: x"),
        http_request(BODY, LENGTH, b"Content-Length: 1"),
        http_request(BODY, b"Transfer-Encoding: gzip"),
        http_request(BODY, LENGTH, b"Transfer-Encoding: chunked"),
        http_request(b"zz\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked"),
        http_request(BODY, LENGTH, b"X: " + b"x" * 17 * 1024),
        http_request(b"", b"Content-Length: 1048577"),
    ],
    ids=[
        *("nonsense", "another version", "no length", "two lengths", "another coding", "coding and length"),
        *("a bad chunk", "a long header", "a long body"),
    ],
)
def test_what_is_not_http_is_a_bad_request_and_ends_the_connection(world: World, sent: bytes):
    (answer,) = raw.send(world.doors["billing"], sent)
    assert (answer.code, answer.status) == ("bad_request", 400)
    assert answer.headers["connection"] == "close"
    assert raw.is_closed_after(world.doors["billing"], sent)


def test_chunks_pieces_and_requests_in_a_row_are_taken(world: World):
    chunked = http_request(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), b"Transfer-Encoding: chunked")
    whole = http_request(BODY, LENGTH)
    door = world.doors["billing"]

    assert [a.status for a in raw.send(door, chunked)] == [200]
    assert [a.status for a in raw.send(door, *(whole[n : n + 7] for n in range(0, len(whole), 7)))] == [200]
    assert [a.status for a in raw.send(door, whole + whole, answers=2)] == [200, 200]


def test_a_connection_is_kept_until_its_peer_says_otherwise(world: World):
    door = world.doors["billing"]
    assert not raw.is_closed_after(door, http_request(BODY, LENGTH))
    assert raw.is_closed_after(door, http_request(BODY, LENGTH, b"Connection: close"))


def test_nobody_may_keep_an_answer_but_the_keys(world: World):
    door = world.doors["billing"]
    assert raw.get(door, "/v1/jwks").headers["cache-control"] == "max-age=60"
    for answer in (raw.get(door, "/v1/status"), raw.post(door, "/v1/calls", OPEN), raw.get(door, "/x")):
        assert answer.headers["cache-control"] == "no-store"


def test_who_has_no_part_to_play_learns_that_from_a_small_body(make_world: Any):
    from .world import RULES

    world = make_world(*RULES)
    answer = raw.post(world.doors["stranger"], "/v1/calls", {**OPEN, "arguments": {"a": "x" * 70_000}})
    assert answer.code == "unknown_agent"
