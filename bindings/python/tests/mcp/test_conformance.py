"""A guard changes nothing that the MCP conformance suite looks at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from shop import MCP2

pytestmark = pytest.mark.skipif(not MCP2, reason="the guarded server is one of mcp 2")
SCRIPT = Path(__file__).with_name("conform.py")


def test_the_suite_says_the_same_with_the_guard_idle_and_on_as_without(daemon) -> None:
    from conform import installed

    if not installed():
        pytest.skip(f"the conformance suite is not installed; {SCRIPT.name} --install fetches it with npm")
    environment = {**os.environ, "JETON_SOCKET": daemon.socket}  # the package under test is the one that runs here
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the same") == 4
