"""Opening a call and minting its attempts: decided anew each time, one live token at most, event before token."""

from __future__ import annotations

import base64
import os
from typing import Any

from .bodies import Binding
from .call import Call
from .clock import US
from .exchange import Exchange
from .grants import Grant, Question, decide
from .keys import token_sha256
from .ledger import Event, escape_for_log
from .minted import Minted
from .refusal import Refused
from .requests import Mint, Open
from .roles import Caller

_TOKEN_BYTES_MAX = 8 * 1024
Answer = dict[str, Any]


def open_call(exchange: Exchange, caller: Caller, request: Open) -> Answer:
    """POST /v1/calls."""
    about: Event = {
        "server": request.server,
        "tool": escape_for_log(request.call.tool),
        "call_id": request.said.get("call_id"),
    }
    with exchange.refusals(caller, "open", about):
        agent = _active(exchange, caller)
        spiffe_id = exchange.roles.spiffe_id(agent)
        txn = random_id() if request.open_id is None else exchange.ledger.txn_of(spiffe_id, request.open_id)
        known = Call.of(exchange.ledger.story(txn))
        if known is not None:
            about["txn"] = txn
            return _open_again(exchange, caller, agent, request, txn, known)
        if exchange.controls.is_run_revoked(spiffe_id, request.said.get("run_id")):
            raise Refused("revoked", "this run was revoked; begin another one")
        if request.server is not None:
            return _opened(_mint(exchange, caller, agent, txn, None, request.server, request.call, request.said))
        grant = decide(exchange.grants, Question(agent, None, request.call.tool, request.call.arguments))
        if grant.rate_per_min and not exchange.opening_rate.take(agent, grant.name, grant.rate_per_min):
            raise Refused("rate_limited", f'grant "{grant.name}" allows {grant.rate_per_min} calls a minute')
        index = exchange.ledger.append(
            exchange.event(
                "call.opened",
                "agent",
                caller,
                txn=txn,
                agent=spiffe_id,
                tool=escape_for_log(request.call.tool),
                grant=grant.name,
                args_mac=exchange.ledger.args_mac(txn, request.call.digest),
                **request.said,
            )
        )
        return _provisional(txn, grant, index)


def mint_token(exchange: Exchange, caller: Caller, request: Mint) -> Answer:
    """POST /v1/calls/{txn}/tokens."""
    about: Event = {"server": request.server, "tool": escape_for_log(request.call.tool)}
    with exchange.refusals(caller, "mint", about):
        agent = _active(exchange, caller)
        call = Call.of(exchange.ledger.story(request.txn))
        own = call is not None and call.opening["agent"] == exchange.roles.spiffe_id(agent)
        if own:
            about["txn"] = request.txn
        if call is None or not own or call.openers_outcome is not None:
            raise Refused("unknown_call", "no open call of this agent has this txn; open a new one")
        _check_not_revoked(exchange, call)
        answer = _mint(exchange, caller, agent, request.txn, call, request.server, request.call, {})
        del answer["grant"]
        return answer


def _open_again(exchange: Exchange, caller: Caller, agent: str, request: Open, txn: str, call: Call) -> Answer:
    opening = call.opening
    same = opening["tool"] == escape_for_log(request.call.tool)
    same = same and opening["args_mac"] == exchange.ledger.args_mac(txn, request.call.digest)
    if not same or (request.server and opening.get("server", request.server) != request.server):
        raise Refused("call_mismatch", "this open_id was used for another server, tool or arguments; make a new one")
    if call.openers_outcome is not None:
        raise Refused("unknown_call", "this call is over: its outcome was reported; open a new one")
    _check_not_revoked(exchange, call)
    if request.server is not None:
        return _opened(_mint(exchange, caller, agent, txn, call, request.server, request.call, request.said))
    grant = decide(exchange.grants, Question(agent, None, request.call.tool, request.call.arguments))
    return _provisional(txn, grant, opening["log_index"])


