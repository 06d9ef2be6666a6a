"""What the tests of MCP clients and servers share: a shop, and every way to it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jeton

# The carriers need mcp, which is no dependency of the package: ./dev test makes an environment for each of its lines.
collect_ignore_glob: list[str] = []
try:
    import mcp.client.session
except ImportError:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            # Deprecations inside mcp, FastMCP and Starlette are theirs.
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs an `async def` test on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.function(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


CONFIG = """
trust_domain = "test.example"
durability = "normal"
[[agent]]
name = "shopper"
match = ["unix:uid:{uid}"]
[[server]]
url = "https://crm.example/mcp"
[[server]]
url = "https://other.example/mcp"
[[server]]
url = "mcp:stdio:shop"
[[grant]]
name = "other"
agent = "shopper"
server = "https://other.example/mcp"
tools = ["*"]
[[grant]]
name = "stdio"
agent = "shopper"
server = "mcp:stdio:shop"
tools = ["*"]
[[grant]]
name = "shop"
agent = "shopper"
server = "https://crm.example/mcp"
tools = ["*"]
max_redemptions = 2
"""


@pytest.fixture
def daemon(make_daemon: Callable[..., Any]) -> Iterator[Any]:
    """Permits every tool of three servers, is the process's default, and leaves time for a busy machine."""
    started = make_daemon(CONFIG)
    jeton.configure(socket=started.socket, deadline=5)
    yield started
    jeton.configure()


@pytest.fixture(autouse=True)
def instrumented() -> Iterator[None]:
    """Each test begins with the carriers installed and nothing enrolled, and leaves nothing behind."""
    jeton.instrument_mcp()
    yield
    jeton.uninstrument_mcp()
