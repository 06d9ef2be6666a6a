"""What the tests of plain HTTP share: a daemon with time, and a loop for `async def` tests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jeton

SERVER = "https://crm.example/tools"
CONFIG = """
trust_domain = "test.example"
durability = "normal"
[[agent]]
name = "shopper"
match = ["unix:uid:{uid}"]
[[server]]
url = "https://crm.example/tools"
[[grant]]
name = "shop"
agent = "shopper"
server = "https://crm.example/tools"
tools = ["*"]
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an `async def` test on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.function(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture
def daemon(make_daemon: Callable[..., Any]) -> Iterator[Any]:
    """Permits every tool of one server, and is the process's default."""
    started = make_daemon(CONFIG)
    jeton.configure(socket=started.socket, deadline=5)
    yield started
    jeton.configure()
