"""What callers ask of a fake, as values; read from bodies in the order the real one reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

from .bodies import OUTCOMES, Binding, Body, is_detail, is_id128, is_log_id, is_server_name, is_traceparent
from .refusal import Refused


@dataclass(frozen=True)
class Open:
    server: str | None
    call: Binding
    open_id: str | None
    said: dict[str, str | None] = field(default_factory=dict)
    """What it says about itself, for the event."""


@dataclass(frozen=True)
class Mint:
    txn: str
    server: str
    call: Binding


@dataclass(frozen=True)
class Redeem:
    token: str = field(repr=False)
    server: str
    call: Binding
    redemption_id: str = field(repr=False)


@dataclass(frozen=True)
class Finish:
    txn: str
    jti: str | None
    outcome: str
    detail: str | None
    duration_ms: int | None
    receipt: tuple[str, int, int] | None


@dataclass(frozen=True)
class Revoke:
    """Exactly one of these."""

    jti: str | None = None
    txn: str | None = None
    run_id: str | None = None
    agent: str | None = None


@dataclass(frozen=True)
class Switch:
    agent: str
    disable: bool


def read_open(body: Body) -> Open:
    server = body.optional("server", is_server_name, "an http(s) URL or mcp:stdio:<name>")
    call = body.binding()
    open_id = body.id("open_id")
    said = {name: body.id(name) for name in ("call_id", "run_id", "session_id")}
    said["parent_txn"] = body.id128("parent_txn")
    said["traceparent"] = body.optional("traceparent", is_traceparent, "a W3C traceparent")
    said.update({name: body.id(name) for name in ("framework", "agent_label")})
    subject = body.optional("subject_token", bool, "a token")
    body.done()
    if subject is not None:
        raise Refused("wrong_issuer" if subject.count(".") == 2 else "bad_token", "a fake believes no other issuer")
    return Open(server, call, open_id, said)


def read_mint(body: Body, txn: str) -> Mint:
    request = Mint(txn, body.server(), body.binding())
    body.done()
    return request


def read_redeem(body: Body) -> Redeem:
    token = body.text("token", bool, "a token")
    server, call = body.server(), body.binding()
    redemption_id = body.text("redemption_id", is_log_id, "128 random bits, made for this redemption")
    body.done()
    return Redeem(token, server, call, redemption_id)


def read_finish(body: Body, txn: str) -> Finish:
    jti = body.id128("jti")
    outcome = body.text("outcome", OUTCOMES.__contains__, f"{', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}")
    detail = body.optional("detail", is_detail, "a code: 1 to 64 of letters, digits and _.:-")
    duration_ms = body.count("duration_ms")
    receipt = body.receipt()
    body.done()
    return Finish(txn, jti, outcome, detail, duration_ms, receipt)


def read_revoke(body: Body) -> Revoke:
    request = Revoke(body.id128("jti"), body.id128("txn"), body.id("run_id"), body.id("agent"))
    body.done()
    if len(body.members) != 1:
        raise Refused("bad_request", 'exactly one of "jti", "txn", "run_id" and "agent" is needed')
    return request


def txn_of(text: str) -> str:
    """The txn of a path."""
    if not is_id128(text):
        raise Refused("bad_request", "a txn is 22 characters of base64url")
    return text


def agent_of(text: str) -> str:
    """The agent's name of a path."""
    if not is_log_id(text):
        raise Refused("bad_request", "an agent's name is 1 to 128 characters of [!-~]")
    return text
