"""The local door without a client: bytes out, bytes back."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The code of a refusal; "" where it is none."""
        return str(self.body.get("code", ""))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self._path)


STALLED = "the log's disk does not answer"
"""A machine so busy that a sync takes 200 ms. Whoever is told so may ask again; no case here is about it."""
PATIENCE = 5


def ask(path: str, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
    """One request; again where the disk stalled."""
    for _ in range(PATIENCE):
        answer = _ask_once(path, method, target, body, **headers)
        if not str(answer.body.get("detail", "")).startswith(STALLED):
            break
    return answer


def _ask_once(path: str, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
    """One request on a connection of its own."""
    connection = _Connection(path)
    try:
        connection.request(method, target, body=body, headers=headers)
        return _answer(connection.getresponse())
    finally:
        connection.close()


def post(path: str, target: str, body: dict[str, Any] | bytes) -> Answer:
    return ask(path, "POST", target, body if isinstance(body, bytes) else json.dumps(body).encode())


def get(path: str, target: str) -> Answer:
    return ask(path, "GET", target)


def send(path: str, *pieces: bytes, answers: int = 1) -> list[Answer]:
    """Bytes as they are, piece by piece, and so many answers."""
    with _sent(path, *pieces) as (_, stream):
        return [_read(stream) for _ in range(answers)]


def is_closed_after(path: str, sent: bytes) -> bool:
    """Whether the other side ends the connection once it has answered."""
    with _sent(path, sent) as (peer, stream):
        _read(stream)
        peer.settimeout(0.3)
        try:
            return stream.read(1) == b""
        except TimeoutError:
            return False


@contextmanager
def _sent(path: str, *pieces: bytes) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
        peer.settimeout(20)
        peer.connect(path)
        for piece in pieces:
            peer.sendall(piece)
        with peer.makefile("rb") as stream:
            yield peer, stream


def _read(stream: BinaryIO) -> Answer:
    """One answer, and not a byte of the next."""
    status = int(stream.readline().split()[1])
    headers = http.client.parse_headers(stream)
    text = stream.read(int(headers["content-length"]))
    return Answer(status, {name.lower(): value for name, value in headers.items()}, json.loads(text))


def _answer(response: http.client.HTTPResponse) -> Answer:
    text = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, json.loads(text) if text else {})
