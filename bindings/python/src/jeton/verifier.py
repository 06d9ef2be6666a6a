"""The tool server's side: verify everything about a token against what was really received, redeem it, then run."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import _native
from .arguments import dumps, plain
from .client import DEADLINE_S, Client
from .errors import BadToken, Denied, JetonError, Unavailable
from .scope import _checked
from .steps import Asks, Request, Steps, adrive, ask_twice, drive, member

_KEYS_GOOD_FOR_S = 60.0
_REFETCH_PAUSE_S = 1.0
#: Beyond this a broken token is not shown to the sidecar: the refusal is not worth the bytes.
_WORTH_REPORTING_BYTES = 64 * 1024


@dataclass(frozen=True)
class VerifiedCall:
    """A redeemed token: the right to run this call, now, with these arguments and no others."""

    txn: str
    jti: str
    agent: str
    client_id: str
    server: str
    tool: str
    arguments: dict[str, Any] = field(repr=False)
    attempt: int
    prior_redemptions: int
    """How often this call was redeemed before; more than 0 means that the tool may have run."""
    repeated: bool
    """This redemption was answered before: this server asked again."""
    redeemed_at: int
    log_index: int
    call_id: str | None
    redemption_id: str = field(repr=False)

    @property
    def receipt(self) -> dict[str, Any]:
        """What the result's `_meta["dev.jeton/receipt"]` carries."""
        return {"jti": self.jti, "redeemed_at": self.redeemed_at, "log_index": self.log_index}


_verified: ContextVar[VerifiedCall | None] = ContextVar("jeton_verified_call", default=None)


def current_verified_call() -> VerifiedCall | None:
    """The call a tool body runs for; None outside one."""
    return _verified.get()


@contextmanager
def running(call: VerifiedCall) -> Iterator[VerifiedCall]:
    """Makes `call` the current one, for whoever runs the tool."""
    before = _verified.set(call)
    try:
        yield call
    finally:
        _verified.reset(before)


class _Issuer(NamedTuple):
    name: str
    keys: _native.Keys
    fetched: float


