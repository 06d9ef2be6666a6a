"""HTTP/1.1 as bytes, for the fake's end of the socket: one request out of a stream, one answer into it."""

from __future__ import annotations

import http
import json
import re
from typing import Any, NamedTuple

from .refusal import Refused

_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Request(NamedTuple):
    method: str
    target: str
    body: bytes
    keep_alive: bool
    head: bool = False
    """Whether the answer goes without its body: a HEAD is a GET everywhere else."""


class Response(NamedTuple):
    status: int
    body: dict[str, Any]
    may_cache: bool = False
    allow: str | None = None
    """The methods that the path takes, of a 405."""


class RequestReader:
    """Feeds on what a peer sends. A fault ends the connection: where the next request begins is anybody's guess."""

    def __init__(self, limits: dict[str, int], too_large: Refused) -> None:
        self._limits = limits
        self._too_large = too_large
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next(self) -> Request | None:
        """The next whole request, or None while it is not; Refused when it is none."""
        end = self._buffer.find(b"\r\n\r\n")
        if max(end, len(self._buffer) if end < 0 else 0) > self._limits["header_bytes"]:
            raise Refused("bad_request", "the header is larger than limits.header_bytes")
        if end < 0:
            return None
        method, target, minor, fields = self._head(bytes(self._buffer[:end]))
        found = self._body(fields, end + 4)
        if found is None:
            return None
        body, taken = found
        del self._buffer[:taken]
        connection = fields.get("connection", "").lower()
        keep_alive = "close" not in connection if minor == "1" else "keep-alive" in connection
        head = method == "HEAD"
        return Request("GET" if head else method, target, body, keep_alive, head)

    def _head(self, head: bytes) -> tuple[str, str, str, dict[str, str]]:
        first, *lines = head.decode("latin-1").split("\r\n")
        line = _REQUEST_LINE.fullmatch(first)
        if line is None:
            raise Refused("bad_request", "not HTTP/1.1: bad request line")
        fields: dict[str, str] = {}
        for text in lines:
            field = _FIELD.fullmatch(text)
            name = field[1].lower() if field else ""
            if field is None or (name in ("content-length", "transfer-encoding") and name in fields):
                raise Refused("bad_request", "not HTTP/1.1: bad field")
            fields[name] = field[2]
        return line[1], line[2], line[3], fields

    def _body(self, fields: dict[str, str], start: int) -> tuple[bytes, int] | None:
        """The body, and where it ends."""
        coding, length = fields.get("transfer-encoding"), fields.get("content-length")
        if coding is not None and (coding.lower() != "chunked" or length is not None):
            raise Refused("bad_request", "Transfer-Encoding must be chunked and nothing else")
        if coding is not None:
            return self._chunks(start)
        if length is not None and not re.fullmatch("[0-9]{1,18}", length):
            raise Refused("bad_request", "not HTTP/1.1: bad Content-Length")
        size = int(length or 0)
        if size > self._limits["body_bytes"]:
            raise self._too_large
        return (bytes(self._buffer[start : start + size]), start + size) if len(self._buffer) >= start + size else None

    def _chunks(self, at: int) -> tuple[bytes, int] | None:
        body = bytearray()
        while True:
            line = _CHUNK.match(self._buffer, at)
            if line is None:
                if b"\r\n" in self._buffer[at:] or len(self._buffer) - at > self._limits["header_bytes"]:
                    raise Refused("bad_request", "not HTTP/1.1: bad chunk")
                return None
            size, at = int(line[1], 16), line.end()
            if len(body) + size > self._limits["body_bytes"]:
                raise self._too_large
            if size == 0:
                return self._trailer(bytes(body), at)
            if len(self._buffer) < at + size + 2:
                return None
            if self._buffer[at + size : at + size + 2] != b"\r\n":
                raise Refused("bad_request", "not HTTP/1.1: bad chunk")
            body += self._buffer[at : at + size]
            at += size + 2

    def _trailer(self, body: bytes, at: int) -> tuple[bytes, int] | None:
        if self._buffer.startswith(b"\r\n", at):
            return body, at + 2
        end = self._buffer.find(b"\r\n\r\n", at)
        return (body, end + 4) if end >= 0 else None


def bytes_of(response: Response, *, keep_alive: bool, head: bool = False) -> bytes:
    """One answer; of a HEAD without its body."""
    body = json.dumps(response.body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    kind = "application/json" if response.status == 200 else "application/problem+json"
    lines = [
        f"HTTP/1.1 {response.status} {http.HTTPStatus(response.status).phrase}",
        f"Content-Type: {kind}",
        f"Cache-Control: {'max-age=60' if response.may_cache else 'no-store'}",
        *([] if keep_alive else ["Connection: close"]),
        *([] if response.allow is None else [f"Allow: {response.allow}"]),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head else body)
