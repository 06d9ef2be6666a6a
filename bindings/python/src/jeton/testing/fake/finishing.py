"""How it went, as each side saw it: the first report of each counts, a different one is evidence."""

from __future__ import annotations

from typing import Any

from .call import Attempt, Call
from .clock import US
from .exchange import Exchange
from .ledger import Event
from .refusal import Refused
from .requests import Finish
from .roles import Caller, Server

_OUTCOMES_MAX = 32


def finish_call(exchange: Exchange, caller: Caller, request: Finish) -> dict[str, Any]:
    """POST /v1/calls/{txn}/outcome."""
    about: Event = {"jti": request.jti}
    with exchange.refusals(caller, "finish", about):
        call = Call.of(exchange.ledger.story(request.txn))
        agent = caller.door.agent
        is_opener = call is not None and agent is not None and call.opening["agent"] == exchange.roles.spiffe_id(agent)
        attempt = call.attempt_of(request.jti) if call is not None and request.jti is not None else None
        server = _reporting_server(exchange, attempt, caller) if attempt is not None else None
        if call is None or (not is_opener and server is None):
            raise _not_yours(exchange, caller, known=call is not None)
        about["txn"] = request.txn
        as_redeemer = server is not None and (not is_opener or request.receipt is None)
        event = exchange.event(
            "call.outcome",
            "server" if as_redeemer else "agent",
            caller,
            txn=request.txn,
            agent=call.opening["agent"],
            jti=request.jti,
            outcome=request.outcome,
            detail=request.detail,
            duration_ms=request.duration_ms,
            # Nobody redeemed it here: this is all the log hears of the redemption.
            server=server.url if as_redeemer and server and attempt and not attempt.redemption else None,
            receipt=_check_receipt(call, request.receipt),
        )
        return {"log_index": _report(exchange, call, event, as_redeemer)}


def _report(exchange: Exchange, call: Call, event: Event, as_redeemer: bool) -> int:
    names = ("role", "uid", "outcome", "detail", "duration_ms", "receipt", "jti")
    for earlier in call.outcomes:
        if all(earlier.get(name) == event[name] for name in names):
            return int(earlier["log_index"])
    same_side = [e for e in call.outcomes if e["role"] == event["role"]]
    if as_redeemer:
        same_side = [e for e in same_side if e.get("jti") == event["jti"]]
    if len(same_side) >= _OUTCOMES_MAX:
        raise Refused("rate_limited", "this call has too many contradicting outcomes")
    first = call.redeemers_outcome(event["jti"]) if as_redeemer else call.openers_outcome
    if first is not None:
        event["cites"] = first["log_index"]
    return exchange.ledger.append(event)


def _reporting_server(exchange: Exchange, attempt: Attempt, caller: Caller) -> Server | None:
    """Whose report it is: the account's that redeemed the token here, or any that acts for a server that is offline."""
    said = attempt.redemption or attempt.minted
    server = exchange.roles.server_named(said["server"])
    if server is None or not exchange.roles.may_act_for(server, caller):
        return None
    if attempt.redemption is None:
        return server if server.offline else None
    return server if attempt.redemption["uid"] == caller.uid else None


def _check_receipt(call: Call, receipt: tuple[str, int, int] | None) -> str | None:
    if receipt is None:
        return None
    jti, redeemed_at, log_index = receipt
    attempt = call.attempt_of(jti)
    redemption = attempt.redemption if attempt is not None else None
    same = redemption and (redemption["log_index"], redemption["time_us"] // US) == (log_index, redeemed_at)
    return "match" if same else "mismatch"


def _not_yours(exchange: Exchange, caller: Caller, *, known: bool) -> Refused:
    if caller.door.agent is None and not exchange.roles.knows(caller):
        return Refused("unknown_agent", f"uid {caller.uid} matches no agent and redeemed nothing of this call")
    if caller.door.agent is None and known:
        return Refused("wrong_role", "only the opener and the redeemer of this token may report")
    return Refused("unknown_call", "no call with this txn is yours to report")