class Verifier:
    """Checks tokens for one server name (an RFC 9728 resource, or `mcp:stdio:<name>`). For any number of threads and
    loops. Nothing is contacted before the first token; keys are fetched again when they are a minute old, or when a
    token names one that is not known, at most once a second."""

    def __init__(
        self,
        server: str,
        *,
        socket: str | None = None,
        deadline: float = DEADLINE_S,
        client: Asks | None = None,
    ) -> None:
        from .client import settings

        self.server = server
        self._client: Asks = client or Client(socket or settings().socket, deadline=deadline)
        self._issuer: _Issuer | None = None

    def __repr__(self) -> str:
        return f"Verifier({self.server!r})"

    def verify(self, token: str, tool: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
        """Everything but the spending; the claims. Never run a tool on this alone: the token may be spent."""
        return drive(self._client, self._verify(token, tool, arguments))

    async def averify(self, token: str, tool: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
        """`verify` for coroutines."""
        return await adrive(self._client.aio(), self._verify(token, tool, arguments))

    def redeem(
        self, token: str, tool: str, arguments: Mapping[str, Any] | None, *, redemption_id: str | None = None
    ) -> VerifiedCall:
        """Verifies here, then asks the sidecar, which verifies again and burns the token; both must agree.

        BadToken: do not run. Unavailable: nobody knows; ask again with the same `redemption_id`, which must be this
        server's own and never from the request. When this returns, the redemption is durable.
        """
        return drive(self._client, self._redeem(token, tool, arguments, redemption_id))

    async def aredeem(
        self, token: str, tool: str, arguments: Mapping[str, Any] | None, *, redemption_id: str | None = None
    ) -> VerifiedCall:
        """`redeem` for coroutines."""
        return await adrive(self._client.aio(), self._redeem(token, tool, arguments, redemption_id))

    def report(
        self, call: VerifiedCall, outcome: str = "ok", detail: str | None = None, duration_ms: int | None = None
    ) -> int:
        """How the tool went, durably. The index of its event; the first report counts."""
        return drive(self._client, self._report(call, outcome, detail, duration_ms))

    async def areport(
        self, call: VerifiedCall, outcome: str = "ok", detail: str | None = None, duration_ms: int | None = None
    ) -> int:
        """`report` for coroutines."""
        return await adrive(self._client.aio(), self._report(call, outcome, detail, duration_ms))

    # -- what is asked ------------------------------------------------------------------------------------------------

    def _verify(self, token: str, tool: str, arguments: Mapping[str, Any] | None) -> Steps[dict[str, Any]]:
        text = dumps(plain(arguments, tool))
        return (yield from self._check(token, tool, text, now=int(time.time())))

    def _redeem(
        self, token: str, tool: str, arguments: Mapping[str, Any] | None, redemption_id: str | None
    ) -> Steps[VerifiedCall]:
        values = plain(arguments, tool)
        text = dumps(values)
        claims: dict[str, Any] | None = None
        wrong: BadToken | None = None
        try:
            claims = yield from self._check(token, tool, text, now=None)
        except BadToken as error:
            wrong = error
            if not isinstance(token, str) or len(token) > _WORTH_REPORTING_BYTES:
                raise
        ours = redemption_id or secrets.token_urlsafe(16)
        body = {
            "token": token,
            "server": self.server,
            "tool": tool,
            "args_digest": _native.args_digest(tool, text),
            "redemption_id": ours,
        }
        try:
            # A token that failed here is shown all the same, so that the refusal is on record; it cannot burn.
            answer = yield from ask_twice(Request("/v1/redeem", body))
        except Denied as error:
            raise BadToken(error.code, error.message, txn=error.txn, log_index=error.log_index, tool=tool) from None
        except JetonError as error:
            if wrong is not None and error.code == "bad_request":
                raise wrong from None  # a text so far from a token that it cannot even be asked about
            error.tool = tool
            raise
        if wrong is not None and wrong.code == "unknown_key":
            # The sidecar burned it, so its key is there by now: a restart a moment ago must not cost the call.
            self._issuer = None
            claims = yield from self._check(token, tool, text, now=None)
        elif wrong is not None:
            raise wrong
        assert claims is not None
        return self._redeemed(claims, answer, values, ours)

    def _redeemed(
        self, claims: dict[str, Any], answer: dict[str, Any], arguments: dict[str, Any], redemption_id: str
    ) -> VerifiedCall:
        same = all(answer.get(name) == claims[name] for name in ("jti", "txn")) and answer.get("active") is True
        if not same:
            raise Unavailable("sidecar_unavailable", "the sidecar's answer to redeem is about another token")
        detail = claims["authorization_details"][0]
        return VerifiedCall(
            txn=claims["txn"],
            jti=claims["jti"],
            agent=claims["sub"],
            client_id=claims["client_id"],
            server=self.server,
            tool=detail["identifier"],
            arguments=arguments,
            attempt=member(answer, "attempt", int, "redeem"),
            prior_redemptions=member(answer, "prior_redemptions", int, "redeem"),
            repeated=member(answer, "repeated", bool, "redeem"),
            redeemed_at=member(answer, "redeemed_at", int, "redeem"),
            log_index=member(answer, "log_index", int, "redeem"),
            call_id=detail.get("call_id"),
            redemption_id=redemption_id,
        )

    def _report(self, call: VerifiedCall, outcome: str, detail: str | None, duration_ms: int | None) -> Steps[int]:
        _checked(outcome, detail)
        body: dict[str, Any] = {"jti": call.jti, "outcome": outcome}
        if detail is not None:
            body["detail"] = detail
        if duration_ms is not None:
            body["duration_ms"] = duration_ms
        answer = yield from ask_twice(Request(f"/v1/calls/{call.txn}/outcome", body))
        return member(answer, "log_index", int, "outcome")

    def _check(self, token: str, tool: str, arguments: bytes, now: int | None) -> Steps[dict[str, Any]]:
        if not isinstance(token, str):
            raise BadToken("bad_token", "the token is no text; send it as it was minted", tool=tool)
        try:
            kid = json.loads(_native.token_content(token))["kid"]
            issuer = yield from self._issuer_of(kid)
            claims: dict[str, Any] = json.loads(
                _native.token_verify(
                    token,
                    issuer.keys,
                    issuer=issuer.name,
                    server=self.server,
                    tool=tool,
                    arguments=arguments,
                    now=now,
                )
            )
        except JetonError as error:
            error.tool = tool
            raise
        return claims

    def _issuer_of(self, kid: str) -> Steps[_Issuer]:
        known = self._issuer
        if known is not None:
            good_for = _KEYS_GOOD_FOR_S if known.keys.has(kid) else _REFETCH_PAUSE_S
            if time.monotonic() - known.fetched < good_for:
                return known
        status = yield Request("/v1/status")
        jwks = yield Request("/v1/jwks")
        try:
            keys = _native.Keys(dumps(jwks))
        except JetonError as error:
            raise Unavailable("sidecar_unavailable", f"the sidecar's keys are unreadable: {error.message}") from None
        fresh = _Issuer(member(status, "issuer", str, "status"), keys, time.monotonic())
        self._issuer = fresh
        return fresh
