"""Tokens for tool servers that speak plain HTTP: auth objects for httpx, httpx2 and requests."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from .client import settings
from .errors import Denied
from .scope import CallScope, current_call

__all__ = ["CallAuth", "RequestsAuth"]

RECEIPT_HEADER = "jeton-receipt"
REFUSAL_HEADER = "jeton-refusal"
_PORTS = {"http": 80, "https": 443}


def _auth_bases() -> tuple[type, ...]:
    """The `Auth` of each of the two that is installed: both ask `isinstance`."""
    return tuple(import_module(name).Auth for name in ("httpx", "httpx2") if find_spec(name) is not None) or (object,)


class _Bound:
    """What both kinds of auth share: which server, which call, what came back."""

    def __init__(self, server: str) -> None:
        self.server = server
        place = urlsplit(server)
        if place.scheme not in _PORTS or not place.hostname:
            raise ValueError(f"{server!a} is no http or https URL of a tool server")
        self._place = place

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server!r})"

    def scope_for(self, url: str) -> CallScope | None:
        """The call around, or None where `configure(unscoped="pass")` lets a request go without a token.

        Denied outside any call, as a request does not say which tool it is for; and for a URL that is not under the
        server's, which gets no token.
        """
        if not _under(self._place, urlsplit(url)):
            raise Denied("unknown_server", f"the request is not for {self.server}; send it without this auth")
        scope = current_call()
        if scope is None and settings().unscoped != "pass":
            raise Denied("denied_by_policy", "this request is in no call scope; open one with jeton.call")
        return scope

    @staticmethod
    def note(scope: CallScope, headers: Mapping[str, str]) -> None:
        """Keeps the server's receipt for the outcome."""
        try:
            receipt = json.loads(headers.get(RECEIPT_HEADER, "null"))
        except ValueError:
            return  # not ours
        if isinstance(receipt, dict) and isinstance(receipt.get("jti"), str):
            scope.receipt({name: receipt[name] for name in ("jti", "redeemed_at", "log_index") if name in receipt})


class CallAuth(_Bound, *_auth_bases()):  # type: ignore[misc]
    """`httpx.Client(auth=jeton.CallAuth("https://crm.example/tools"))`, and the same for httpx2 and AsyncClient.

    A request inside a call scope carries a token for that scope's tool and arguments. What is bound is what
    `jeton.call` was given, never the request's body, path, query or headers: the server has to find the same tool and
    arguments in what it received, as `jeton.servers.asgi` does. Each request is an attempt with a token of its own. It
    goes only to URLs under the server's own. httpx takes the header off a redirect to another origin, and a redirect
    within the origin repeats the token, which a server takes once.

    A refusal `unknown_key`, as after a restart of the sidecar, is answered once with a fresh token, if the body can be
    sent again.
    """

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        scope = self.scope_for(str(request.url))
        if scope is None:
            yield request
            return
        request.headers.update(scope.headers(self.server))
        response = yield request
        if _again(request, response):
            request.headers.update(scope.headers(self.server))
            response = yield request
        self.note(scope, response.headers)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        scope = self.scope_for(str(request.url))
        if scope is None:
            yield request
            return
        request.headers.update(await scope.aheaders(self.server))
        response = yield request
        if _again(request, response):
            request.headers.update(await scope.aheaders(self.server))
            response = yield request
        self.note(scope, response.headers)


class RequestsAuth(_Bound):
    """`requests.post(url, auth=jeton.RequestsAuth("https://crm.example/tools"))`. Binds what `CallAuth` binds.

    A redirect to another place than the same URL is refused with Denied, as requests would take the token along within
    a host. A token that the server does not know, as after a restart of the sidecar, is not replaced here.
    """

    def __call__(self, request: Any) -> Any:
        scope = self.scope_for(str(request.url))
        if scope is None:
            return request
        request.headers.update(scope.headers(self.server))

        def heard(response: Any, **_: Any) -> Any:
            if response.is_redirect:
                raise Denied("unknown_server", "a redirect of a request with a call token is not followed")
            self.note(scope, response.headers)
            return response

        request.register_hook("response", heard)
        return request


def _again(request: Any, response: Any) -> bool:
    """Whether to try once more: the server did not know the key, and the body is here to be sent again."""
    if response.status_code != 401 or response.headers.get(REFUSAL_HEADER) != "unknown_key" or response.history:
        return False
    try:
        request.content
    except Exception:  # a body that streams is gone
        return False
    return True


def _under(place: SplitResult, url: SplitResult) -> bool:
    """Same scheme, host and port; the same path or one below it."""
    if (url.scheme, url.hostname, _port(url)) != (place.scheme, place.hostname, _port(place)):
        return False
    base = place.path.rstrip("/")
    # As a server or a proxy before it may read it, which may leave the path that is written here.
    segments = unquote(unquote(url.path)).replace("\\", "/").split("/")
    return (url.path == base or url.path.startswith(base + "/")) and ".." not in segments and "." not in segments


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)
