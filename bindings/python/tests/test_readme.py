"""The quick starts of README.md, run as they are printed.

Every python block below a heading that ends in `<!-- run: NAME -->` is a test. The sidecar is $JETON_SOCKET. Where a
fixture `readme_NAME` is there, its dict is what the block finds around it, and its `check`, if it has one, is called
with what the block made.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from adapters.quickstarts import *  # noqa: F403  (the fixtures of frameworks' quick starts)
from conftest import SERVER, Daemon

import jeton

README = Path(__file__).resolve().parents[1] / "README.md"
LINES_MAX = 5


def blocks() -> Iterator[Any]:
    text = README.read_text(encoding="utf-8")
    for section in re.split(r"(?m)^(?=#+ )", text):
        marked = re.match(r"#+ .*<!-- run: (\w+) -->", section)
        if marked:
            for number, block in enumerate(re.findall(r"(?ms)^```python\n(.*?)^```", section)):
                yield pytest.param(marked[1], block, id=f"{marked[1]}-{number}")


@pytest.mark.parametrize(("name", "block"), list(blocks()))
def test_a_quick_start_runs_as_it_is_printed(
    name: str, block: str, request: pytest.FixtureRequest, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JETON_SOCKET", daemon.socket)
    jeton.configure(deadline=5)
    try:
        around = dict(request.getfixturevalue(f"readme_{name}"))
    except pytest.FixtureLookupError:
        around = {}
    check = around.pop("check", None)

    code = compile(block, f"README.md, {name}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made = {"__name__": f"readme_{name}", **around}
    result = eval(code, made)
    if inspect.isawaitable(result):

        async def main() -> None:
            await result

        asyncio.run(main())
    if check is not None:
        check(made)


@pytest.mark.parametrize(("name", "block"), list(blocks()))
def test_a_quick_start_has_five_lines_or_fewer(name: str, block: str):
    assert len([line for line in block.splitlines() if line.strip()]) <= LINES_MAX


def test_the_quick_starts_that_must_be_there_are_found():
    assert {"scope", "protect", "verifier"} <= {parameters.values[0] for parameters in blocks()}


@pytest.fixture
def readme_scope(daemon: Daemon) -> dict[str, Any]:
    def check(made: dict[str, Any]) -> None:
        token = made["headers"]["Authorization"].removeprefix("Bearer ")
        assert jeton.Verifier(SERVER).redeem(token, "refund", {"order": "A-17"}).txn == made["scope"].txn
        assert daemon.outcomes(made["scope"].txn) == ["ok"]

    return {"check": check}


@pytest.fixture
def readme_protect(daemon: Daemon) -> dict[str, Any]:
    def check(made: dict[str, Any]) -> None:
        assert made["refund"]("A-17", 40) == "40 paid back for A-17"
        assert [(call["tool"], call["outcome"]) for call in daemon.calls()] == [("refund", "ok")]

    return {"check": check}


@pytest.fixture
def readme_verifier(daemon: Daemon) -> dict[str, Any]:
    with jeton.call("refund", {"order": "A-17"}, server=SERVER) as scope:
        token = scope.mint(SERVER).reveal()

    def check(made: dict[str, Any]) -> None:
        assert made["call"].txn == scope.txn
        with pytest.raises(jeton.BadToken, match="already_redeemed"):
            made["verifier"].redeem(token, "refund", {"order": "A-17"})

    return {"token": token, "check": check}
