"""An ASGI application that keeps what it got, and a client for one without a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from jeton import current_verified_call

SERVER = "https://crm.example/tools"


class App:
    """Answers everything with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.ran: list[dict[str, Any]] = []
        self._status = status

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        call = current_verified_call()
        self.ran.append({"headers": scope["headers"], "body": body, "txn": call and call.txn})
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass
class Answer:
    """What an application sent back."""

    status: int
    headers: dict[str, str]
    body: bytes


async def ask(app: Any, path: str, body: Any, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> Answer:
    """One POST, its body in two pieces."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    half = len(content) // 2
    pieces = [
        {"type": "http.request", "body": content[:half], "more_body": True},
        {"type": "http.request", "body": content[half:], "more_body": False},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0) if pieces else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": query}
    scope |= {"headers": headers, "scheme": "https", "server": ("crm.example", 443), "root_path": "", "state": {}}
    await app({**scope, "http_version": "1.1", "client": ("127.0.0.1", 1), "asgi": {"version": "3.0"}}, receive, send)
    start = sent[0]
    text = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], text, b"".join(message.get("body", b"") for message in sent[1:]))
