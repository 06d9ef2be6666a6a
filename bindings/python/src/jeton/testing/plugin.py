"""pytest fixtures: a sidecar that is this process's default for as long as a test wants it. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .fake import FakeSidecar
    from .jetond import Jetond


@pytest.fixture(scope="session")
def jetond_config() -> str | None:
    """The configuration of `jetond` and `jetond_session` as TOML; None is --dev. Override it in a conftest."""
    return None


@pytest.fixture
def jetond(jetond_config: str | None) -> Iterator[Jetond]:
    """A real jetond for this test, found by every client that names no socket."""
    from .jetond import Jetond

    with Jetond(jetond_config) as started, started.as_default():
        yield started


@pytest.fixture(scope="session")
def jetond_session(jetond_config: str | None) -> Iterator[Jetond]:
    """One real jetond for all tests. Once a test asked for it, it stays the default until the session ends, but for
    the tests that have a sidecar of their own."""
    from .jetond import Jetond

    with Jetond(jetond_config) as started, started.as_default():
        yield started


@pytest.fixture
def fake_jetond() -> Iterator[FakeSidecar]:
    """A fake sidecar in this process that permits everything, found by every client that names no socket."""
    from .fake import FakeSidecar

    with FakeSidecar() as started, started.as_default():
        yield started