def _mint(
    exchange: Exchange,
    caller: Caller,
    agent: str,
    txn: str,
    call: Call | None,
    server: str,
    binding: Binding,
    said: dict[str, str | None],
) -> Answer:
    grant = _permit(exchange, agent, txn, call, server, binding)
    if grant.rate_per_min and not exchange.minting_rate.take(agent, grant.name, grant.rate_per_min):
        raise Refused("rate_limited", f'grant "{grant.name}" allows {grant.rate_per_min} tokens a minute')
    spiffe_id, jti = exchange.roles.spiffe_id(agent), random_id()
    issued_at = exchange.clock.wall_us() // US
    opening = call.opening if call is not None else said
    detail = {
        "type": "jeton_tool_call",
        "locations": [server],
        "actions": ["tools/call"],
        "identifier": binding.tool,
        "args_digest": binding.digest,
        "attempt": 1 + (len(call.attempts) if call else 0),
    }
    if (call_id := (said or opening).get("call_id")) is not None:
        detail["call_id"] = call_id
    claims = {"iss": exchange.issuer, "aud": server, "sub": spiffe_id, "client_id": spiffe_id}
    token = exchange.keyring.sign(
        {
            **claims,
            "iat": issued_at,
            "exp": issued_at + grant.ttl_s,
            "jti": jti,
            "txn": txn,
            "authorization_details": [detail],
        }
    )
    if len(token) > _TOKEN_BYTES_MAX:
        raise Refused("bad_request", "the names of server, tool and call make a token over 8 KiB; use shorter ones")
    previous = _supersede(exchange, caller, txn, spiffe_id, call)
    digest = token_sha256(token)
    index = exchange.ledger.append(
        exchange.event(
            "token.minted",
            "agent",
            caller,
            txn=txn,
            jti=jti,
            agent=spiffe_id,
            server=server,
            tool=escape_for_log(binding.tool),
            attempt=detail["attempt"],
            grant=grant.name,
            token_sha256=digest,
            args_mac=exchange.ledger.args_mac(txn, binding.digest),
            expires_at=issued_at + grant.ttl_s,
            previous=previous,
            **(said if call is None else {}),
        )
    )
    deadline = exchange.clock.boot_us() + grant.ttl_s * US
    exchange.minted.remember(jti, Minted(digest, deadline, txn, spiffe_id, opening.get("run_id")))
    return {
        "txn": txn,
        "token": token,
        "jti": jti,
        "attempt": detail["attempt"],
        "expires_at": issued_at + grant.ttl_s,
        "previous": previous,
        "log_index": index,
        "grant": grant.name,
    }


def _permit(exchange: Exchange, agent: str, txn: str, call: Call | None, server: str, binding: Binding) -> Grant:
    if exchange.roles.server_named(server) is None:
        raise Refused("unknown_server", f"{server} is not configured")
    grant = decide(exchange.grants, Question(agent, server, binding.tool, binding.arguments))
    if call is None or not call.attempts:
        return grant
    first = call.attempts[0].minted
    named = (server, escape_for_log(binding.tool), exchange.ledger.args_mac(txn, binding.digest))
    if (first["server"], first["tool"], first["args_mac"]) != named:
        raise Refused("call_mismatch", "an attempt of this call must name the server, tool and arguments of its first")
    if call.redemptions >= grant.max_redemptions:
        raise Refused(
            "too_many_attempts",
            f'this call was redeemed {call.redemptions} times, grant "{grant.name}" allows {grant.max_redemptions}',
        )
    if len(call.attempts) >= grant.max_attempts:
        raise Refused(
            "too_many_attempts",
            f'this call had {len(call.attempts)} attempts, grant "{grant.name}" allows {grant.max_attempts}',
        )
    return grant


def _supersede(exchange: Exchange, caller: Caller, txn: str, spiffe_id: str, call: Call | None) -> str:
    """What became of the attempt before; if it could still be redeemed, no longer."""
    if call is None or not call.attempts:
        return "none"
    last = call.attempts[-1]
    if last.state in ("redeemed", "reported", "revoked"):
        return "revoked" if last.state == "revoked" else "redeemed"
    jti = last.minted["jti"]
    token = exchange.minted.find(jti)
    # A token of before a restart can no longer be redeemed; by the wall clock it may still look alive to its holder.
    if token is not None:
        in_time = exchange.clock.boot_us() < token.deadline_us
    else:
        in_time = exchange.clock.wall_us() // US < last.minted["expires_at"]
    if not in_time:
        return "expired"
    exchange.ledger.append(exchange.event("token.superseded", "agent", caller, txn=txn, agent=spiffe_id, jti=jti))
    exchange.minted.end(jti)
    return "unredeemed"


def _active(exchange: Exchange, caller: Caller) -> str:
    agent = exchange.agent_of(caller)
    if exchange.controls.is_disabled(exchange.roles.spiffe_id(agent)):
        raise Refused("agent_disabled", f"agent {agent} is disabled; an operator may type  jeton agent enable {agent}")
    return agent


def _check_not_revoked(exchange: Exchange, call: Call) -> None:
    if call.revocation is not None:
        raise Refused("revoked", "this call was revoked; open a new one")
    if exchange.controls.is_run_revoked(call.opening["agent"], call.opening.get("run_id")):
        raise Refused("revoked", "this run was revoked; begin another one")


def _opened(minted: Answer) -> Answer:
    return {**minted, "decision": "permit", "provisional": False}


def _provisional(txn: str, grant: Grant, index: int) -> Answer:
    return {"txn": txn, "decision": "permit", "provisional": True, "grant": grant.name, "log_index": index}


def random_id() -> str:
    """128 random bits as 22 characters."""
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()
