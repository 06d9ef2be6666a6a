"""A "no" on its way through the fake: a code, an operator's words, and what the answer says of it over HTTP."""

from __future__ import annotations

import functools
from typing import Any

HTTP_STATUS = {
    "bad_request": 400,
    "bad_arguments": 400,
    "unattested_peer": 401,
    "unknown_agent": 403,
    "agent_disabled": 403,
    "wrong_role": 403,
    "no_grant": 403,
    "denied_by_policy": 403,
    "unknown_server": 404,
    "unknown_call": 404,
    "internal": 500,
    "bad_token": 401,
    "bad_signature": 401,
    "unknown_key": 401,
    "wrong_issuer": 401,
    "expired": 401,
    "not_yet_valid": 401,
    "revoked": 401,
    "superseded": 401,
    "wrong_audience": 403,
    "wrong_tool": 403,
    "args_mismatch": 403,
    "already_redeemed": 409,
    "too_many_attempts": 409,
    "call_mismatch": 409,
    "rate_limited": 429,
    "overloaded": 503,
    "log_unavailable": 503,
}


class Refused(Exception):
    """What the exchange decides against. The door makes an answer of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.txn: str | None = None
        self.log_index: int | None = None
        self.allow: str | None = None
        """The methods that the path takes, where the request had another."""

    def problem(self) -> tuple[int, dict[str, Any]]:
        """Status and body (RFC 9457)."""
        status = HTTP_STATUS[self.code] if self.allow is None else 405
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": _sentences()[self.code],
            "status": status,
            "code": self.code,
            "detail": self.message,
        }
        if self.txn is not None:
            body["txn"] = self.txn
        if self.log_index is not None:
            body["log_index"] = self.log_index
        return status, body


@functools.cache
def _sentences() -> dict[str, str]:
    from ... import _native

    return _native.code_sentences()
