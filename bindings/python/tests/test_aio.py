"""The client of a loop: its bounds, its cancellations, its end with the loop, and no thread anywhere."""

from __future__ import annotations

import asyncio
import gc
import gc
import os
import socket
import threading
import time
import weakref
from pathlib import Path

import pytest
from conftest import SERVER, Daemon

import jeton
from jeton import aio
from jeton.connection import Connection


def open_connections() -> int:
    """Unix stream sockets of this process that are connected."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return count


def test_no_thread_is_started_and_few_connections_stay(daemon: Daemon):
    async def one(number: int) -> None:
        async with jeton.call("refund", {"number": number}) as scope:
            await scope.amint(SERVER)

    async def main() -> tuple[int, int]:
        gc.collect()  # what tests before this one left open is closed before it is counted
        before = open_connections()
        await asyncio.gather(*map(one, range(50)))
        await asyncio.sleep(0)
        return threading.active_count(), open_connections() - before

    before = threading.active_count()
    threads, connections = asyncio.run(main())
    assert threads == before
    assert 1 <= connections <= aio.IDLE_MAX


def test_no_more_than_32_at_a_time_and_the_others_wait(daemon: Daemon, monkeypatch: pytest.MonkeyPatch):
    client = jeton.AsyncClient(daemon.socket, deadline=5)
    most = 0
    exchange = Connection.exchange
    running = 0

    async def counted(self, request, deadline):
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            return await exchange(self, request, deadline)
        finally:
            running -= 1

    monkeypatch.setattr(Connection, "exchange", counted)

    async def main() -> list[dict]:
        return await asyncio.gather(*(client.status() for _ in range(200)))

    assert len(asyncio.run(main())) == 200
    assert most == aio.CONNECTIONS_MAX


def silent(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen(128)
    return listening


def test_who_waits_for_a_connection_waits_no_longer_than_the_deadline(tmp_path: Path):
    with silent(tmp_path / "s.sock"):
        client = jeton.AsyncClient(str(tmp_path / "s.sock"), deadline=30)

        async def main() -> None:
            first = [asyncio.create_task(client.status()) for _ in range(aio.CONNECTIONS_MAX)]
            await asyncio.sleep(0)
            client._deadline = 0.2
            began = time.monotonic()
            answers = await asyncio.gather(*(client.status() for _ in range(50)), return_exceptions=True)
            assert time.monotonic() - began < 5
            assert {(type(answer), answer.message) for answer in answers} == {
                (jeton.Unavailable, "no connection was free in time")
            }
            for task in first:
                task.cancel()
            await asyncio.gather(*first, return_exceptions=True)

        asyncio.run(main())


def test_a_cancelled_request_closes_its_connection_and_gives_its_place_back(tmp_path: Path):
    with silent(tmp_path / "s.sock"):
        client = jeton.AsyncClient(str(tmp_path / "s.sock"), deadline=30)

        async def main() -> None:
            before = open_connections()
            tasks = [asyncio.create_task(client.status()) for _ in range(80)]
            while open_connections() - before < aio.CONNECTIONS_MAX:
                await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.01)
            assert open_connections() == before
            pool = client._pools[asyncio.get_running_loop()]
            assert (pool._taken, len(pool._waiting)) == (0, 0)

        asyncio.run(main())


def test_a_place_given_to_somebody_who_is_just_cancelled_is_not_lost(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)

    async def main() -> None:
        for _ in range(20):
            tasks = [asyncio.create_task(client.status()) for _ in range(40)]
            for turn in range(200):
                await asyncio.sleep(0)
                tasks[turn % 40].cancel()
                if all(task.done() for task in tasks):
                    break
            await asyncio.gather(*tasks, return_exceptions=True)
        pool = client._pools[asyncio.get_running_loop()]
        assert (pool._taken, len(pool._waiting)) == (0, 0)
        assert await client.status()

    asyncio.run(main())


def test_the_end_of_a_loop_closes_its_connections_without_a_warning(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)
    gc.collect()
    before = open_connections()
    for _ in range(3):
        assert asyncio.run(client.status())["issuer"]
    gc.collect()
    assert open_connections() == before
    assert client._pools == {}


def test_closing_and_going_on(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)

    async def main() -> None:
        assert (await client.jwks())["keys"]
        before = open_connections()
        await client.aclose()
        await asyncio.sleep(0.01)
        assert open_connections() == before - 1
        await client.aclose()
        assert await client.post("/v1/revoke", {"run_id": "r"})

    asyncio.run(main())


def test_a_loop_that_was_closed_without_asyncio_run_is_forgotten(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(client.status())
    loop.run_until_complete(client.aclose())
    loop.close()
    gone = weakref.ref(loop)
    del loop

    assert asyncio.run(client.status())
    gc.collect()
    assert gone() is None


def test_a_client_that_nobody_has_any_more_closes_its_connections(daemon: Daemon):
    async def main() -> None:
        gc.collect()
        before = open_connections()
        await jeton.AsyncClient(daemon.socket, deadline=5).status()
        assert open_connections() == before + 1
        gc.collect()
        await asyncio.sleep(0.05)
        assert open_connections() == before

    asyncio.run(main())


def test_without_a_loop_it_is_unavailable(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)
    scope = jeton.call("refund")
    for coroutine in (client.status(), scope.__aenter__()):
        with pytest.raises(jeton.Unavailable) as raised:
            coroutine.send(None)
        assert raised.value.code == "sidecar_unavailable"


def test_a_loop_that_is_closed_under_a_scope_is_unavailable_and_does_not_hang(daemon: Daemon, caplog):
    """A scope that outlives its loop: its exit is driven by hand, as a garbage collector may."""
    scope = jeton.call("refund")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(scope.__aenter__())
    loop.run_until_complete(scope._client.aio().aclose())  # type: ignore[union-attr]
    loop.close()

    with pytest.raises(jeton.Unavailable):
        scope.amint(SERVER).send(None)
    with pytest.raises(StopIteration):
        scope.__aexit__(None, None, None).send(None)
    assert "was not reported" in caplog.text


def test_several_loops_in_threads_share_one_client(daemon: Daemon):
    failures: list[BaseException] = []

    async def main() -> None:
        for _ in range(5):
            await asyncio.gather(*(one() for _ in range(4)))

    async def one() -> None:
        async with jeton.call("refund", server=SERVER) as scope:
            token = await scope.amint(SERVER)
            assert (await verifier.aredeem(token.reveal(), "refund", {})).txn == scope.txn
            assert jeton.current_call() is scope

    def thread() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failures.append(error)

    verifier = jeton.Verifier(SERVER, deadline=5)
    threads = [threading.Thread(target=thread) for _ in range(4)]
    for started in threads:
        started.start()
    for started in threads:
        started.join()
    assert failures == []


def test_another_loop_than_asyncios_does_as_well(daemon: Daemon):
    uvloop = pytest.importorskip("uvloop")
    verifier = jeton.Verifier(SERVER, deadline=5)

    async def one(number: int) -> str:
        async with jeton.call("refund", {"number": number}, server=SERVER) as scope:
            token = await scope.amint(SERVER)
            return (await verifier.aredeem(token.reveal(), "refund", {"number": number})).txn

    async def main() -> set[str]:
        return set(await asyncio.gather(*map(one, range(20))))

    loop = uvloop.new_event_loop()
    try:
        assert len(loop.run_until_complete(main())) == 20
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    assert {call["outcome"] for call in daemon.calls()} == {"ok"}


def test_a_request_that_cannot_be_one_is_refused(daemon: Daemon):
    client = jeton.AsyncClient(daemon.socket, deadline=5)
    with pytest.raises(jeton.JetonError, match="bad_request"):
        asyncio.run(client.post("/v1/calls\r\nX: y", {}))
    with pytest.raises(jeton.JetonError, match="bad_request"):
        asyncio.run(client.post("/v1/nothing", {}))
