"""The blocking client, and the one that a process uses when nobody names another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .steps import Request

if TYPE_CHECKING:
    from . import _native
    from .aio import AsyncClient

Unscoped = Literal["deny", "mint", "pass"]
DEADLINE_S = 0.25
_DEADLINE_MAX_S = 3600.0


def deadline_ms(deadline: float) -> int:
    """Whole milliseconds, at least one; ValueError for what is no time to wait."""
    if not 0 < deadline <= _DEADLINE_MAX_S:
        raise ValueError("a deadline is more than 0 and at most 3600 seconds")
    return max(1, round(deadline * 1000))


class Client:
    """The sidecar as this process sees it: blocking, for any number of threads.

    Nothing is contacted before the first request. Every failure to reach the sidecar within `deadline` seconds, which
    each request has for itself, is `Unavailable`. A child after fork opens connections of its own.
    """

    def __init__(self, socket: str | None = None, *, deadline: float = DEADLINE_S) -> None:
        self._socket = socket
        self._deadline = deadline
        self._deadline_ms = deadline_ms(deadline)
        # Threads that connect at the same time each make one and the last stays: no lock that a fork could leave held.
        self._connection: _native.Client | None = None
        self._aio: AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Client(socket={self._socket!r}, deadline={self._deadline})"

    def ask(self, request: Request) -> dict[str, Any]:
        """One request; its JSON, or the refusal raised. A connection that had gone stale is replaced once."""
        connection = self._connected()
        if request.body is not None:
            from .arguments import dumps

            answer = connection.post(request.path, dumps(request.body))
        elif request.path == "/v1/jwks":
            answer = connection.jwks()
        elif request.path == "/v1/status":
            answer = connection.status()
        else:
            raise ValueError(f"nothing to get at {request.path}")
        value: dict[str, Any] = json.loads(answer)
        return value

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One POST of the local door."""
        return self.ask(Request(path, body))

    def status(self) -> dict[str, Any]:
        """What the sidecar says of itself."""
        return self.ask(Request("/v1/status"))

    def jwks(self) -> dict[str, Any]:
        """The keys tokens are signed with."""
        return self.ask(Request("/v1/jwks"))

    def revoke(self, *, txn: str | None = None, run_id: str | None = None) -> int:
        """Ends a call, or all calls of a run, for good. How many tokens were live."""
        if (txn is None) == (run_id is None):
            raise ValueError("name a txn or a run_id")
        answer = self.post("/v1/revoke", {"txn": txn} if run_id is None else {"run_id": run_id})
        return int(answer["revoked"])

    @property
    def issuer(self) -> str:
        """Who signs the tokens."""
        return self._connected().issuer

    @property
    def socket(self) -> str:
        """The socket that answered."""
        return self._connected().socket

    def aio(self) -> AsyncClient:
        """The same sidecar for coroutines."""
        if self._aio is None:
            from .aio import AsyncClient

            self._aio = AsyncClient(self._socket, deadline=self._deadline)
        return self._aio

    def _connected(self) -> _native.Client:
        connection = self._connection
        if connection is None:
            from . import _native

            connection = self._connection = _native.Client(self._socket, self._deadline_ms)
        return connection


class Settings(NamedTuple):
    """What `configure` said."""

    socket: str | None = None
    deadline: float = DEADLINE_S
    unscoped: Unscoped = "mint"


_settings = Settings()
_default: Client | None = None


def configure(*, socket: str | None = None, deadline: float = DEADLINE_S, unscoped: Unscoped = "mint") -> None:
    """Sets this process's defaults; nothing is contacted. Scopes that are open keep the client they have.

    `unscoped` is what a carrier does with a request outside any scope: "mint" opens a scope around it, "deny" raises
    Denied, "pass" sends it without a token.
    """
    global _settings, _default
    deadline_ms(deadline)
    if unscoped not in ("deny", "mint", "pass"):
        raise ValueError('unscoped is "deny", "mint" or "pass"')
    _settings = Settings(socket, deadline, unscoped)
    _default = None


def settings() -> Settings:
    """The process's defaults."""
    return _settings


def default_client() -> Client:
    """The client of the process's defaults."""
    global _default
    if _default is None:
        _default = Client(_settings.socket, deadline=_settings.deadline)
    return _default
