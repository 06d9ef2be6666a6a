"""One daemon for all tests of this folder."""

import os

import pytest

from house import House


@pytest.fixture(scope="session")
def house():
    running = House(os.environ["JETON_BIN_DIR"])
    yield running
    said = running.said()
    assert running.alive(), said
    assert running.close() == 0, said
