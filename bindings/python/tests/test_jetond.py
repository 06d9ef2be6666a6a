"""The real jetond under a test's hand: found, ready, hurt, restarted, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SERVER, binary, until

import jeton
from jeton.testing import Jetond, JetondFailed, JetondNotFound


@pytest.fixture(autouse=True)
def jetond_is_the_one_under_test(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JETON_JETOND", binary("jetond"))


def program(folder: Path, script: str) -> str:
    file = folder / "jetond"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_is_found_by_the_variable_then_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Jetond() as jetond:
        assert jetond.binary == binary("jetond")

    on_path = program(tmp_path, f'exec {binary("jetond")} "$@"')
    monkeypatch.delenv("JETON_JETOND")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with Jetond() as jetond:
        assert jetond.binary == on_path


def test_where_there_is_none_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JETON_JETOND", "/nowhere/jetond")
    with pytest.raises(JetondNotFound, match="JETON_JETOND names /nowhere/jetond"):
        Jetond()
    monkeypatch.delenv("JETON_JETOND")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(JetondNotFound, match=r"set JETON_JETOND=.* or test with the fixture fake_jetond"):
        Jetond()


def test_a_configuration_that_is_none_is_told_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it remembers where it was
    with pytest.raises(JetondFailed, match=r"jetond ended with status 2; it said:\n.*toml:1: nonsense"):
        Jetond("nonsense = 1")
    assert list(tmp_path.iterdir()) == []


def test_one_that_does_not_become_ready_is_ended_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pid = tmp_path / "pid"
    monkeypatch.setenv("JETON_JETOND", program(tmp_path, f"echo $$ >{pid}; echo 'not yet' >&2; exec sleep 60"))
    with pytest.raises(JetondFailed, match=r"not ready in 0.5 s; it said:\nnot yet"):
        Jetond(ready_in=0.5)
    assert not runs(int(pid.read_text()))


def test_the_log_has_every_event_also_those_of_no_call():
    with Jetond() as jetond:
        with jeton.call("refund", {}, client=jetond.client()) as scope:
            pass
        jetond.kill()
        assert [event["log_index"] for event in jetond.log] == list(range(len(jetond.log)))
        jetond.restart()
        assert [event["event"] for event in jetond.log] == [
            *("sidecar.started", "config.loaded", "call.opened", "call.outcome"),
            *("sidecar.started", "config.loaded"),
        ]
        shown = subprocess.run(
            [binary("jeton"), "log", "show", "--state", str(jetond.state), "--json", "--", scope.txn],
            check=True,
            capture_output=True,
        )
        assert json.loads(shown.stdout)["events"] == jetond.log[2:4]


def test_one_that_ended_by_itself_is_told_at_the_end_and_nothing_is_left():
    with pytest.raises(JetondFailed, match="status -9"), Jetond() as jetond:
        assert jetond.pid is not None
        os.kill(jetond.pid, signal.SIGKILL)
        until(lambda: not runs(jetond.pid or 0))
    assert not jetond.state.parent.exists()


def test_one_that_does_not_answer_stops_all_the_same():
    with Jetond() as jetond:
        pid = jetond.pid or 0
        jetond.stop_answering()
    assert not runs(pid) and not jetond.state.parent.exists()
    jetond.stop()
    with pytest.raises(RuntimeError, match="stopped for good"):
        jetond.restart()


START = """
import os, signal, sys
from jeton.testing import Jetond
jetond = Jetond()
print(jetond.pid, jetond.state.parent, flush=True)
"""


@pytest.mark.parametrize(
    "end",
    [
        "raise ValueError",
        "raise KeyboardInterrupt",
        "sys.exit(3)",
        "os._exit(3)",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "del jetond; os.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_however_the_test_process_ends_nothing_is_left(end: str):
    done = subprocess.run([sys.executable, "-c", START + end], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    pid, folder = done.stdout.split()

    until(lambda: not runs(int(pid)) and not Path(folder).exists())


def test_a_child_after_fork_leaves_it_alone():
    with Jetond() as jetond:
        child = os.fork()
        if child == 0:
            jetond.stop()
            os._exit(0)
        os.waitpid(child, 0)
        with jeton.call("refund", {}, server=SERVER, client=jetond.client()):
            pass
        assert jetond.state.exists()
