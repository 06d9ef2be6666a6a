"""A real jetond for a test: private state, private socket, gone when the test is."""

from __future__ import annotations

import atexit
import os
import resource
import select
import signal
import sqlite3
import subprocess
import time
import weakref
from contextlib import closing
from typing import Any

from .binary import find_jetond
from .reaper import Reaper
from .sidecar import Folder, Sidecar

READY_IN_S = 20.0
STOPS_IN_S = 20.0
_TOLD_BYTES_MAX = 4000


class JetondFailed(RuntimeError):
    """jetond did not start or did not end as it should; the message has what it said."""


class Jetond(Sidecar):
    """Starts jetond with `--dev`, or with the text of a configuration, and returns when it is ready.

    Found by $JETON_JETOND, then on the path, then in this package; else JetondNotFound. Its state lies in a private
    folder. It ends and the folder goes at `stop()`, at the end of the `with` block, and at the end of this process,
    whichever comes first, a crash of this process included.
    """

    def __init__(self, config: str | None = None, *, ready_in: float = READY_IN_S) -> None:
        self.binary = find_jetond()
        self._ready_in = ready_in
        self._folder = Folder()
        self.state = self._folder / "state"
        self.socket = str(self._folder / "agent.sock")
        self._options = ["--dev"]
        if config is not None:
            self.state.mkdir(mode=0o700)
            file = self._folder / "jeton.toml"
            file.touch(mode=0o600)
            file.write_text(config, encoding="utf-8")
            self._options = ["--config", str(file)]
        self._process: subprocess.Popen[bytes] | None = None
        self._log_unavailable = False
        self._reaper = Reaper(self._folder.path)
        self._starter = os.getpid()
        _running.add(self)
        try:
            self._start()
        except BaseException:
            self._discard()
            self.stop()
            raise

    def __repr__(self) -> str:
        return f"Jetond(socket={self.socket!r}, pid={self.pid})"

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        file = self._folder / "stderr"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every event so far, oldest first, as the view `events` of its log shows them to foreign readers."""
        with closing(sqlite3.connect(f"file:{self.state / 'jeton.db'}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            rows = db.execute("SELECT * FROM events ORDER BY log_index").fetchall()
        return [_event(row) for row in rows]

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.log

    @property
    def log_unavailable(self) -> bool:
        return self._log_unavailable

    @log_unavailable.setter
    def log_unavailable(self, value: bool) -> None:
        # No file of it may grow beyond one byte: to the daemon, the disk is full.
        _, most = resource.prlimit(self._alive().pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._alive().pid, resource.RLIMIT_FSIZE, (1 if value else most, most))
        self._log_unavailable = value

    def stop_answering(self) -> None:
        self._alive().send_signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        self._alive().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        if not self._folder.remove.alive:
            raise RuntimeError("this jetond was stopped for good; start a new one")
        if self._process is not None:
            self._end(signal.SIGTERM)
        self._start()

    def stop(self) -> None:
        if not self._folder.remove.alive or os.getpid() != self._starter:
            return
        try:
            if self._process is not None:
                self._end(signal.SIGTERM)
        finally:
            self._reaper.dismiss()
            self._folder.remove()
            _running.discard(self)

    def _start(self) -> None:
        command = [self.binary, *self._options, "--listen", "none", "--state", str(self.state), "--socket", self.socket]
        environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        with open(self._folder / "stderr", "ab") as told:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=told,
                cwd=self._folder.path,
                env=environment,
                restore_signals=False,  # SIGXFSZ stays ignored: a file that may not grow is an error and no death
                start_new_session=True,  # a Ctrl-C at the terminal is this process's to handle
            )
        self._log_unavailable = False
        self._reaper.watch(self._process.pid)
        end = time.monotonic() + self._ready_in
        if not self._first_line(end).startswith("ready "):
            try:
                how = f"ended with status {self._process.wait(max(0.0, end - time.monotonic()))}"
            except subprocess.TimeoutExpired:
                how = f"was not ready in {self._ready_in:g} s"
            raise JetondFailed(f"jetond {how}; it said:\n{self.said[-_TOLD_BYTES_MAX:] or '(nothing)'}")

    def _first_line(self, end: float) -> str:
        """The first line of its stdout, or as much of it as came."""
        stdout = self._alive().stdout
        assert stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([stdout], [], [], max(0.0, end - time.monotonic()))
            more = os.read(stdout.fileno(), 4096) if readable else b""
            if not more:
                break
            line += more
        return line.decode("utf-8", "replace")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._alive(), None
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # one that is stopped hears nothing else
        try:
            status = process.wait(STOPS_IN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise JetondFailed(f"jetond did not stop in {STOPS_IN_S:g} s and was killed") from None
        finally:
            self._reaper.watch(None)
            if process.stdout is not None:
                process.stdout.close()
        # Where no file may grow it can write neither its last event nor why, and ends as it can.
        expected = status if self._log_unavailable else 0 if how == signal.SIGTERM else -how
        if status != expected:
            raise JetondFailed(f"jetond ended with status {status}; it said:\n{self.said[-_TOLD_BYTES_MAX:]}")

    def _discard(self) -> None:
        """Ends what never became ready; why is already known."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            self._reaper.watch(None)
            if process.stdout is not None:
                process.stdout.close()

    def _alive(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this jetond does not run; restart() it, or start a new one")
        return self._process


def _event(row: sqlite3.Row) -> dict[str, Any]:
    columns: list[str] = row.keys()
    event = {name: row[name] for name in columns if row[name] is not None}
    if "self_redeemed" in event:
        event["self_redeemed"] = bool(event["self_redeemed"])
    return event


_running: weakref.WeakSet[Jetond] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for jetond in list(_running):
        jetond.stop()
