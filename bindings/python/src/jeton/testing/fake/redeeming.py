"""Redemption: verify before burn, at most once for ever, and the same answer for the same redeemer."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from ...errors import JetonError
from .call import Call
from .clock import US
from .exchange import Exchange
from .keys import token_sha256
from .ledger import Event, escape_for_log, redemption_key
from .refusal import Refused
from .requests import Redeem
from .roles import Caller, Server

_REPEAT_WINDOW_S = 600
Claims = dict[str, Any]


def redeem_token(exchange: Exchange, caller: Caller, request: Redeem) -> dict[str, Any]:
    """POST /v1/redeem. The order of the checks is the protocol's; nothing burns unless every one passed."""
    about: Event = {"server": request.server, "tool": escape_for_log(request.call.tool)}
    with exchange.refusals(caller, "redeem", about):
        kid, claims = _read(request.token)
        about["token_sha256"] = token_sha256(request.token)
        _check_genuine(exchange, request.token, kid, claims)
        detail = claims["authorization_details"][0]
        about.update(txn=claims["txn"], jti=claims["jti"], attempt=detail["attempt"])
        if claims["iss"] != exchange.issuer:
            raise Refused("wrong_issuer", "the token names another issuer")
        server = _server(exchange, caller, request.server)
        _check_meant_for(claims, request)
        key = redemption_key(request.redemption_id)
        if (first := exchange.ledger.spent(claims["jti"])) is not None:
            return _repeated(exchange, caller, request, claims, key, first, about)
        return _burn(exchange, caller, server, claims, key, about["token_sha256"])


def _read(token: str) -> tuple[str, Claims]:
    try:
        content = json.loads(_native.token_content(token))
    except JetonError as error:
        raise Refused(error.code, error.message) from None
    return content["kid"], content["claims"]


def _check_genuine(exchange: Exchange, token: str, kid: str, claims: Claims) -> None:
    """Known byte for byte, or signed by a key in use, or equal to a token spent before a restart."""
    digest = token_sha256(token)
    minted = exchange.minted.find(claims["jti"])
    if minted is not None and minted.sha256 == digest:
        return
    if exchange.keyring.has(kid):
        exchange.keyring.check_signature(token, claims)
        return
    spent = exchange.ledger.spent(claims["jti"])
    if spent is None or spent["token_sha256"] != digest:
        raise Refused("unknown_key", "no current key signed this token: the fake restarted; mint a new one")


def _server(exchange: Exchange, caller: Caller, url: str) -> Server:
    server = exchange.roles.server_named(url)
    if server is None:
        raise Refused("unknown_server", f"{url} is not configured")
    if not exchange.roles.may_act_for(server, caller):
        if not exchange.roles.knows(caller):
            raise Refused("unknown_agent", f"uid {caller.uid} matches no server and no agent")
        raise Refused("wrong_role", f"uid {caller.uid} may not act for this server")
    if server.offline:
        raise Refused("wrong_role", f"{url} verifies offline: redeem in its own store, and report the outcome here")
    return server


def _check_meant_for(claims: Claims, request: Redeem) -> None:
    detail = claims["authorization_details"][0]
    if claims["aud"] != request.server:
        raise Refused("wrong_audience", "the token is for another tool server")
    if detail["identifier"] != request.call.tool:
        raise Refused("wrong_tool", "the token is for another tool")
    if detail["args_digest"] != request.call.digest:
        raise Refused("args_mismatch", "the arguments are not those the token was minted for")


def _repeated(
    exchange: Exchange, caller: Caller, request: Redeem, claims: Claims, key: str, first: Event, about: Event
) -> dict[str, Any]:
    same = (first["redemption"], first["uid"], first["server"]) == (key, caller.uid, claims["aud"])
    same = same and first["token_sha256"] == token_sha256(request.token)
    if same and exchange.clock.wall_us() // US < claims["exp"] + _REPEAT_WINDOW_S:
        return _answer(claims, first["time_us"], first["prior_redemptions"], first["log_index"], repeated=True)
    about.update(cites=first["log_index"], first_uid=first["uid"], first_pid=first["pid"])
    raise Refused(
        "already_redeemed",
        f"already redeemed by uid {first['uid']} at {first['time_us'] // US}; "
        f"event {first['log_index']} has the evidence",
    )


def _burn(exchange: Exchange, caller: Caller, server: Server, claims: Claims, key: str, digest: str) -> dict[str, Any]:
    jti, detail = claims["jti"], claims["authorization_details"][0]
    call = Call.of(exchange.ledger.story(claims["txn"]))
    attempt = call.attempt_of(jti) if call is not None else None
    if call is None or attempt is None:
        raise Refused("unknown_key", "the log does not know this token; mint a new one")
    if attempt.state == "reported":
        raise Refused("already_redeemed", "already redeemed, as its server reported")
    token = exchange.minted.find(jti)
    if attempt.state == "revoked" or (token is not None and token.state == "revoked"):
        raise Refused("revoked", "this token was revoked")
    if attempt.state == "superseded":
        raise Refused("superseded", "a newer attempt of this call took this token's place")
    if token is None or exchange.clock.boot_us() >= token.deadline_us:
        raise Refused("expired", "this token has expired; mint a new one")
    event = exchange.event(
        "token.redeemed",
        "server",
        caller,
        txn=claims["txn"],
        jti=jti,
        agent=claims["client_id"],
        server=claims["aud"],
        tool=escape_for_log(detail["identifier"]),
        attempt=detail["attempt"],
        token_sha256=digest,
        redemption=key,
        prior_redemptions=call.redemptions,
        self_redeemed=server.anyone,
    )
    prior = call.redemptions
    index = exchange.ledger.append(event)
    exchange.minted.end(jti)
    return _answer(claims, event["time_us"], prior, index, repeated=False)


def _answer(claims: Claims, time_us: int, prior: int, log_index: int, *, repeated: bool) -> dict[str, Any]:
    """RFC 7662 section 2.2, and what only a redemption knows."""
    return {
        "active": True,
        "token_type": "Bearer",
        **claims,
        "redeemed_at": time_us // US,
        "attempt": claims["authorization_details"][0]["attempt"],
        "prior_redemptions": prior,
        "repeated": repeated,
        "log_index": log_index,
    }
