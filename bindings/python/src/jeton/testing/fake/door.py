"""The local door of a fake: from a request to the exchange and back, with the protocol's paths, codes and orders."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from ... import __version__
from .bodies import Body
from .exchange import Exchange
from .finishing import finish_call
from .minting import mint_token, open_call
from .redeeming import redeem_token
from .refusal import Refused
from .requests import Switch, agent_of, read_finish, read_mint, read_open, read_redeem, read_revoke, txn_of
from .revoking import revoke, switch
from .roles import Caller
from .wire import Request, Response

_STRANGERS_BODY_BYTES = 64 * 1024
_MEMORY_ONLY = (
    "in memory only: it holds now and its event is the first that is written when the log works again; "
    "ask again after a restart before that"
)
_log = logging.getLogger("jeton.testing")
Work = Callable[[], dict[str, Any]]
_GET = ("/v1/jwks", "/v1/status")
_POST = ("/v1/calls", "/v1/redeem", "/v1/revoke")
_POST_OF_ONE = re.compile("/v1/calls/[^/]+/(tokens|outcome)|/v1/agents/[^/]+/(disable|enable)")


def _method_of(target: str) -> str | None:
    """The method that a path takes; None: there is no such path."""
    if target in _POST or _POST_OF_ONE.fullmatch(target):
        return "POST"
    return "GET" if target in _GET else None


class LocalDoor:
    """Answers one request at a time. `log_unavailable` is the fault a test can switch on."""

    def __init__(self, exchange: Exchange, limits: dict[str, int]) -> None:
        self.exchange = exchange
        self.limits = limits
        self.log_unavailable = False

    def answer(self, request: Request | Refused, caller: Caller) -> Response:
        try:
            self.exchange.keep_house(writable=not self.log_unavailable)
            if isinstance(request, Refused):
                return self._write(lambda: self._refuse(caller, "request", request))
            return self._answer_from_memory(request, caller) or self._route(request, caller)
        except Refused as refused:
            return Response(*refused.problem(), allow=refused.allow)
        except Exception:
            _log.exception("the fake sidecar met a mistake: its own, or of a grant's `when`")
            return Response(*Refused("internal", "the fake met a mistake; nothing was granted; see the log").problem())

    def _answer_from_memory(self, request: Request, caller: Caller) -> Response | None:
        if request.method != "GET" or request.body:
            return None
        if request.target == "/v1/jwks":
            return Response(200, self.exchange.keyring.jwks, may_cache=True)
        return Response(200, self._status(caller)) if request.target == "/v1/status" else None

    def _route(self, request: Request, caller: Caller) -> Response:
        roles, target = self.exchange.roles, request.target
        may_redeem = target == "/v1/redeem" and roles.has_open_server()
        if len(request.body) > _STRANGERS_BODY_BYTES and not may_redeem and not roles.knows(caller):
            stranger = Refused("unknown_agent", f"uid {caller.uid} matches no agent, server or operator")
            return self._write(lambda: self._refuse(caller, "request", stranger))
        step = target.removeprefix("/v1/calls/").split("/", 1) if target.startswith("/v1/calls/") else []
        switched = (
            target.removeprefix("/v1/agents/").rpartition("/") if target.startswith("/v1/agents/") else ("", "", "")
        )
        if request.method != "POST":
            pass
        elif target == "/v1/calls":
            return self._write(lambda: self._open(request.body, caller))
        elif target == "/v1/redeem":
            return self._write(lambda: self._redeem(request.body, caller))
        elif step[1:] == ["tokens"]:
            return self._write(lambda: self._mint(request.body, caller, step[0]))
        elif step[1:] == ["outcome"]:
            return self._write(lambda: self._finish(request.body, caller, step[0]))
        elif target == "/v1/revoke":
            return self._control(lambda: self._revoke(request.body, caller))
        elif switched[2] in ("disable", "enable"):
            return self._control(lambda: self._switch(request.body, caller, switched[0], switched[2]))
        nothing = Refused("bad_request", "no such request; see docs/protocol.md for the paths and their methods")
        method = _method_of(target)
        if method not in (None, request.method):
            allowed = "GET, HEAD" if method == "GET" else method
            nothing = Refused("bad_request", f"this path takes {allowed} and no other method")
            nothing.allow = allowed
        return self._write(lambda: self._refuse(caller, "request", nothing))

    def _write(self, work: Work) -> Response:
        return Response(200, self.exchange.transact(work, writable=not self.log_unavailable))

    def _control(self, work: Work) -> Response:
        """Revoke, disable and enable hold even when the log does not take them."""
        decided = False

        def decide() -> dict[str, Any]:
            nonlocal decided
            answer = work()
            decided = True
            return answer

        try:
            return self._write(decide)
        except Refused as refused:
            if decided and refused.code == "log_unavailable":
                raise Refused("log_unavailable", _MEMORY_ONLY) from None
            raise

    def _refuse(self, caller: Caller, verb: str, refused: Refused) -> dict[str, Any]:
        with self.exchange.refusals(caller, verb, {}):
            raise refused

    def _body(self, text: bytes) -> Body:
        return Body(text, self.limits["arguments_bytes"])

    def _open(self, text: bytes, caller: Caller) -> dict[str, Any]:
        with self.exchange.refusals(caller, "open", {}):
            request = read_open(self._body(text))
        return open_call(self.exchange, caller, request)

    def _mint(self, text: bytes, caller: Caller, txn: str) -> dict[str, Any]:
        with self.exchange.refusals(caller, "mint", {}):
            id = txn_of(txn)
            request = read_mint(self._body(text), id)
        return mint_token(self.exchange, caller, request)

    def _redeem(self, text: bytes, caller: Caller) -> dict[str, Any]:
        with self.exchange.refusals(caller, "redeem", {}):
            request = read_redeem(self._body(text))
        return redeem_token(self.exchange, caller, request)

    def _finish(self, text: bytes, caller: Caller, txn: str) -> dict[str, Any]:
        with self.exchange.refusals(caller, "finish", {}):
            id = txn_of(txn)
            request = read_finish(self._body(text), id)
        return finish_call(self.exchange, caller, request)

    def _revoke(self, text: bytes, caller: Caller) -> dict[str, Any]:
        with self.exchange.refusals(caller, "revoke", {}):
            request = read_revoke(self._body(text))
        return revoke(self.exchange, caller, request)

    def _switch(self, text: bytes, caller: Caller, agent: str, verb: str) -> dict[str, Any]:
        with self.exchange.refusals(caller, verb, {}):
            request = Switch(agent_of(agent), verb == "disable")
            self._body(text or b"{}").done()
        return switch(self.exchange, caller, request)

    def _status(self, caller: Caller) -> dict[str, Any]:
        exchange, roles = self.exchange, self.exchange.roles
        servers = (roles.servers or {}).values()
        status: dict[str, Any] = {
            "version": __version__,
            "issuer": exchange.issuer,
            "dev": roles.servers is None,
            "durability": "normal",
            "keys": exchange.keyring.kids(),
            "log": {"size": len(exchange.ledger.events), "origin": f"{roles.trust_domain}/jeton/{exchange.ledger.id}"},
            "roles": roles.names_of(caller),
        }
        if not caller.door.operator:
            return status
        return {
            **status,
            "trust_domain": roles.trust_domain,
            "algorithms": {"EdDSA": True},
            "memory_locked": False,
            "memory_not_locked": [],
            "log_key": "none: the log of a fake is in memory",
            "checkpoint_places": [],
            "peer_pinning": "none",
            "self_redeemed_servers": [server.url for server in servers if server.anyone],
            "offline_servers": [server.url for server in servers if server.offline],
            "reserve_bytes": 0,
            "limits": self.limits,
            "disabled_agents": exchange.controls.disabled(),
            "events_in_memory_only": len(exchange.controls.waiting),
        }
