"""One tool call of an agent, from the permit to the outcome."""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from . import otel
from .arguments import plain
from .client import configure, default_client
from .errors import Denied, JetonError, Unavailable
from .secret import SecretToken
from .steps import Asks, Request, Steps, adrive, ask_twice, drive, member

__all__ = ["CallScope", "call", "configure", "current_call"]

OUTCOMES = frozenset({"ok", "tool_error", "transport_error", "cancelled", "unknown"})
TOKEN_MEMBER = "dev.jeton/token"
_DETAIL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_log = logging.getLogger("jeton")
_current: ContextVar[CallScope | None] = ContextVar("jeton_call", default=None)
_live: weakref.WeakValueDictionary[str, CallScope] = weakref.WeakValueDictionary()


def call(
    tool: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    server: str | None = None,
    call_id: str | None = None,
    run_id: str | None = None,
    session_id: str | None = None,
    parent: CallScope | str | None = None,
    framework: str = "python",
    agent_label: str | None = None,
    subject_token: SecretToken | str | None = None,
    client: Asks | None = None,
) -> CallScope:
    """A scope for one tool call. Nothing is asked before it is entered; arguments that are not JSON are refused here.

    `parent` is the call this one is made for, a scope or a txn; without it the scope around this one, if there is any.
    `subject_token` says on whose behalf: a user's token, or the redeemed token this agent was called with.
    """
    said = {
        "server": server,
        "call_id": call_id,
        "run_id": run_id,
        "session_id": session_id,
        "framework": framework,
        "agent_label": agent_label,
    }
    subject = SecretToken(subject_token) if isinstance(subject_token, str) else subject_token
    return CallScope(tool, plain(arguments, tool), said=said, parent=parent, client=client, subject=subject)


def current_call() -> CallScope | None:
    """The innermost scope this thread or task is in."""
    return _current.get()


