"""What the adapters stand on: whatever fails before the tool is a refusal, and no scope outlives its block."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import jeton
from jeton.adapters import identifier, opened

from .conftest import World
from .policy import GRANTED, NOT_GRANTED


def mapped(tool: str, arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": arguments}


def broken(*_: Any) -> dict[str, Any]:
    raise KeyError("the card number 4111")


def entered(mapper: Any, *args: Any, body: BaseException | None = None, on_loop: bool) -> jeton.CallScope:
    """Enters, raises what the body raises, and finds nothing current afterwards."""

    async def main() -> jeton.CallScope:
        try:
            async with opened(mapper, *args) as scope:
                assert jeton.current_call() is scope
                if body is not None:
                    raise body
        finally:
            assert jeton.current_call() is None
        return scope

    if on_loop:
        return asyncio.run(main())
    try:
        with opened(mapper, *args) as scope:
            assert jeton.current_call() is scope
            if body is not None:
                raise body
    finally:
        assert jeton.current_call() is None
    return scope


on_both = pytest.mark.parametrize("on_loop", [False, True], ids=["blocking", "loop"])


@on_both
def test_a_scope_is_current_in_its_block_and_not_after(world: World, on_loop: bool) -> None:
    scope = entered(mapped, GRANTED, {}, on_loop=on_loop)

    assert world.daemon.outcomes(scope.txn) == ["ok"]


@on_both
@pytest.mark.parametrize("body", [LookupError("no order"), KeyboardInterrupt(), jeton.Denied("no_grant")])
def test_what_the_block_raises_goes_on_as_it_is(world: World, body: BaseException, on_loop: bool) -> None:
    with pytest.raises(type(body)) as raised:
        entered(mapped, GRANTED, {}, body=body, on_loop=on_loop)

    assert raised.value is body


@on_both
@pytest.mark.parametrize(
    ("mapper", "args", "code"),
    [
        (broken, (), "internal"),
        (mapped, (GRANTED,), "internal"),
        (lambda: {"tool": GRANTED, "colour": "red"}, (), "internal"),
        (mapped, (GRANTED, {"at": object()}), "bad_arguments"),
        (mapped, (NOT_GRANTED, {}), "no_grant"),
    ],
    ids=["bug", "missing", "unknown", "arguments", "policy"],
)
def test_whatever_fails_before_the_block_is_a_refusal(
    world: World, mapper: Any, args: tuple[Any, ...], code: str, on_loop: bool
) -> None:
    with pytest.raises(jeton.JetonError) as refused:
        entered(mapper, *args, on_loop=on_loop)

    assert refused.value.code == code
    assert "4111" not in f"{refused.value} {refused.value.message} {world.watch.logs}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        ("", None),
        ("call_1", "call_1"),
        (7, "7"),
        ("x" * 128, "x" * 128),
    ],
)
def test_an_id_that_fits_is_written_as_it_is(value: Any, written: str | None) -> None:
    assert identifier(value) == written


@pytest.mark.parametrize("value", ["a b", "Büro", "x" * 129, "a\nb", "\ud800"])
def test_an_id_that_does_not_fit_is_written_as_its_hash(value: str) -> None:
    written = identifier(value)

    assert written is not None and len(written) == 50 and written.startswith("sha256:")
    assert written == identifier(value) != identifier(value + "x")
