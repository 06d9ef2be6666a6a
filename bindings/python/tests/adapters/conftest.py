"""The contract's fixtures: drivers whose framework is installed, one real sidecar, and a watch over logs and spans."""

from __future__ import annotations

import importlib
import os
import pkgutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Daemon

import jeton

from . import drivers
from .driver import Driver
from .leaks import Watch
from .patience import PatientClient
from .policy import CONFIG
from .tool_server import DEADLINE_S, ToolServer

#: In memory where there is such a place: a busy disk must not decide about a test.
_FAST = "/dev/shm" if os.path.isdir("/dev/shm") else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--adapter", action="append", default=[], help="run this adapter's contract; fail without its framework"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:  # the warnings of frameworks are not ours
            item.add_marker(pytest.mark.filterwarnings("default"))


def _drivers(config: pytest.Config) -> list[Driver]:
    wanted = config.getoption("--adapter", default=[])
    found = []
    for name in wanted or [module.name for module in pkgutil.iter_modules(drivers.__path__)]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # as above
                found.append(importlib.import_module(f"{drivers.__name__}.{name}").DRIVER)
        except ModuleNotFoundError as error:
            if wanted or (error.name or "").partition(".")[0] == "jeton":
                raise
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each driver, mode, and kind of tool body the framework takes in that mode."""
    if "driver" not in metafunc.fixturenames:
        return
    cases = []
    for driver in _drivers(metafunc.config):
        for mode in driver.modes:
            for is_async in (False, True) if mode in driver.async_bodies else (False,):
                body = "async" if is_async else "plain"
                cases.append(pytest.param(driver, mode, is_async, id=f"{driver.name}-{mode}-{body}"))
    metafunc.parametrize(("driver", "mode", "is_async"), cases)


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """The sidecar of the whole session."""
    with tempfile.TemporaryDirectory(prefix="jeton-", dir=_FAST) as home:
        running = Daemon(Path(home), CONFIG).start()
        yield running
        running.stop()


@pytest.fixture
def gone() -> Iterator[Daemon]:
    """A sidecar that was there and is there no more."""
    with tempfile.TemporaryDirectory(prefix="jeton-", dir=_FAST) as home:
        stopped = Daemon(Path(home), CONFIG).start()
        stopped.stop()
        yield stopped


@dataclass(frozen=True)
class World:
    """What a test stands in."""

    daemon: Daemon
    server: ToolServer
    watch: Watch


@pytest.fixture
def world(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """This process's default sidecar is the session's, and everything is watched."""
    monkeypatch.setattr("jeton.client.Client", PatientClient)
    jeton.configure(socket=daemon.socket, deadline=DEADLINE_S)
    with Watch().watching() as watch:
        yield World(daemon, ToolServer(daemon.socket), watch)
    assert jeton.current_call() is None
    jeton.configure()