class CallScope:
    """A permit for one tool call. `with` and `async with`, once.

    When the block begins, policy has decided and the event is durable. When it ends, how it went has been reported:
    "ok", or by the exception, which goes on unchanged. An outcome that cannot be reported is logged as a warning.
    Mint below every retry loop, one token for each attempt on the wire. Threads may mint from one scope.
    """

    def __init__(
        self,
        tool: str,
        arguments: dict[str, Any],
        *,
        said: Mapping[str, str | None],
        parent: CallScope | str | None,
        client: Asks | None,
        subject: SecretToken | None = None,
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        """128 random bits; names this scope in this process and is no secret."""
        self.tool = tool
        self.arguments = arguments
        """A copy, as the token is bound to them."""
        self.txn = ""
        self.grant = ""
        self.attempts = 0
        """How many tokens were handed out."""
        self.last_jti: str | None = None
        self.server = said.get("server")
        self._said = {name: value for name, value in said.items() if value is not None}
        self._parent = parent
        self._subject = subject
        self._client: Asks | None = client
        self._state = "new"
        self._left = False
        self._pid = 0
        self._began = 0.0
        self._first: list[SecretToken] = []
        self._marked: tuple[str, str | None] | None = None
        self._receipt: Mapping[str, Any] | None = None
        self._around: CallScope | None = None

    def __repr__(self) -> str:
        return f"CallScope(tool={self.tool!r}, txn={self.txn!r}, {self._state})"

    @staticmethod
    def by_id(id: str) -> CallScope | None:
        """The scope of that id, while it is open in this process."""
        return _live.get(id)

    # -- entering -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> CallScope:
        self._begin()
        with self._blamed():
            drive(self._asks(), self._open())
        return self._entered()

    async def __aenter__(self) -> CallScope:
        self._begin()
        with self._blamed():
            await adrive(self._asks().aio(), self._open())
        return self._entered()

    def _begin(self) -> None:
        if self._state != "new":
            raise RuntimeError("a call scope is entered once; open a new one for another call")
        self._state = "entering"
        self._began = time.monotonic()

    def _open(self) -> Steps[None]:
        # Named here, so that the call of an answer that got lost is found again and not opened twice.
        body = {"tool": self.tool, "arguments": self.arguments, "open_id": secrets.token_urlsafe(16), **self._said}
        if parent := self._parent_txn():
            body["parent_txn"] = parent
        if self._subject is not None:
            body["subject_token"] = self._subject.reveal()
        if traceparent := otel.traceparent():
            body["traceparent"] = traceparent
        answer = yield from ask_twice(Request("/v1/calls", body))
        self.txn = member(answer, "txn", str, "open")
        self.grant = member(answer, "grant", str, "open")
        if self.server is not None:
            self._first.append(_token_of(answer, "open"))

    def _parent_txn(self) -> str | None:
        parent = self._parent if self._parent is not None else _current.get()
        return parent.txn if isinstance(parent, CallScope) else parent

    def _entered(self) -> CallScope:
        self._state = "open"
        self._pid = os.getpid()
        _live[self.id] = self
        self._around = _current.get()
        _current.set(self)
        otel.annotate(txn=self.txn)
        return self

    # -- tokens -------------------------------------------------------------------------------------------------------

    def mint(self, server: str, *, tool: str | None = None, arguments: Mapping[str, Any] | None = None) -> SecretToken:
        """A token for one attempt at this server. It takes the place of an unredeemed one before it.

        `tool` and `arguments` are those on the wire, where they differ from the scope's; the first mint settles them.
        """
        with self._blamed():
            return self._minted(drive(self._asks(), self._mint(server, tool, arguments)))

    async def amint(
        self, server: str, *, tool: str | None = None, arguments: Mapping[str, Any] | None = None
    ) -> SecretToken:
        """`mint` for coroutines."""
        with self._blamed():
            return self._minted(await adrive(self._asks().aio(), self._mint(server, tool, arguments)))

    def headers(self, server: str) -> dict[str, str]:
        """A fresh token as the HTTP header that carries it."""
        return {"Authorization": f"Bearer {self.mint(server).reveal()}"}

    async def aheaders(self, server: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {(await self.amint(server)).reveal()}"}

    def meta(self, server: str) -> dict[str, str]:
        """A fresh token as the member of an MCP request's `_meta` that carries it."""
        return {TOKEN_MEMBER: self.mint(server).reveal()}

    async def ameta(self, server: str) -> dict[str, str]:
        return {TOKEN_MEMBER: (await self.amint(server)).reveal()}

    def _mint(self, server: str, tool: str | None, arguments: Mapping[str, Any] | None) -> Steps[SecretToken]:
        if self._left or self._state == "over":
            raise Denied("unknown_call", "the call is over; open a new one", txn=self.txn)
        if self._state != "open":
            raise RuntimeError("enter the call scope before minting")
        name = self.tool if tool is None else tool
        bound = self.arguments if arguments is None else plain(arguments, name)
        if server == self.server and name == self.tool and _text(bound) == _text(self.arguments):
            try:
                return self._first.pop()  # one step, so that of several threads one gets it
            except IndexError:
                pass
        body = {"server": server, "tool": name, "arguments": bound}
        answer = yield Request(f"/v1/calls/{self.txn}/tokens", body)
        self._first.clear()  # superseded
        return _token_of(answer, "mint")

    def _minted(self, token: SecretToken) -> SecretToken:
        self.attempts = max(self.attempts, token.attempt)
        self.last_jti = token.jti
        otel.annotate(jti=token.jti)
        return token

    # -- outcomes -----------------------------------------------------------------------------------------------------

    def receipt(self, receipt: Mapping[str, Any]) -> None:
        """Keeps what the result's `_meta["dev.jeton/receipt"]` carried; it goes back with the outcome."""
        self._receipt = dict(receipt)

    def fail(self, outcome: str = "tool_error", detail: str | None = None) -> None:
        """Marks how the call went, where it failed without an exception: an error *result*."""
        self._marked = _checked(outcome, detail)

    def finish(self, outcome: str = "ok", detail: str | None = None, receipt: Mapping[str, Any] | None = None) -> None:
        """Reports now, durably. The first report counts, and leaving the scope then reports nothing more."""
        with self._blamed():
            drive(self._asks(), self._finish(outcome, detail, receipt))

    async def afinish(
        self, outcome: str = "ok", detail: str | None = None, receipt: Mapping[str, Any] | None = None
    ) -> None:
        """`finish` for coroutines."""
        with self._blamed():
            await adrive(self._asks().aio(), self._finish(outcome, detail, receipt))

    def _finish(self, outcome: str, detail: str | None, receipt: Mapping[str, Any] | None = None) -> Steps[None]:
        _checked(outcome, detail)
        if self._state != "open":
            return
        # Of several threads, and of an exit after an explicit report, one reports. It opens again if nobody heard.
        self._state = "over"
        body: dict[str, Any] = {
            "outcome": outcome,
            "duration_ms": max(0, round((time.monotonic() - self._began) * 1000)),
        }
        if detail is not None:
            body["detail"] = detail
        if (sent := self._receipt if receipt is None else receipt) is not None:
            body["receipt"] = dict(sent)
        try:
            yield from ask_twice(Request(f"/v1/calls/{self.txn}/outcome", body))
        except BaseException:
            self._state = "open"
            raise
        otel.annotate(outcome=outcome)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        if self._state != "open" or self._pid != os.getpid():
            return
        try:
            drive(self._asks(), self._finish(*self._outcome(error)))
        except JetonError as unreported:
            self._unreported(unreported.code)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()
        if self._state != "open" or self._pid != os.getpid():
            return
        from .reporting import finish_in_any_case

        try:
            await finish_in_any_case(adrive(self._asks().aio(), self._finish(*self._outcome(error))), self._unreported)
        except BaseException:
            # Cancelled while reporting, which goes on by itself. It must not take the place of the tool's exception.
            if error is None:
                raise

    def _leave(self) -> None:
        self._left = True
        _live.pop(self.id, None)
        around, self._around = self._around, None
        scope = _current.get()
        if scope is self:
            _current.set(around)
        # Left in another order than entered: whoever is inside goes back to what is around us. In another context than
        # it was entered in, as a generator's cleanup may be, there is nothing of ours to change.
        while scope is not None:
            if scope._around is self:
                scope._around = around
            scope = scope._around

    def _outcome(self, error: BaseException | None) -> tuple[str, str | None]:
        if error is None:
            return self._marked or ("ok", None)
        if isinstance(error, JetonError):
            return ("transport_error" if isinstance(error, Unavailable) else "tool_error"), error.code
        name = type(error).__name__
        # CancelledError, KeyboardInterrupt, GeneratorExit, SystemExit and other loops' cancellations are no Exception.
        outcome = "tool_error" if isinstance(error, Exception) else "cancelled"
        return outcome, name if _DETAIL.fullmatch(name) else None

    def _unreported(self, code: str) -> None:
        _log.warning("the outcome of call %s of %r was not reported: %s", self.txn, self.tool, code)

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _asks(self) -> Asks:
        if self._client is None:
            self._client = default_client()
        return self._client

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Names the tool in every refusal."""
        try:
            yield
        except JetonError as error:
            if error.tool is None:
                error.tool = self.tool
            raise


def _checked(outcome: str, detail: str | None) -> tuple[str, str | None]:
    if outcome not in OUTCOMES:
        raise ValueError(f"an outcome is one of {', '.join(sorted(OUTCOMES))}")
    if detail is not None and not _DETAIL.fullmatch(detail):
        raise ValueError("a detail is a code: 1 to 64 letters, digits and _ . : -")
    return outcome, detail


def _text(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True)


def _token_of(answer: dict[str, Any], verb: str) -> SecretToken:
    return SecretToken(
        member(answer, "token", str, verb),
        jti=member(answer, "jti", str, verb),
        attempt=member(answer, "attempt", int, verb),
        expires_at=member(answer, "expires_at", int, verb),
        previous=member(answer, "previous", str, verb),
        log_index=member(answer, "log_index", int, verb),
    )
