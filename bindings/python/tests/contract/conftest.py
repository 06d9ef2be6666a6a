"""`world`: the same company at the real jetond and at the fake, one after the other."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import binary

from jeton.testing import FakeSidecar, Jetond, Sidecar

from .world import RULES, World, fake_world, real_world


@pytest.fixture(autouse=True)
def jetond_is_the_one_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETON_JETOND", binary("jetond"))


@pytest.fixture(params=["jetond", "fake"])
def make_world(request: pytest.FixtureRequest) -> Iterator[Callable[..., World]]:
    """Makes worlds with other rules or limits."""
    made: list[World] = []
    folders: list[str] = []

    def make(*rules: Any, **limits: int) -> World:
        if request.param == "fake":
            made.append(fake_world(rules or RULES, limits))
        else:
            folders.append(tempfile.mkdtemp(prefix="jeton-"))  # short enough for a socket's path
            made.append(real_world(Path(folders[-1]), rules or RULES, limits))
        return made[-1]

    yield make
    for world in made:
        world.sidecar.stop()
    for folder in folders:
        shutil.rmtree(folder)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture(params=["jetond", "fake"])
def open_house(request: pytest.FixtureRequest) -> Iterator[Sidecar]:
    """`jetond --dev`, and a fake that was told nothing: everything is permitted to everybody's only account."""
    with Jetond() if request.param == "jetond" else FakeSidecar() as sidecar:
        yield sidecar
