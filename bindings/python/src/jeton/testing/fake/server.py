"""The thread of a fake sidecar: one event loop of its own that serves Unix sockets, one request at a time."""

from __future__ import annotations

import asyncio
import os
import socket as sockets
import struct
import threading
from collections.abc import Callable
from typing import TypeVar

from .refusal import Refused
from .roles import Caller, Door
from .wire import Request, RequestReader, Response, bytes_of

T = TypeVar("T")
Answer = Callable[["Request | Refused", Caller], Response]
_STARTED_IN_S = 10.0


class Server:
    """Runs `answer` on its thread for every request of every open door. Whatever `do` is given runs there too."""

    def __init__(self, answer: Answer, limits: dict[str, int], too_large: Callable[[Caller], Refused]) -> None:
        self.answer = answer
        self.limits = limits
        self.too_large = too_large
        self.connections: set[_Connection] = set()
        self.held: list[Callable[[], None]] | None = None
        """What came while nobody answers; None when somebody does."""
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_debug(False)  # nobody looks for slow callbacks of the fake
        self._listening: list[asyncio.AbstractServer] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="jeton fake sidecar", daemon=True)
        self._thread.start()

    def open(self, door: Door) -> None:
        """Listens at the door's path, for this account alone."""
        listener = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        try:
            listener.bind(door.path)
            os.chmod(door.path, 0o600)
            listener.listen(128)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise

        async def listen() -> None:
            self._listening.append(await self._loop.create_unix_server(lambda: _Connection(self, door), sock=listener))

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(_STARTED_IN_S)

    def do(self, work: Callable[[], T]) -> T:
        """Runs `work` between two requests and gives what it returned."""

        async def doing() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(_STARTED_IN_S)

    def close(self) -> None:
        """Closes every connection and the doors, and ends the thread."""

        async def closing() -> None:
            for listening in self._listening:
                listening.close()
            for connection in list(self.connections):
                connection.abort()

        asyncio.run_coroutine_threadsafe(closing(), self._loop).result(_STARTED_IN_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STARTED_IN_S)
        self._loop.close()


class _Connection(asyncio.Protocol):
    """One peer, its requests in order."""

    def __init__(self, server: Server, door: Door) -> None:
        self._server = server
        self._door = door
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("socket").getsockopt(
            sockets.SOL_SOCKET, sockets.SO_PEERCRED, struct.calcsize("3i")
        )
        pid, uid, gid = struct.unpack("3i", peer)
        self._caller = Caller(uid & 0xFFFFFFFF, gid & 0xFFFFFFFF, pid, self._door)
        self._reader = RequestReader(self._server.limits, self._server.too_large(self._caller))
        limits = self._server.limits
        full = len(self._server.connections) >= min(limits["connections_per_uid"], limits["connections"])
        self._server.connections.add(self)
        if full:
            self._soon(Refused("overloaded", "too many open connections; close idle ones and try again"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while not self._closing() and (request := self._reader.next()) is not None:
                self._soon(request)
        except Refused as refused:
            self._soon(refused)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.connections.discard(self)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _soon(self, request: Request | Refused) -> None:
        """Now, or when somebody answers again: what was sent is done then, whether its sender still waits or not."""
        if self._server.held is not None:
            self._server.held.append(lambda: self._answer(request))
        else:
            self._answer(request)

    def _answer(self, request: Request | Refused) -> None:
        response = self._server.answer(request, self._caller)
        if self._transport is None or self._closing():
            return
        keep_alive = isinstance(request, Request) and request.keep_alive
        head = isinstance(request, Request) and request.head
        self._transport.write(bytes_of(response, keep_alive=keep_alive, head=head))
        if not keep_alive:
            self._transport.close()

    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()
