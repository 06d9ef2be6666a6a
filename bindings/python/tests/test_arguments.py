"""What can be an argument: refused before any I/O, and never differently from the library."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import json
import random
from typing import Any

import pytest

import jeton
from jeton import _native
from jeton.arguments import dumps, plain


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


class Color(str, enum.Enum):
    RED = "red"


BAD: list[tuple[str, Any, str]] = [
    ("bytes", {"a": b"x"}, "/a"),
    ("bytes in a list", {"a": [b"x"]}, "/a/0"),
    ("not a number", {"a": [1, {"b": float("nan")}]}, "/a/1/b"),
    ("infinity", {"a": float("-inf")}, "/a"),
    ("a date", {"a": datetime.date(2026, 1, 1)}, "/a"),
    ("a set", {"a": {1}}, "/a"),
    ("a decimal", {"a": decimal.Decimal(1)}, "/a"),
    ("an object", {"a": object()}, "/a"),
    ("an enum of text", {"a": Color.RED}, "/a"),
    ("an int beyond 2^53-1", {"a": 2**53}, "/a"),
    ("an int below -(2^53-1)", {"a": -(2**53)}, "/a"),
    ("a float that is such an int", {"a": float(2**53)}, "/a"),
    ("a lone surrogate", {"a": "\ud800"}, "/a"),
    ("a noncharacter", {"a": "\ufdd0"}, "/a"),
    ("a noncharacter far up", {"a": "\U0010ffff"}, "/a"),
    ("a name with a lone surrogate", {"\udfff": 1}, "/\\udfff"),
    ("a name that is a number", {"a": {1: 2}}, "/a"),
    ("a name that is None", {None: 2}, ""),
    ("a name that needs escaping", {"a/b~c": {1}}, "/a~1b~0c"),
    ("65 levels", {"a": nested(64)}, "".join("/0" if level % 2 else "/a" for level in range(64))),
    ("a list", [1], ""),
    ("text", "x", ""),
]


@pytest.mark.parametrize(("value", "pointer"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_not_json_is_refused_before_anything_is_asked(value: Any, pointer: str):
    jeton.configure(socket="/nowhere/agent.sock")

    with pytest.raises(jeton.BadArguments) as raised:
        jeton.call("refund", value)

    assert raised.value.code == "bad_arguments"
    assert raised.value.pointer == pointer
    assert raised.value.tool == "refund"
    assert raised.value.message.isprintable()


def test_a_cycle_is_refused():
    value: dict[str, Any] = {}
    value["a"] = value

    with pytest.raises(jeton.BadArguments, match="bad_arguments"):
        jeton.call("refund", value)


def test_the_message_never_holds_the_value():
    with pytest.raises(jeton.BadArguments) as raised:
        jeton.call("refund", {"card": b"4111-1111"})
    assert "4111" not in raised.value.message + str(raised.value)


def test_tuples_are_lists_and_mappings_are_dicts_and_the_copy_is_ones_own():
    inner = [1]
    given = collections.OrderedDict(a=(1, 2.5, True, None, "é"), b=collections.defaultdict(list, c=inner))

    copied = plain(given)
    inner.append(2)

    assert copied == {"a": [1, 2.5, True, None, "é"], "b": {"c": [1]}}
    assert type(copied["b"]) is dict
    assert plain(None) == {}
    assert plain(nested(64)) == nested(64) if isinstance(nested(64), dict) else True


def some_value(random_: random.Random, depth: int) -> Any:
    kind = random_.randrange(9 if depth else 7)
    if kind == 0:
        return random_.choice([None, True, False])
    if kind == 1:
        return random_.choice([0, 1, -1, 2**53 - 1, -(2**53) + 1, 2**53, 10**21, 10**22, random_.randrange(10**18)])
    if kind == 2:
        return random_.choice([0.0, -0.0, 1.5, 5e-324, 1.7e308, 1e21, 1e20, 9007199254740993.0, 9007199254740991.0])
    if kind in (3, 4, 5, 6):
        letters = [
            "a",
            "é",
            "\u2028",
            "\x00",
            '"',
            "\\",
            "/",
            "~",
            "😀",
            "\ufffd",
            "\ufffe",
            "\ud83d",
            "\U0001fffe",
            "\ufdef",
        ]
        weights = [40] + [10] * 9 + [1] * 4
        return "".join(random_.choices(letters, weights, k=random_.randrange(4)))
    if kind == 7:
        return [some_value(random_, depth - 1) for _ in range(random_.randrange(3))]
    return {some_name(random_): some_value(random_, depth - 1) for _ in range(random_.randrange(3))}


def some_name(random_: random.Random) -> str:
    return "".join(random_.choices(["a", "b", "/", "~", "é", "\ud800", "\ufdd0"], [30, 30, 5, 5, 5, 1, 1], k=2))


def test_python_and_the_library_agree_on_a_thousand_values():
    random_ = random.Random(20260)
    verdicts = collections.Counter()
    for _ in range(3000):
        value = {"v": some_value(random_, 4)}
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            _native.args_digest("t", text)
            library = True
        except jeton.BadArguments:
            library = False
        try:
            copied = plain(value)
            ours = True
        except jeton.BadArguments:
            ours = False
        # The one difference that is meant: as a double, 1e21 and more has a canonical form; no int is sent as one.
        if library and not ours:
            assert any(str(big) in text.decode("utf-8", "surrogatepass") for big in (10**21, 10**22))
            continue
        assert ours == library, value
        verdicts[ours] += 1
        if ours:
            assert _native.args_digest("t", dumps(copied)) == _native.args_digest("t", text)

    assert min(verdicts[True], verdicts[False]) > 200
