"""What every guarded tool server does with a call: take the token, redeem it, run the tool, report how it went."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from ..client import settings
from ..errors import JetonError
from ..verifier import VerifiedCall, Verifier, current_verified_call, running

TOKEN = "dev.jeton/token"
RECEIPT = "dev.jeton/receipt"
REFUSAL = "dev.jeton/refusal"
EXTENSION = "dev.jeton/call-token"
REFUSED_TEXT = "call not authorised"
"""All that a caller reads, whatever the reason. The code goes beside it, for programs."""

_log = logging.getLogger("jeton")
R = TypeVar("R")


class Refused(Exception):
    """The tool did not run. `code` is the protocol's; the text is the same for all."""

    def __init__(self, code: str) -> None:
        super().__init__(REFUSED_TEXT)
        self.code = code

    @property
    def meta(self) -> dict[str, Any]:
        """What a result's `_meta` carries."""
        return {REFUSAL: {"code": self.code}}


class Gate:
    """One guarded server. `tools` are globs of the names that need a token; None is all of them."""

    def __init__(self, server: str, *, verifier: Verifier | None = None, tools: Sequence[str] | None = None) -> None:
        if isinstance(tools, str):
            raise TypeError("tools is a list of names; put the one name in brackets")
        self.server = server
        self.verifier = verifier or Verifier(server, deadline=settings().deadline)
        if self.verifier.server != server:
            raise ValueError(f"the verifier is for {self.verifier.server}, not for {server}")
        self._tools = None if tools is None else tuple(tools)

    def guards(self, tool: str) -> bool:
        return self._tools is None or any(fnmatchcase(tool, pattern) for pattern in self._tools)

    async def run(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None,
        token: object,
        body: Callable[[VerifiedCall], Awaitable[R]],
        failed: Callable[[R], bool] = lambda result: False,
    ) -> tuple[VerifiedCall, R]:
        """Runs `body` for a redeemed token; it must use the arguments of the call it is given.

        Refused before the body for whatever the token or the sidecar says; the redemption is durable before the body.
        What the body raises goes on unchanged. An outcome that cannot be reported is a warning in the log.
        """
        call = await self._redeem(tool, arguments, token)
        began = time.monotonic()
        try:
            with running(call):
                result = await body(call)
        except BaseException as error:
            await self._report(call, *outcome_of(error), began)
            raise
        await self._report(call, "tool_error" if failed(result) else "ok", None, began)
        return call, result

    async def _redeem(self, tool: str, arguments: Mapping[str, Any] | None, token: object) -> VerifiedCall:
        try:
            # No token at all is shown to the sidecar too: the attempt belongs on record.
            return await self.verifier.aredeem(token if isinstance(token, str) else "", tool, arguments)
        except JetonError as error:
            raise self.refused(tool, token, error) from None

    def refused(self, tool: str, token: object, error: JetonError) -> Refused:
        """What the caller gets; the operator's words go to the log."""
        why = "it carries no call token" if token is None else error.message
        _log.info("refused a call of %.64r on %s: %s: %s", tool, self.server, error.code, why)
        return Refused(error.code)

    async def _report(self, call: VerifiedCall, outcome: str, detail: str | None, began: float) -> None:
        from ..reporting import finish_in_any_case

        async def report() -> None:
            await self.verifier.areport(call, outcome, detail, max(0, round((time.monotonic() - began) * 1000)))

        try:
            await finish_in_any_case(report(), lambda code: unreported(call, code))
        except BaseException:
            # Cancelled while reporting, which goes on by itself. A tool that ran to its end has been cancelled now; one
            # that was cancelled raises that itself.
            if outcome != "cancelled":
                raise


def verified_call() -> VerifiedCall:
    """The call that a guarded tool runs for, as a hidden parameter; Refused in a tool that is not guarded."""
    call = current_verified_call()
    if call is None:
        raise Refused("bad_token")
    return call


def take(meta: Any) -> tuple[object, Any]:
    """The token of a `_meta`, and the rest; a new mapping, as the request may be in use elsewhere."""
    if not isinstance(meta, Mapping) or TOKEN not in meta:
        return None, meta
    return meta[TOKEN], {name: value for name, value in meta.items() if name != TOKEN}


def unreported(call: VerifiedCall, code: str) -> None:
    """An outcome that nobody heard never takes the place of the tool's result."""
    _log.warning("the outcome of token %s of %s was not reported: %s", call.jti, call.tool, code)


def outcome_of(error: BaseException) -> tuple[str, str | None]:
    """How a tool went that raised."""
    if not isinstance(error, Exception):
        return "cancelled", None
    name = type(error).__name__
    return "tool_error", name if name.isascii() and name.isidentifier() and len(name) <= 64 else None
