"""The shared vectors through the C ABI: the same verdicts as every other implementation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import REPOSITORY

import jeton
from jeton import _native


def vectors(name: str) -> list[Any]:
    found = json.loads((REPOSITORY / "tests" / "vectors" / name).read_text(encoding="utf-8"))["vectors"]
    assert len(found) > 10
    return [pytest.param(vector, id=vector["name"]) for vector in found]


@pytest.mark.parametrize("vector", vectors("digests.json"))
def test_a_digest_is_the_vectors(vector: dict[str, Any]):
    arguments = vector["arguments"].encode("utf-8", "surrogatepass")
    if vector["result"] == "ok":
        assert _native.args_digest(vector["tool"], arguments) == vector["digest"]
        return
    with pytest.raises(jeton.JetonError) as raised:
        _native.args_digest(vector["tool"], arguments)
    assert raised.value.code == vector["result"]


@pytest.mark.parametrize("vector", vectors("tokens.json"))
def test_a_token_is_judged_as_the_vector_says(vector: dict[str, Any]):
    expect = vector["expect"]

    def judge() -> Any:
        return _native.token_verify(
            vector["token"],
            _native.Keys(json.dumps(vector["jwks"]).encode()),
            issuer=expect["issuer"],
            server=expect["server"],
            tool=expect["tool"],
            arguments=expect["arguments"].encode("utf-8", "surrogatepass"),
            now=expect["now"],
        )

    if vector["result"] == "ok":
        claims = json.loads(judge())
        assert claims["iss"] == expect["issuer"] and claims["aud"] == expect["server"]
        return
    with pytest.raises(jeton.JetonError) as raised:
        judge()
    assert raised.value.code == vector["result"]
    assert vector["token"] == "" or vector["token"] not in raised.value.message


@pytest.mark.parametrize("vector", vectors("leaves.json"))
def test_a_leaf_written_canonically_is_the_leaf_again(vector: dict[str, Any]):
    spread = json.dumps(json.loads(vector["leaf"]), indent=1, ensure_ascii=False).encode()

    assert _native.canonical_json(spread).decode() == vector["leaf"]
