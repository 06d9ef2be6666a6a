"""What can go wrong, in one table: every code of the protocol and the exception it is raised as."""

from __future__ import annotations

from typing import Any


class JetonError(Exception):
    """A refusal or a failure, with the protocol's code.

    `str(e)` is safe for a model to read: it says nothing of grants, paths or servers. `e.message` has the operator's
    words. Neither holds a token, a key or an argument's value. Can be pickled.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        txn: str | None = None,
        log_index: int | None = None,
        tool: str | None = None,
        pointer: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.txn = txn
        self.log_index = log_index
        self.tool = tool
        self.pointer = pointer
        """JSON Pointer of the argument at fault; "" is all of them, None where it is not about one."""

    @property
    def model_message(self) -> str:
        """One sentence for a model."""
        return f"{self._subject()} was not authorised ({self.code})"

    def _subject(self) -> str:
        return f"the call of {self.tool}" if self.tool else "the call"

    def __str__(self) -> str:
        return self.model_message

    def __reduce__(self) -> tuple[Any, ...]:
        members = {"txn": self.txn, "log_index": self.log_index, "tool": self.tool, "pointer": self.pointer}
        return _rebuild, (type(self), self.code, self.message, members)


def _rebuild(kind: type[JetonError], code: str, message: str, members: dict[str, Any]) -> JetonError:
    return kind(code, message, **members)


class Denied(JetonError):
    """Policy or state said no. Asking again without a change gets the same answer."""


class Unavailable(JetonError):
    """Nobody could say: the sidecar, its log or its time were missing. What was asked for may or may not hold."""

    @property
    def model_message(self) -> str:
        return f"{self._subject()} could not be authorised now ({self.code})"


class BadArguments(JetonError):
    """The arguments have no unambiguous form to bind a token to; `pointer` names the member."""

    @property
    def model_message(self) -> str:
        where = f"{ascii(self.pointer)[1:-1][:200]} in " if self.pointer else ""
        of = f" of {self.tool}" if self.tool else ""
        return f"{where}the arguments{of} cannot be used as JSON ({self.code})"


class BadToken(JetonError):
    """A tool server's refusal: this token gives no right to run this call."""


#: code → exception. `revoked` is about a call when an agent asks, and about a token when a tool server redeems one:
#: the verifier raises BadToken for it, and for every other `Denied` of a redemption.
CLASSES: dict[str, type[JetonError]] = {
    "bad_request": JetonError,
    "bad_arguments": BadArguments,
    "unattested_peer": Denied,
    "unknown_agent": Denied,
    "agent_disabled": Denied,
    "wrong_role": Denied,
    "no_grant": Denied,
    "denied_by_policy": Denied,
    "unknown_server": Denied,
    "unknown_call": Denied,
    "internal": Unavailable,
    "bad_token": BadToken,
    "bad_signature": BadToken,
    "unknown_key": BadToken,
    "wrong_issuer": BadToken,
    "expired": BadToken,
    "not_yet_valid": BadToken,
    "revoked": Denied,
    "superseded": BadToken,
    "wrong_audience": BadToken,
    "wrong_tool": BadToken,
    "args_mismatch": BadToken,
    "already_redeemed": BadToken,
    "too_many_attempts": Denied,
    "call_mismatch": Denied,
    "rate_limited": Denied,
    "overloaded": Unavailable,
    "log_unavailable": Unavailable,
    "sidecar_unavailable": Unavailable,
}


def error_of(code: str, message: str = "", **members: Any) -> JetonError:
    """The exception of a code; a code that is not in the table is a plain JetonError."""
    return CLASSES.get(code, JetonError)(code, message, **members)


def unavailable(message: str) -> Unavailable:
    """No answer, or none that a sidecar would give."""
    return Unavailable("sidecar_unavailable", message)
