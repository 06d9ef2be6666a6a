"""The library through ctypes: each function, and each way it can refuse."""

from __future__ import annotations

import ctypes
import json
import subprocess

import pytest

import jeton
from jeton import _native
from jeton._native import Decoder, Keys, SigningKey


def claims(**changed: object) -> bytes:
    base = {
        "iss": "urn:x",
        "aud": "https://crm.example/mcp",
        "sub": "a",
        "client_id": "a",
        "iat": 1790000000,
        "exp": 1790000030,
        "jti": _native.random_id(),
        "txn": _native.random_id(),
        "authorization_details": [
            {
                "type": "jeton_tool_call",
                "locations": ["https://crm.example/mcp"],
                "actions": ["tools/call"],
                "identifier": "refund",
                "args_digest": _native.args_digest("refund", b'{"a":1}'),
                "attempt": 1,
            }
        ],
    }
    return json.dumps({**base, **changed}).encode()


def keys_of(key: SigningKey) -> Keys:
    return Keys(b'{"keys":[' + key.jwk() + b"]}")


def test_a_key_signs_what_its_public_half_verifies():
    key = SigningKey()
    token = key.sign(claims())
    keys = keys_of(key)

    content = json.loads(_native.token_content(token))
    verified = json.loads(
        _native.token_verify(
            token,
            keys,
            issuer="urn:x",
            server="https://crm.example/mcp",
            tool="refund",
            arguments=b'{ "a": 1.0 }',
            now=1790000001,
        )
    )

    assert content["claims"] == verified
    assert keys.has(content["kid"]) and not keys.has("other") and not keys.has("\ud800")


def test_another_key_does_not_verify_it():
    token = SigningKey().sign(claims())
    with pytest.raises(jeton.BadToken, match="unknown_key"):
        _native.token_verify(token, keys_of(SigningKey()), issuer="", server="", tool="", arguments=b"{}", now=None)


@pytest.mark.parametrize("changed", [{"exp": 1}, {"jti": "x"}, {"extra": 1}, {"authorization_details": []}])
def test_claims_that_are_not_the_protocols_are_not_signed(changed: dict):
    with pytest.raises(jeton.BadToken, match="bad_token"):
        SigningKey().sign(claims(**changed))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"{}", b'{"keys":5}', b'{"keys":[{}]}', b"\xff", b'{"keys":[],"keys":[]}']
)
def test_what_is_no_key_set_is_refused(text: bytes):
    with pytest.raises(jeton.JetonError, match="bad_request"):
        Keys(text)


def test_ids_are_128_bits_and_no_two_are_alike():
    ids = {_native.random_id() for _ in range(1000)}
    assert len(ids) == 1000 and {len(id) for id in ids} == {22}


def test_json_is_read_strictly_and_written_canonically():
    assert _native.canonical_json(b'{ "b": 1.0, "a": "\\u00e9" }') == '{"a":"é","b":1}'.encode()
    for text, pointer in ((b'{"a":1,"a":2}', "/a"), (b'{"a":[1,1e999]}', "/a/1"), (b'{"a\0":1}', ""), (b"{}\0", "")):
        with pytest.raises(jeton.BadArguments) as raised:
            _native.canonical_json(text)
        assert raised.value.pointer == pointer


def test_arguments_are_an_object():
    for text in (b"[]", b"null", b'"x"', b""):
        with pytest.raises(jeton.BadArguments) as raised:
            _native.args_digest("refund", text)
        assert raised.value.pointer == ""


ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}'


def test_an_answer_is_read_whatever_the_pieces_it_comes_in():
    for size in range(1, len(ANSWER) + 1):
        decoder = Decoder()
        done = [decoder.feed(ANSWER[at : at + size]) for at in range(0, len(ANSWER), size)]
        assert done == [False] * (len(done) - 1) + [True]
        assert decoder.reusable()
        assert decoder.answer() == b'{"a":1}'


def test_an_answer_that_is_not_whole_cannot_be_taken_and_a_taken_one_is_gone():
    decoder = Decoder()
    assert not decoder.feed(ANSWER[:-1]) and not decoder.reusable()
    with pytest.raises(jeton.JetonError, match="bad_request"):
        decoder.answer()
    assert decoder.feed(ANSWER[-1:])
    decoder.answer()
    with pytest.raises(jeton.JetonError, match="bad_request"):
        decoder.answer()


@pytest.mark.parametrize(
    "answer",
    [
        b"x" * 9000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 5000,
    ],
)
def test_an_answer_that_is_broken_or_too_large_is_unavailable_for_ever(answer: bytes):
    decoder = Decoder()
    for _ in range(2):
        with pytest.raises(jeton.Unavailable):
            decoder.feed(answer)
            decoder.feed(b"x")
    assert not decoder.reusable()


def test_bytes_after_an_answer_make_the_connection_unusable():
    decoder = Decoder()
    assert decoder.feed(ANSWER + b"HTTP/1.1 200 OK")
    assert not decoder.reusable()
    closing = Decoder()
    assert closing.feed(ANSWER.replace(b"Content-Type", b"Connection: close\r\nContent-Type"))
    assert not closing.reusable()


def test_a_request_is_the_bytes_of_one_request():
    assert _native.encode_request("GET", "/v1/status", b"") == b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert _native.encode_request("POST", "/v1/revoke", b"{}").endswith(b"\r\nContent-Length: 2\r\n\r\n{}")
    for method, path in (
        ("GET", "status"),
        ("GET", "/a b"),
        ("GET", "/a\r\nX: y"),
        ("get", "/"),
        ("", "/"),
        ("GET", ""),
    ):
        with pytest.raises(jeton.JetonError, match="bad_request"):
            _native.encode_request(method, path, b"")


def test_null_where_it_must_not_be_is_a_refusal_and_no_crash():
    error = ctypes.c_void_p()
    code = _native._lib.jeton_random_id(None, ctypes.byref(error))
    assert code == 1 and error
    _native._lib.jeton_error_free(error)
    assert _native._lib.jeton_random_id(None, None) == 1


def test_only_our_functions_are_exported():
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", _native._lib._name], capture_output=True, text=True, check=True
    ).stdout
    names = [line.split()[-1] for line in listed.splitlines()]
    assert names and all(name.startswith("jeton_") for name in names)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", "bad_request"),
        (b'{"arguments":', "bad_request"),
        (b'{"tool":"a","tool":"a"}', "bad_request"),
        (b'{"arguments":{"a":1,"a":1}}', "bad_arguments"),
        (b'{"arguments":{"a":"\xff"}}', "bad_arguments"),
        (b'{"argumentsx":{"a":1,"a":1}}', "bad_request"),
    ],
)
def test_a_body_is_read_as_the_local_door_reads_it(body: bytes, code: str):
    with pytest.raises(jeton.JetonError) as raised:
        _native.canonical_body(body)
    assert raised.value.code == code


def test_a_body_holds_arguments_of_64_levels():
    arguments = b'{"a":' * 64 + b"1" + b"}" * 64
    assert _native.canonical_body(b'{ "arguments" : ' + arguments + b"}") == b'{"arguments":' + arguments + b"}"


def test_every_code_has_its_sentence():
    sentences = _native.code_sentences()
    assert len(sentences) == 29 and sentences["sidecar_unavailable"] and all(sentences.values())
