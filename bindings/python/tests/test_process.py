"""A process from its import to its end: cheap to import, quiet when it ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import SERVER, Daemon, run_python

import jeton


def test_importing_takes_no_more_than_60_ms_and_loads_nothing_heavy():
    source = """
import sys, time
before = time.perf_counter()
import jeton
took = time.perf_counter() - before
heavy = {"ctypes", "asyncio", "json", "logging", "socket", "jeton._native", "jeton.scope"} & set(sys.modules)
print(took, sorted(heavy))
"""
    times = []
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
        took, heavy = done.stdout.split(" ", 1)
        times.append(float(took))
        assert heavy.strip() == "[]"
    assert min(times) < 0.06


def test_every_public_name_is_there_and_is_listed():
    later = {"enroll", "instrument_mcp", "uninstrument_mcp"}  # have a test of their own, and need MCP
    for name in set(jeton.__all__) - later:
        assert getattr(jeton, name) is not None
        assert name in dir(jeton)
    with pytest.raises(AttributeError):
        _ = jeton.nothing


LIVE = """
import asyncio, sys, threading, jeton
jeton.configure(socket=sys.argv[1], deadline=5)
keep = jeton.call("refund", server=sys.argv[2]); keep.__enter__(); keep.mint(sys.argv[2])
"""


@pytest.mark.parametrize(
    "end",
    [
        "",
        "sys.exit(3)",
        "raise SystemExit(3)",
        "asyncio.run(jeton.call('a').__aenter__())",
        "loop = asyncio.new_event_loop(); loop.run_until_complete(keep._client.aio().status()); loop.close()",
        # Daemon threads that are in the middle of a call when the interpreter goes.
        """
def forever():
    while True:
        with jeton.call("loop"): pass
for _ in range(4): threading.Thread(target=forever, daemon=True).start()
import time; time.sleep(0.2)
""",
        "v = jeton.Verifier(sys.argv[2], socket=sys.argv[1]); v.verify(keep.mint(sys.argv[2]).reveal(), 'refund', {})",
    ],
)
def test_a_process_ends_with_live_scopes_and_neither_hangs_nor_crashes(daemon: Daemon, end: str):
    done = run_python(LIVE + end, daemon.socket, SERVER)
    assert done.returncode == (3 if "3" in end.split("(")[-1][:1] else 0), done.stderr
    assert "Traceback" not in done.stderr and "eyJ" not in done.stderr + done.stdout


def test_a_tool_that_ends_the_process_still_reports(daemon: Daemon):
    source = """
import sys, jeton
jeton.configure(socket=sys.argv[1], deadline=5)
with jeton.call("refund") as scope:
    print(scope.txn)
    sys.exit(0)
"""
    done = run_python(source, daemon.socket)
    assert done.returncode == 0, done.stderr
    assert daemon.outcomes(done.stdout.strip()) == ["cancelled"]


def test_without_its_library_the_package_says_what_to_do():
    environment = {**os.environ, "JETON_LIBRARY": "/nowhere/libjeton.so"}
    done = subprocess.run(
        [sys.executable, "-c", "import jeton; jeton.Client().status()"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 1
    assert "ImportError: cannot load /nowhere/libjeton.so" in done.stderr
