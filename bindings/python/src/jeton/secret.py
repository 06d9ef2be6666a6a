"""A token that does not show itself, and a log filter for code that would show it."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

_PLACEHOLDER = "[token]"
_COMPACT_JWS = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")

#: Loggers of libraries that were seen to write whole messages or headers at DEBUG.
LEAKING_LOGGERS = (
    "mcp",
    "client",
    "mcp.client.session",
    "mcp.client.sse",
    "mcp.client.stdio",
    "mcp.client.streamable_http",
    "mcp.client.websocket",
    "mcp.server.lowlevel.server",
    "mcp.server.sse",
    "mcp.server.stdio",
    "mcp.server.streamable_http",
    "mcp.shared.session",
    "httpx",
    "httpx2",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "h2",
    "hpack",
    "hpack.hpack",
    "requests",
    "urllib3.connectionpool",
    "aiohttp.client",
    "asyncio",
    "jeton",
)


class SecretToken:
    """A bearer token for one attempt on the wire. Only `reveal()` gives its text.

    `repr`, `str` and `format` give `SecretToken(jti=…)`; `bytes`, `json` and `pickle` raise TypeError; a copy is the
    object itself. Equal in constant time. Python keeps text until it is collected, so the memory is not wiped: a token
    is good for one call and for seconds.
    """

    __slots__ = ("__weakref__", "_reveal", "attempt", "expires_at", "jti", "log_index", "previous")

    _reveal: Callable[[], str]
    jti: str
    attempt: int
    expires_at: int
    """NumericDate."""
    previous: str
    """What became of the attempt before: none, unredeemed, redeemed, expired or revoked."""
    log_index: int | None

    def __init__(
        self,
        compact: str,
        *,
        jti: str,
        attempt: int,
        expires_at: int,
        previous: str = "none",
        log_index: int | None = None,
    ) -> None:
        # Behind a function: what walks over attributes to print or to serialise finds no text.
        put = object.__setattr__
        put(self, "_reveal", lambda: compact)
        put(self, "jti", jti)
        put(self, "attempt", attempt)
        put(self, "expires_at", expires_at)
        put(self, "previous", previous)
        put(self, "log_index", log_index)

    def reveal(self) -> str:
        """The compact JWS, for the one request it is meant for."""
        return self._reveal()

    def __repr__(self) -> str:
        return f"SecretToken(jti={self.jti})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretToken):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(self.jti)

    def __copy__(self) -> SecretToken:
        return self

    def __deepcopy__(self, memo: object) -> SecretToken:
        return self

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a token does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a token does not change")

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError("a token is not serialised; reveal() it where it goes on the wire")

    __bytes__ = _refuse
    __reduce__ = _refuse
    __reduce_ex__ = _refuse
    __getstate__ = _refuse


def redact(text: str) -> str:
    """The text with every compact JWS in it replaced."""
    return _COMPACT_JWS.sub(_PLACEHOLDER, text) if "eyJ" in text else text


class RedactTokens(logging.Filter):
    """Replaces compact JWS in a record: in its message with arguments filled in, its traceback and its stack.

    Lets every record pass. On a logger it sees what that very logger writes; on a handler, all that the handler gets.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        message = _message_of(record)
        clean = redact(message)
        if clean is not message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            trace = logging.Formatter().formatException(record.exc_info)
            if (clean := redact(trace)) is not trace:
                record.exc_text = clean
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name, value in vars(record).items():
            if isinstance(value, str) and name not in {"msg", "exc_text", "stack_info"}:
                setattr(record, name, redact(value))
        return True


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # The record is malformed. logging will say so itself and print its parts, so these must be clean.
        record.msg, record.args = redact(f"{record.msg!s} {record.args!r}"), None
        return str(record.msg)


def install_log_filter(*more: str | logging.Logger | logging.Handler, handlers: bool = True) -> RedactTokens:
    """Puts one RedactTokens on the loggers known to leak, on `more`, and on the root's handlers that are there now.

    Safe to repeat. A handler that is added later needs it too: `handler.addFilter(jeton.RedactTokens())`.
    """
    targets: list[logging.Logger | logging.Handler] = [logging.getLogger(name) for name in LEAKING_LOGGERS]
    targets += [logging.getLogger(item) if isinstance(item, str) else item for item in more]
    if handlers:
        targets += logging.getLogger().handlers
        if logging.lastResort is not None:
            targets.append(logging.lastResort)
    return _install(targets)


def _install(targets: Iterable[Any]) -> RedactTokens:
    shared = RedactTokens()
    for target in targets:
        if not any(isinstance(there, RedactTokens) for there in target.filters):
            target.addFilter(shared)
    return shared
