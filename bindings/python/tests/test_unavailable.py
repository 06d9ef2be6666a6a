"""Without a sidecar nothing runs, nobody waits for ever, and afterwards all goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import SERVER, Daemon

import jeton


def enter(how: str, **options) -> str:
    """Opens and leaves a scope; its txn."""
    scope = jeton.call("refund", **options)
    if how == "with":
        with scope:
            return scope.txn

    async def main() -> str:
        async with scope:
            return scope.txn

    return asyncio.run(main())


both = pytest.mark.parametrize("how", ["with", "async with"])


class Listener:
    """Listens as a sidecar would, and answers each connection with the same bytes, if at all."""

    def __init__(self, path: Path, answer: bytes | None) -> None:
        self.path = str(path)
        self.requests = 0
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(64)
        self._kept: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self._kept.append(peer)
            if self._answer is not None and peer.recv(65536):
                self.requests += 1
                peer.sendall(self._answer)
                peer.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for peer in self._kept:
            peer.close()


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Callable[[bytes | None], Listener]]:
    made: list[Listener] = []

    def make(answer: bytes | None = None) -> Listener:
        made.append(Listener(tmp_path / f"listener-{len(made)}.sock", answer))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@both
@pytest.mark.parametrize("path", ["/nowhere/agent.sock", "/etc/passwd", "/", "x" * 200, "a\0b", ""])
def test_a_socket_that_is_none_is_unavailable(how: str, path: str):
    jeton.configure(socket=path)
    with pytest.raises(jeton.Unavailable) as raised:
        enter(how)
    assert (raised.value.code, raised.value.tool) == ("sidecar_unavailable", "refund")
    assert raised.value.message


@both
def test_the_message_names_every_socket_that_was_tried(how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("JETON_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    jeton.configure()
    with pytest.raises(jeton.Unavailable) as raised:
        enter(how)
    assert str(tmp_path / "jeton" / "agent.sock") in raised.value.message
    assert "/run/jeton/agent.sock" in raised.value.message
    assert str(tmp_path) not in str(raised.value)


@both
def test_the_environment_names_the_socket(how: str, daemon: Daemon, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JETON_SOCKET", daemon.socket)
    jeton.configure(deadline=5)
    assert enter(how)


@both
def test_a_listener_that_never_answers_costs_the_deadline_and_no_more(how: str, listen):
    jeton.configure(socket=listen(None).path, deadline=0.2)
    began = time.monotonic()
    with pytest.raises(jeton.Unavailable):
        enter(how)
    assert 0.15 < time.monotonic() - began < 3


@both
def test_a_listener_whose_queue_is_full_costs_the_deadline_and_no_more(how: str, tmp_path: Path):
    path = str(tmp_path / "full.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(0)
        waiting = []
        try:
            for _ in range(16):
                peer = socket.socket(socket.AF_UNIX)
                waiting.append(peer)
                peer.setblocking(False)
                peer.connect(path)
        except BlockingIOError:
            jeton.configure(socket=path, deadline=0.2)
            began = time.monotonic()
            with pytest.raises(jeton.Unavailable):
                enter(how)
            assert time.monotonic() - began < 3
        else:
            pytest.fail("the queue never filled")
        finally:
            for peer in waiting:
                peer.close()


@both
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
        http("200 OK", "[]"),
        http("200 OK", "{"),
        http("200 OK", '{"issuer":5,"txn":7,"grant":"g"}'),
        http("200 OK", '{"issuer":"i"}'),
        http("200 OK", '{"issuer":"i","txn":"t","txn":"u","grant":"g"}'),
        http("500 x", "no json"),
        http("403 x", '{"code":"made_up"}'),
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 10_000 + b"\r\n\r\n",
    ],
)
def test_who_does_not_speak_the_protocol_is_no_sidecar(how: str, answer: bytes, listen):
    jeton.configure(socket=listen(answer).path, deadline=2)
    with pytest.raises(jeton.Unavailable) as raised:
        enter(how, server=SERVER)
    assert raised.value.code == "sidecar_unavailable"


@both
def test_a_refusal_keeps_its_code_txn_and_index(how: str, listen):
    listener = listen(http("403 x", '{"code":"no_grant","detail":"why","txn":"t","log_index":3}'))
    jeton.configure(socket=listener.path, deadline=2)
    with pytest.raises(jeton.Denied) as raised:
        enter(how)
    error = raised.value
    assert (error.code, error.message, error.txn, error.log_index) == ("no_grant", "why", "t", 3)


@both
@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_socket_file_of_another_account_is_not_believed(how: str, daemon: Daemon):
    os.chown(daemon.socket, 65534, -1)
    jeton.configure(socket=daemon.socket)
    with pytest.raises(jeton.Unavailable) as raised:
        enter(how)
    assert "belongs to uid 65534" in raised.value.message


@both
def test_an_open_whose_answer_got_lost_is_asked_again_with_the_same_id(how: str, listen):
    listener = listen(b"")
    listener._answer = b"HTTP/1.1 200 OK\r\n"  # and the connection is gone
    jeton.configure(socket=listener.path, deadline=2)
    with pytest.raises(jeton.Unavailable):
        enter(how)
    if how == "async with":
        assert listener.requests == 2


@both
def test_after_a_restart_the_next_call_goes_through(how: str, daemon: Daemon):
    before = enter(how)
    daemon.kill()
    daemon.start()
    after = enter(how)
    assert {before, after} <= {call["txn"] for call in daemon.calls()}


def test_one_loop_outlives_a_restart(daemon: Daemon):
    async def main() -> None:
        async with jeton.call("refund"):
            pass
        await asyncio.get_running_loop().run_in_executor(None, lambda: (daemon.kill(), daemon.start()))
        async with jeton.call("refund") as scope:
            await scope.amint(SERVER)

    asyncio.run(main())


@both
def test_killed_between_open_and_mint_the_call_is_still_known(how: str, daemon: Daemon):
    def body(scope: jeton.CallScope) -> None:
        daemon.kill()
        daemon.start()
        assert jeton.Verifier(SERVER).redeem(scope.mint(SERVER).reveal(), "refund", {}).txn == scope.txn

    async def main() -> jeton.CallScope:
        async with jeton.call("refund") as scope:
            body(scope)
        return scope

    if how == "with":
        with jeton.call("refund") as scope:
            body(scope)
    else:
        scope = asyncio.run(main())
    assert daemon.outcomes(scope.txn) == ["ok"]


@both
def test_stopped_in_the_middle_of_a_request_it_is_unavailable_in_time(how: str, daemon: Daemon):
    jeton.configure(socket=daemon.socket, deadline=0.2)
    enter(how)
    assert daemon.process is not None
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(jeton.Unavailable):
            enter(how)
        assert time.monotonic() - began < 3
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    jeton.configure(socket=daemon.socket, deadline=5)
    assert enter(how)


def test_a_deadline_is_a_time():
    for wrong in (0, -1, float("nan"), 1e9):
        with pytest.raises(ValueError, match="a deadline is"):
            jeton.configure(deadline=wrong)
    with pytest.raises(ValueError, match="unscoped is"):
        jeton.configure(unscoped="perhaps")  # type: ignore[arg-type]
