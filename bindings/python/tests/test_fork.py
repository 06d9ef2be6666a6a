"""Fork: a child opens connections of its own, and a call stays its opener's."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import SERVER, Daemon

import jeton

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns in a forked child, as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "the child failed"
    return json.loads(answer)


def pid_of(daemon: Daemon, txn: str) -> int:
    pid: int = daemon.events(txn)[0]["pid"]
    return pid


def open_and_leave() -> str:
    with jeton.call("refund") as scope:
        return scope.txn


async def open_and_leave_on_loop() -> str:
    async with jeton.call("refund") as scope:
        return scope.txn


def test_a_child_asks_on_connections_of_its_own(daemon: Daemon):
    open_and_leave()
    pid, txn = in_child(lambda: (os.getpid(), open_and_leave()))
    assert pid_of(daemon, txn) == pid
    assert pid_of(daemon, open_and_leave()) == os.getpid()


def test_a_child_of_a_loop_does_too(daemon: Daemon):
    async def main() -> tuple[int, str, str]:
        await open_and_leave_on_loop()

        def child() -> tuple[int, str]:
            # A forked child starts without a running loop of its own.
            asyncio._set_running_loop(None)
            return os.getpid(), asyncio.run(open_and_leave_on_loop())

        pid, txn = in_child(child)
        return pid, txn, await open_and_leave_on_loop()

    pid, in_the_child, in_the_parent = asyncio.run(main())
    assert pid_of(daemon, in_the_child) == pid
    assert pid_of(daemon, in_the_parent) == os.getpid()


def test_a_child_holds_no_connection_of_its_parents_loop(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)

    def connections() -> int:
        inodes = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
        links = []
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                links.append(os.readlink(f"/proc/self/fd/{name}"))
        return sum(link[8:-1] in inodes for link in links if link.startswith("socket:["))

    async def main() -> tuple[int, int]:
        gc.collect()  # what other tests left behind must not go away in between
        before = connections()
        await asyncio.gather(*(client.status() for _ in range(4)))
        assert connections() > before
        return before, in_child(connections)

    before, in_the_child = asyncio.run(main())
    assert in_the_child == before
    assert asyncio.run(client.status())


def test_a_scope_of_before_the_fork_is_the_parents_to_end(daemon: Daemon):
    with jeton.call("refund", server=SERVER) as scope:

        def child() -> bool:
            try:
                with pytest.raises(LookupError):
                    try:
                        raise LookupError
                    except LookupError as error:
                        scope.__exit__(type(error), error, None)
                        raise
            finally:
                pass
            return jeton.current_call() is None

        assert in_child(child)
        assert daemon.outcomes(scope.txn) == []
    assert daemon.outcomes(scope.txn) == ["ok"]


def test_forks_while_threads_are_asking_leave_no_child_waiting(daemon: Daemon):
    """The moment of the fork is any moment: no lock may be held by a thread that the child does not have."""
    jeton.configure(socket=daemon.socket, deadline=5)
    verifier = jeton.Verifier(SERVER, deadline=5)
    stop = threading.Event()
    failures: list[BaseException] = []

    def asks() -> None:
        while not stop.is_set():
            try:
                with jeton.call("refund", server=SERVER) as scope:
                    verifier.redeem(scope.mint(SERVER).reveal(), "refund", {})
            except BaseException as error:
                failures.append(error)
                return

    def child() -> str:
        with jeton.call("refund", server=SERVER) as scope:
            verifier.redeem(scope.mint(SERVER).reveal(), "refund", {})
            return scope.txn

    threads = [threading.Thread(target=asks) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        txns = [in_child(child) for _ in range(15)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(set(txns)) == 15
