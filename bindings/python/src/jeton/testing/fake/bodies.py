"""From the text of a body to what is asked: strict, each member asked for by name, what nobody asked for refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ... import _native
from ...errors import JetonError
from .ledger import escape_for_log
from .refusal import Refused

_SAFE_INTEGER_MAX = 2**53 - 1
_ID128 = re.compile("[A-Za-z0-9_-]{21}[AQgw]")
_DIGEST = re.compile("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_LOG_ID = re.compile("[!-~]{1,128}")
_DETAIL = re.compile("[A-Za-z0-9_.:-]{1,64}")
_PORT = "(:[0-9]{1,5})?"
_URL = re.compile(rf"https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+){_PORT}([/?][^#\"<>\\^`{{|}}]*)?")
_TRACEPARENT = re.compile("([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[!-~]*)?")
OUTCOMES = ("ok", "tool_error", "transport_error", "cancelled", "unknown")

Text = Callable[[str], bool]


@dataclass(frozen=True)
class Binding:
    """One tool call as a request names it; `arguments` None: only their digest came."""

    tool: str
    digest: str
    arguments: dict[str, Any] | None


class Body:
    """The members of one body. The first mistake, in the order of asking, is raised."""

    def __init__(self, text: bytes, arguments_bytes: int) -> None:
        try:
            _native.canonical_body(text)
        except JetonError as error:
            raise Refused(error.code, error.message) from None
        self.members: dict[str, Any] = json.loads(text)
        self._arguments_bytes = arguments_bytes
        self._asked: set[str] = set()

    def optional(self, name: str, valid: Text, form: str) -> str | None:
        self._asked.add(name)
        if name not in self.members:
            return None
        value = self.members[name]
        if not isinstance(value, str) or not valid(value):
            raise wrong(name, form)
        return value

    def text(self, name: str, valid: Text, form: str) -> str:
        value = self.optional(name, valid, form)
        if value is None:
            raise wrong(name, form)
        return value

    def id(self, name: str) -> str | None:
        return self.optional(name, is_log_id, "1 to 128 characters of [!-~]")

    def id128(self, name: str) -> str | None:
        return self.optional(name, is_id128, "22 characters of base64url")

    def count(self, name: str) -> int | None:
        self._asked.add(name)
        value = self.members.get(name, 0)
        if type(value) is not int or not 0 <= value <= _SAFE_INTEGER_MAX:
            raise wrong(name, "an integer from 0 to 2^53-1")
        return value if name in self.members else None

    def server(self) -> str:
        return self.text("server", is_server_name, "an http(s) URL or mcp:stdio:<name>")

    def binding(self) -> Binding:
        tool = self.text("tool", lambda name: 1 <= len(name.encode()) <= 256, "1 to 256 bytes of text")
        self._asked |= {"arguments", "args_digest"}
        if ("arguments" in self.members) == ("args_digest" in self.members):
            raise Refused("bad_request", 'exactly one of "arguments" and "args_digest" is needed')
        if "args_digest" in self.members:
            digest = self.text("args_digest", lambda text: _fits(_DIGEST, text), "43 characters of base64url")
            return Binding(tool, digest, None)
        arguments = self.members["arguments"]
        text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            digest = _native.args_digest(tool, text)
            size = len(_native.canonical_json(text))
        except JetonError as error:
            raise Refused("bad_arguments", error.message) from None
        if size > self._arguments_bytes:
            raise Refused("bad_arguments", f"arguments are larger than {self._arguments_bytes} bytes; send less")
        return Binding(tool, digest, arguments)

    def receipt(self) -> tuple[str, int, int] | None:
        """What it says, or None where there is none. Its own mistakes come after those of the body around it."""
        self._asked.add("receipt")
        if "receipt" not in self.members:
            return None
        value = self.members["receipt"]
        if not isinstance(value, dict):
            raise wrong("receipt", "the object a redemption answered with")
        self.done()
        inner = Body(json.dumps(value).encode(), 0)
        jti, at, index = inner.id128("jti"), inner.count("redeemed_at"), inner.count("log_index")
        inner.done()
        if jti is None or at is None or index is None:
            raise Refused("bad_request", "a receipt needs jti, redeemed_at and log_index")
        return jti, at, index

    def done(self) -> None:
        """Whether there is a member that nobody asked for."""
        for name in self.members:
            if name not in self._asked:
                raise Refused("bad_request", f'unknown member "{escape_for_log(name[:64])}"')


def wrong(name: str, form: str) -> Refused:
    return Refused("bad_request", f'member "{name}" must be {form}')


def _fits(form: re.Pattern[str], text: str) -> bool:
    return form.fullmatch(text) is not None


def is_log_id(text: str) -> bool:
    return _fits(_LOG_ID, text)


def is_id128(text: str) -> bool:
    return _fits(_ID128, text)


def is_detail(text: str) -> bool:
    return _fits(_DETAIL, text)


def is_server_name(name: str) -> bool:
    """https://… or http://… with a host, or mcp:stdio:<name>; visible ASCII, at most 2,048 bytes."""
    if len(name) > 2048 or not re.fullmatch("[!-~]+", name):
        return False
    if name.startswith("mcp:stdio:"):
        return len(name) > len("mcp:stdio:")
    found = _URL.fullmatch(name)
    return found is not None and int((found[2] or ":0")[1:]) <= 65535


def is_traceparent(text: str) -> bool:
    """W3C Trace Context section 3.2; versions after 00 may be longer."""
    found = _TRACEPARENT.fullmatch(text)
    if found is None or len(text) > 128:
        return False
    version, trace, span, more = found.groups()
    return version != "ff" and not (version == "00" and more) and trace.strip("0") != "" and span.strip("0") != ""
