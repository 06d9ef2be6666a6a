"""Taking back: what is live ends now, in memory first, so that no log that fails keeps a token alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .call import Call
from .controls import RUNS_PER_AGENT_MAX
from .exchange import Exchange
from .ledger import Event
from .minted import Minted
from .refusal import Refused
from .requests import Revoke, Switch
from .roles import Caller


class _Ended(NamedTuple):
    """How many tokens a request ended, and the event that stands where it ordered none."""

    tokens: int = 0
    standing: int | None = None


class _Revoker:
    """Who takes back: an operator anything, an agent its own."""

    def __init__(self, exchange: Exchange, caller: Caller) -> None:
        self.exchange = exchange
        self.caller = caller
        self.name = None if caller.door.operator else exchange.agent_of(caller)
        self.agent = None if self.name is None else exchange.roles.spiffe_id(self.name)

    def owns(self, agent: str) -> bool:
        return self.agent is None or self.agent == agent

    def order(self, **members: Any) -> None:
        role = "operator" if self.agent is None else "agent"
        self.exchange.controls.order(self.exchange.event("token.revoked", role, self.caller, **members))

    def end_live(self, wanted: Callable[[Minted], bool]) -> int:
        minted = self.exchange.minted
        tokens = minted.live(self.exchange.clock.boot_us(), wanted)
        for jti in tokens:
            token = minted.find(jti)
            assert token is not None
            self.order(txn=token.txn, jti=jti, agent=token.agent)
            minted.revoke(jti)
        return len(tokens)


def revoke(exchange: Exchange, caller: Caller, request: Revoke) -> dict[str, Any]:
    """POST /v1/revoke."""
    # A story stays clean of those whose it is not.
    about: Event = {"txn": request.txn, "jti": request.jti} if caller.door.operator else {}
    with exchange.refusals(caller, "revoke", about):
        by = _Revoker(exchange, caller)
        if request.jti is not None:
            ended = _end_token(by, request.jti)
        elif request.txn is not None:
            ended = _end_call(by, request.txn)
        elif request.run_id is not None:
            ended = _end_run(by, request.run_id)
        else:
            ended = _end_agent(by, request.agent or "")
        last = exchange.controls.write(exchange.ledger)
        index = ended.standing if last is None else last
        return {"revoked": ended.tokens} | ({} if index is None else {"log_index": index})


def switch(exchange: Exchange, caller: Caller, request: Switch) -> dict[str, Any]:
    """POST /v1/agents/{name}/disable and /enable."""
    with exchange.refusals(caller, "disable" if request.disable else "enable", {}):
        if not caller.door.operator:
            if exchange.roles.knows(caller):
                raise Refused("wrong_role", "only an operator may disable and enable agents")
            raise Refused("unknown_agent", f"uid {caller.uid} is no operator")
        controls, agent = exchange.controls, exchange.roles.spiffe_id(request.agent)
        # Who was disabled and then taken out of the configuration can still be enabled.
        if request.agent not in exchange.roles.agents and not controls.is_disabled(agent):
            raise _no_such_agent(request.agent)
        stands = controls.is_disabled(agent) == request.disable
        if not stands or not (request.disable or controls.was_switched(agent)):
            kind = "agent.disabled" if request.disable else "agent.enabled"
            controls.order(exchange.event(kind, "operator", caller, agent=agent))
        if request.disable:
            _Revoker(exchange, caller).end_live(lambda token: token.agent == agent)
        controls.write(exchange.ledger)
        return {"log_index": controls.switched_at(agent)}


def _end_token(by: _Revoker, jti: str) -> _Ended:
    ledger, token = by.exchange.ledger, by.exchange.minted.find(jti)
    if token is None:
        # Expired and forgotten, or never ours: either way nobody can redeem it.
        if (spent := ledger.spent(jti)) is None:
            return _Ended()
        if not by.owns(spent["agent"]):
            raise _no_such_call()
        return _Ended(standing=spent["log_index"])
    if not by.owns(token.agent):
        raise _no_such_call()
    if token.state != "live" or by.exchange.clock.boot_us() >= token.deadline_us:
        about = [
            e["log_index"] for e in ledger.story(token.txn) if e.get("jti") == jti and e["event"] != "call.outcome"
        ]
        return _Ended(standing=about[-1] if about else None)
    by.order(txn=token.txn, jti=jti, agent=token.agent)
    by.exchange.minted.revoke(jti)
    return _Ended(1)


def _end_call(by: _Revoker, txn: str) -> _Ended:
    call = Call.of(by.exchange.ledger.story(txn))
    if call is None or not by.owns(call.opening["agent"]):
        raise _no_such_call()
    tokens = by.end_live(lambda token: token.txn == txn)
    if call.revocation is not None:
        return _Ended(tokens, call.revocation["log_index"])
    if not by.exchange.controls.is_closing(txn):
        by.order(txn=txn, agent=call.opening["agent"])
    return _Ended(tokens)


def _end_run(by: _Revoker, run_id: str) -> _Ended:
    controls, scope = by.exchange.controls, by.agent or ""
    closed = controls.is_run_revoked(scope, run_id)
    if not closed and by.agent is not None and controls.runs_of(scope) >= RUNS_PER_AGENT_MAX:
        raise Refused("rate_limited", f"agent {by.name} has revoked {RUNS_PER_AGENT_MAX} runs; ask an operator")
    tokens = by.end_live(lambda token: token.run_id == run_id and by.owns(token.agent))
    if closed:
        return _Ended(tokens, controls.run_revoked_at(scope, run_id))
    by.order(run_id=run_id, **({} if by.agent is None else {"agent": by.agent}))
    return _Ended(tokens)


def _end_agent(by: _Revoker, name: str) -> _Ended:
    if by.name is not None and by.name != name:
        raise Refused("wrong_role", "an agent may revoke its own tokens; only an operator those of others")
    if name not in by.exchange.roles.agents:
        raise _no_such_agent(name)
    agent = by.exchange.roles.spiffe_id(name)
    return _Ended(by.end_live(lambda token: token.agent == agent))


def _no_such_call() -> Refused:
    return Refused("unknown_call", "no call of yours has this id; see jeton log calls")


def _no_such_agent(name: str) -> Refused:
    return Refused("unknown_agent", f"no agent is named {name}; only whom the configuration names has tokens")
