"""What all adapters share: scopes whose every failure before the tool is a refusal, and ids that the log can hold."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..errors import JetonError, error_of
from ..scope import CallScope, call

SCOPE_MEMBER = "dev.jeton/scope"
"""The member of a request's `_meta` by which a carrier finds the scope where it cannot see the context variable."""
_ID = re.compile(r"[!-~]{1,128}")
_log = logging.getLogger("jeton")


def identifier(value: object) -> str | None:
    """An id of the framework's as the log can hold it: itself, or a hash of it where it has other characters or is too
    long. The same id is always written alike. None and "" are no id."""
    if value is None or value == "":
        return None
    text = str(value)
    if _ID.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()
    return "sha256:" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class opened:
    """`jeton.call(**mapper(*args))`, entered: `with opened(mapper, request) as scope`, and `async with`.

    Pass the mapper and not its result: a request that it cannot read must refuse the call like any other failure, so
    all that goes wrong before the block begins is a JetonError. What the block raises goes on unchanged.
    """

    def __init__(self, mapper: Callable[..., dict[str, Any]], *args: Any) -> None:
        self._mapper = mapper
        self._args = args
        self._scope: CallScope | None = None

    def __enter__(self) -> CallScope:
        try:
            scope = call(**self._mapper(*self._args))
            scope.__enter__()
        except Exception as error:
            raise _refusal(error) from None
        self._scope = scope
        return scope

    async def __aenter__(self) -> CallScope:
        try:
            scope = call(**self._mapper(*self._args))
            await scope.__aenter__()
        except Exception as error:
            raise _refusal(error) from None
        self._scope = scope
        return scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scope is not None:
            self._scope.__exit__(kind, error, trace)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._scope is not None:
            await self._scope.__aexit__(kind, error, trace)


def _refusal(error: Exception) -> JetonError:
    if isinstance(error, JetonError):
        return error
    # Type and place only: the text of a foreign exception may hold an argument's value.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    message = f"the call could not be opened: {type(error).__name__} at {frame.filename}:{frame.lineno}"
    _log.error(message)
    return error_of("internal", message)
