"""The sidecar for coroutines: sockets of the running loop, the library's own HTTP, no threads."""

from __future__ import annotations

import asyncio
import json
import os
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from . import _native
from .arguments import dumps
from .client import DEADLINE_S, deadline_ms
from .connection import Connection, expire
from .errors import Unavailable, unavailable
from .steps import Request

CONNECTIONS_MAX = 32
"""At the same time from one loop; who comes then waits. The sidecar lets one account have 128."""
IDLE_MAX = 8


class AsyncClient:
    """The sidecar as an event loop sees it. One object serves any number of loops, each with connections of its own.

    Each request has `deadline` seconds for everything, waiting for a free connection included; then it is
    `Unavailable`. A request that is cancelled takes its connection with it.
    """

    def __init__(self, socket: str | None = None, *, deadline: float = DEADLINE_S) -> None:
        self._socket = socket
        self._deadline = deadline_ms(deadline) / 1000
        self._pools: dict[asyncio.AbstractEventLoop, _Pool] = {}
        _clients.add(self)

    def __repr__(self) -> str:
        return f"AsyncClient(socket={self._socket!r}, deadline={self._deadline})"

    async def ask(self, request: Request) -> dict[str, Any]:
        """One request; its JSON, or the refusal raised."""
        method = "GET" if request.body is None else "POST"
        body = b"" if request.body is None else dumps(request.body)
        encoded = _native.encode_request(method, request.path, body)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise unavailable("no event loop is running here") from None
        pool = await self._pool(loop)
        decoder = await pool.exchange(encoded, loop.time() + self._deadline)
        value: dict[str, Any] = json.loads(decoder.answer())
        return value

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One POST of the local door."""
        return await self.ask(Request(path, body))

    async def status(self) -> dict[str, Any]:
        """What the sidecar says of itself."""
        return await self.ask(Request("/v1/status"))

    async def jwks(self) -> dict[str, Any]:
        """The keys tokens are signed with."""
        return await self.ask(Request("/v1/jwks"))

    async def aclose(self) -> None:
        """Closes the running loop's connections. The client can still be used and opens new ones."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            pool.close()

    async def _pool(self, loop: asyncio.AbstractEventLoop) -> _Pool:
        pool = self._pools.get(loop)
        if pool is None or pool.pid != os.getpid():
            for other in list(self._pools):  # a copy: loops of other threads come and go
                if other.is_closed():
                    self._pools.pop(other, None)
            pool = self._pools[loop] = _Pool(self._socket)
            await pool.close_with_loop(lambda: self._pools.pop(loop, None))
        return pool


class _Pool:
    """The connections of one loop. Only that loop's thread comes here."""

    def __init__(self, socket: str | None) -> None:
        self.pid = os.getpid()
        self._socket = socket
        self._idle: list[Connection] = []
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._all: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._guard: AsyncGenerator[None, None] | None = None

    async def close_with_loop(self, forget: Callable[[], object]) -> None:
        """`asyncio.run` closes async generators before its loop: one that waits there closes the connections."""

        async def guard() -> AsyncGenerator[None, None]:
            try:
                yield
            finally:
                forget()
                self.close()

        self._guard = guard()
        await self._guard.__anext__()

    def close(self) -> None:
        for connection in {*self._idle, *self._all}:
            connection.close()
        self._idle.clear()

    def abandon(self) -> None:
        """In a child after fork: the descriptors are closed, and the parent's loop and connections left alone."""
        for connection in {*self._idle, *self._all}:
            connection.abandon()
        self._idle.clear()

    async def exchange(self, request: bytes, deadline: float) -> _native.Decoder:
        await self._take_place(deadline)
        try:
            connection = self._take_idle()
            if connection is not None:
                try:
                    return await self._on(connection, request, deadline)
                except Unavailable:
                    # It had gone stale. Every request of the door may be sent again.
                    if asyncio.get_running_loop().time() >= deadline:
                        raise
            return await self._on(await self._connect(deadline), request, deadline)
        finally:
            self._give_place()

    async def _on(self, connection: Connection, request: bytes, deadline: float) -> _native.Decoder:
        decoder = await connection.exchange(request, deadline)
        if decoder.reusable() and not connection.lost and len(self._idle) < IDLE_MAX:
            self._idle.append(connection)
        else:
            connection.close()
        return decoder

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost:
                return connection
        return None

    async def _take_place(self, deadline: float) -> None:
        if self._taken < CONNECTIONS_MAX:
            self._taken += 1
            return
        loop = asyncio.get_running_loop()
        place: asyncio.Future[None] = loop.create_future()
        self._waiting.append(place)
        timer = loop.call_at(deadline, expire, place, "no connection was free in time")
        try:
            await place
        except BaseException:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._give_place()  # it was given, and nobody was left to take it
            raise
        finally:
            timer.cancel()

    def _give_place(self) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._taken -= 1

    async def _connect(self, deadline: float) -> Connection:
        tried = []
        for path in json.loads(_native.socket_candidates(self._socket)):
            try:
                connection = await Connection.open(path, deadline)
            except (OSError, ValueError) as error:
                tried.append(f"{path}: {getattr(error, 'strerror', None) or error}")
            else:
                self._all.add(connection)
                return connection
        raise unavailable(
            f"no sidecar answers, tried {', '.join(tried)}; start jetond, or name its socket with $JETON_SOCKET"
        )


_clients: weakref.WeakSet[AsyncClient] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for client in list(_clients):
        for pool in client._pools.values():
            pool.abandon()
        client._pools.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
