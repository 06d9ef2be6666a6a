"""A real jetond for each test that asks for one, and what tests say about calls."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jeton
from jeton import client as client_module

REPOSITORY = Path(__file__).resolve().parents[3]
SERVER = "https://crm.example/mcp"
CONFIG = """
trust_domain = "test.example"
durability = "normal"
[[agent]]
name = "billing"
match = ["unix:uid:{uid}"]
[[server]]
url = "https://crm.example/mcp"
[[grant]]
name = "refunds"
agent = "billing"
server = "https://crm.example/mcp"
tools = ["refund", "lookup_*"]
max_attempts = 3
[[grant.argument]]
pointer = "/amount"
max = 100
"""


def binary(name: str) -> str:
    """jetond or jeton: of $JETON_BIN_DIR, of the repository's build, or of the path."""
    for folder in (os.environ.get("JETON_BIN_DIR"), str(REPOSITORY / "build" / "bin")):
        if folder and (Path(folder) / name).exists():
            return str(Path(folder) / name)
    found = shutil.which(name)
    if found is None:
        raise pytest.UsageError(f"{name} is not there: ./dev build, or name its folder in $JETON_BIN_DIR")
    return found


class Daemon:
    """A jetond in a folder of its own."""

    def __init__(self, folder: Path, config: str | None = None) -> None:
        self.state = folder / "state"
        self.socket = str(folder / "agent.sock")
        self._folder = folder
        self._options = ["--dev"]
        if config is not None:
            self.state.mkdir(mode=0o700)
            file = folder / "jeton.toml"
            file.write_text(config.format(uid=os.getuid()))
            file.chmod(0o600)
            self._options = ["--config", str(file)]
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Daemon:
        with (self._folder / "stderr").open("a") as errors:
            self.process = subprocess.Popen(
                [
                    binary("jetond"),
                    *self._options,
                    "--listen",
                    "none",
                    "--state",
                    str(self.state),
                    "--socket",
                    self.socket,
                ],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("ready "), (self._folder / "stderr").read_text()
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def log(self, *arguments: str) -> dict[str, Any]:
        command = [binary("jeton"), "log", *arguments[:1], "--state", str(self.state), "--json", "--", *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def events(self, txn: str) -> list[dict[str, Any]]:
        """The events of one call, as `jeton log show` tells them."""
        events: list[dict[str, Any]] = self.log("show", txn)["events"]
        return events

    def outcomes(self, txn: str) -> list[str]:
        return [event["outcome"] for event in self.events(txn) if event["event"] == "call.outcome"]

    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.log("calls")["calls"]
        return calls


@pytest.fixture
def ledgers() -> Iterator[Path]:
    """Where daemons keep their state: in memory where there is some, for a slow disk is no part of these tests."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def make_daemon(ledgers: Path) -> Iterator[Callable[..., Daemon]]:
    made: list[Daemon] = []

    def make(config: str | None = None) -> Daemon:
        folder = ledgers / f"jetond-{len(made)}"
        folder.mkdir()
        made.append(Daemon(folder, config))
        return made[-1].start()

    yield make
    for daemon in made:
        daemon.stop()


@pytest.fixture
def daemon(make_daemon: Callable[..., Daemon]) -> Iterator[Daemon]:
    """Permits everything, and is the process's default."""
    started = make_daemon()
    jeton.configure(socket=started.socket, deadline=5)
    yield started
    jeton.configure()


@pytest.fixture
def strict_daemon(make_daemon: Callable[..., Daemon]) -> Iterator[Daemon]:
    """Permits refund up to 100 and lookup_*, and is the process's default."""
    started = make_daemon(CONFIG)
    jeton.configure(socket=started.socket, deadline=5)
    yield started
    jeton.configure()


@pytest.fixture(autouse=True)
def settings_are_those_of_the_test() -> Iterator[None]:
    before = client_module.settings()
    yield
    jeton.configure(**before._asdict())


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Looks again until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)


def run_python(source: str, *arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
    """Runs a program of its own with the package under test."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", source, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
