"""A real sidecar with a policy of its own, and the questions the contract asks its log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

SERVER = "https://crm.example/mcp"
ELSEWHERE = "https://elsewhere.example/mcp"
GRANTED = "refund"
NOT_GRANTED = "delete_customer"
_READY_S = 10

# Nothing here is about a machine that loses power, and a busy disk must not decide about a test.
_CONFIG = f"""
trust_domain = "adapters.example"
durability = "normal"
[[agent]]
name = "billing"
match = ["unix:uid:{os.getuid()}"]
[[server]]
url = "{SERVER}"
match = ["unix:uid:{os.getuid()}"]
[[server]]
url = "{ELSEWHERE}"
match = ["unix:uid:{os.getuid()}"]
[[grant]]
name = "refunds"
agent = "billing"
server = "{SERVER}"
tools = ["{GRANTED}"]
max_redemptions = 2
max_attempts = 64
"""


def program(name: str) -> str:
    """jetond or jeton: from $JETON_BIN, else from the repository's build, else from the path."""
    build = Path(__file__).resolve().parents[4] / "build" / "bin"
    places = os.pathsep.join([os.environ.get("JETON_BIN", ""), str(build), os.environ.get("PATH", "")])
    found = shutil.which(name, path=places)
    if found is None:
        raise FileNotFoundError(f"no {name}; run ./dev build, or name its directory in $JETON_BIN")
    return found


class Daemon:
    """One jetond on a socket and a state directory in `home`."""

    def __init__(self, home: Path) -> None:
        self.socket = str(home / "s")
        self.state = home / "state"
        self.state.mkdir(mode=0o700)
        (self.state / "jeton.toml").write_text(_CONFIG)
        self.log = home / "jetond.log"
        command = [program("jetond"), "--listen", "none", "--state", str(self.state), "--socket", self.socket]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()  # it writes one line, or ends
        if not ready.startswith(b"ready "):
            raise RuntimeError(f"jetond did not start: {self.log.read_text()}")

    def stop(self) -> None:
        """Ends it; what is open then has no sidecar."""
        self._process.terminate()
        self._process.wait(_READY_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def events(self, txn: str) -> list[dict[str, Any]]:
        """What the log has on one call."""
        events: list[dict[str, Any]] = self._ask("show", txn)["events"]
        return events

    def calls(self) -> list[dict[str, Any]]:
        """All calls, as a reviewer lists them."""
        calls: list[dict[str, Any]] = self._ask("calls")["calls"]
        return calls

    def _ask(self, *question: str) -> Any:
        command = [program("jeton"), "log", *question, "--state", str(self.state), "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)
