"""One connection of an event loop to the sidecar."""

from __future__ import annotations

import asyncio
import os
import socket as sockets
import struct
from typing import cast

from . import _native
from .errors import JetonError, unavailable

_PAUSE_S = 0.001


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, sock: sockets.socket) -> None:
        self.sock = sock
        self.lost = False
        self._transport: asyncio.Transport | None = None
        self._decoder: _native.Decoder | None = None
        self._answered: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, path: str, deadline: float) -> Connection:
        """OSError when nobody listens, nobody takes the connection in time, or who listens does not own the file."""
        loop = asyncio.get_running_loop()
        sock = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        try:
            sock.setblocking(False)
            while True:
                try:
                    sock.connect(path)
                    break
                except BlockingIOError:
                    # The listener's queue is full, and a Unix socket cannot be polled for room.
                    if loop.time() >= deadline:
                        raise TimeoutError("no answer in time") from None
                    await asyncio.sleep(_PAUSE_S)
            _check_owner(sock, path)
            connection = cls(sock)
            await loop.create_unix_connection(lambda: connection, sock=sock)
        except BaseException:
            sock.close()
            raise
        return connection

    async def exchange(self, request: bytes, deadline: float) -> _native.Decoder:
        loop = asyncio.get_running_loop()
        if self._transport is None or self.lost:
            raise unavailable("the sidecar closed the connection")
        self._decoder = decoder = _native.Decoder()
        self._answered = loop.create_future()
        timer = loop.call_at(deadline, expire, self._answered, "the sidecar did not answer in time")
        try:
            self._transport.write(request)
            await self._answered
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
            self._decoder = self._answered = None
        return decoder

    def close(self) -> None:
        """At once, whatever is still to be sent."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    def abandon(self) -> None:
        """Closes this process's descriptor and tells no loop: for a child after fork."""
        if self.sock.fileno() >= 0:
            os.close(self.sock.detach())
        self.lost = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # other loops have transports of their own making

    def data_received(self, data: bytes) -> None:
        if self._decoder is None or self._answered is None or self._answered.done():
            self.close()  # nobody asked
            return
        try:
            done = self._decoder.feed(data)
        except JetonError as error:
            self._answered.set_exception(error)
            return
        if done:
            self._answered.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(unavailable("the sidecar closed the connection"))


def _check_owner(sock: sockets.socket, path: str) -> None:
    """Whoever listens must be who owns the file: a socket somebody else put there is not the sidecar."""
    _, uid, _ = struct.unpack("3i", sock.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, struct.calcsize("3i")))
    owner = os.stat(path).st_uid
    if owner != uid & 0xFFFFFFFF:
        raise PermissionError(f"the file belongs to uid {owner}, but uid {uid & 0xFFFFFFFF} listens on it")


def expire(waiting: asyncio.Future[None], why: str) -> None:
    if not waiting.done():
        waiting.set_exception(unavailable(why))
