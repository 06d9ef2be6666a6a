"""The tools of the contract. Their bodies present a token of the current call to a Verifier, as a tool server does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jeton import BadToken, CallScope, VerifiedCall, Verifier, current_call

from .driver import ToolSpec
from .patience import PatientClient
from .policy import SERVER

DEADLINE_S = 10
_ALONE_S = 0.5
#: A plain body runs now. The framework may have put it on a loop's thread, where it cannot await all the same.
_plain: ContextVar[bool] = ContextVar("plain", default=False)


@dataclass(frozen=True)
class Visit:
    """What a body saw, and the tokens it redeemed."""

    scope: CallScope | None
    arguments: dict[str, Any]
    verified: tuple[VerifiedCall, ...] = ()


Body = Callable[["ToolServer", "CallScope | None", "dict[str, Any]"], Coroutine[Any, Any, str]]


class ToolServer:
    """One Verifier, and what happened at it."""

    def __init__(self, socket: str) -> None:
        self._verifier = Verifier(SERVER, client=PatientClient(socket, deadline=DEADLINE_S))
        self.ran = 0
        self.visits: list[Visit] = []
        self.tokens: list[str] = []
        self.refused: list[str] = []
        self.most_at_once = 0
        self._inside = 0
        self._met = threading.Event()

    def tool(self, name: str, body: Body, *, is_async: bool) -> ToolSpec:
        """A tool of that name and body: `async def`, or a plain function that blocks."""

        def visit(order: str, amount: int) -> Coroutine[Any, Any, str]:
            self.ran += 1
            return body(self, current_call(), {"order": order, "amount": amount})

        async def afn(order: str, amount: int) -> str:
            """Acts on an order, with an amount."""
            return await visit(order, amount)

        def fn(order: str, amount: int) -> str:
            """Acts on an order, with an amount."""
            return _to_the_end(visit(order, amount))

        chosen: Callable[..., Any] = afn if is_async else fn
        chosen.__name__ = chosen.__qualname__ = name
        return ToolSpec(name, chosen)

    async def present(self, scope: CallScope, arguments: dict[str, Any]) -> VerifiedCall:
        """Mints a token for this attempt and redeems it."""
        if _plain.get():
            token = scope.mint(SERVER, arguments=arguments)
            self.tokens.append(token.reveal())
            return self._verifier.redeem(token.reveal(), scope.tool, arguments)
        token = await scope.amint(SERVER, arguments=arguments)
        self.tokens.append(token.reveal())
        return await self._verifier.aredeem(token.reveal(), scope.tool, arguments)

    async def replay(self, tool: str, arguments: dict[str, Any]) -> VerifiedCall:
        """The newest token once more, as who overheard it would."""
        try:
            if _plain.get():
                return self._verifier.redeem(self.tokens[-1], tool, arguments)
            return await self._verifier.aredeem(self.tokens[-1], tool, arguments)
        except BadToken as refusal:
            self.refused.append(refusal.code)
            raise

    async def meet_another(self) -> None:
        """Returns when two bodies are here at the same time, or none came."""
        self._inside += 1
        self.most_at_once = max(self.most_at_once, self._inside)
        if self._inside > 1:
            self._met.set()
        if _plain.get():
            self._met.wait(_ALONE_S)
        else:
            await asyncio.to_thread(self._met.wait, _ALONE_S)
        self._met.set()
        self._inside -= 1


async def redeems(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """What a tool server does."""
    assert scope is not None
    verified = await server.present(scope, arguments)
    server.visits.append(Visit(scope, arguments, (verified,)))
    return f"refunded {arguments['order']}"


async def redeems_twice(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """A client whose first answer got lost: the same call, on the wire again."""
    assert scope is not None
    attempts = (await server.present(scope, arguments), await server.present(scope, arguments))
    server.visits.append(Visit(scope, arguments, attempts))
    return f"refunded {arguments['order']}"


async def is_replayed(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """The request arrives, and then arrives again."""
    assert scope is not None
    server.visits.append(Visit(scope, arguments, (await server.present(scope, arguments),)))
    await server.replay(scope.tool, arguments)
    return "replayed without a refusal"


async def meets_others(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """A tool that takes its time while others run."""
    assert scope is not None
    await server.meet_another()
    verified = await server.present(scope, arguments)
    assert current_call() is scope
    server.visits.append(Visit(scope, arguments, (verified,)))
    return f"refunded {arguments['order']}"


async def fails(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """A tool with a fault of its own."""
    server.visits.append(Visit(scope, arguments))
    raise LookupError(f"there is no order {arguments['order']}")


async def needs_no_token(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """A tool that runs where it is."""
    server.visits.append(Visit(scope, arguments))
    return f"done {arguments['order']}"


async def never_ends(server: ToolServer, scope: CallScope | None, arguments: dict[str, Any]) -> str:
    """A tool that only a cancellation ends."""
    server.visits.append(Visit(scope, arguments))
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


def _to_the_end(body: Coroutine[Any, Any, str]) -> str:
    """Runs a body whose waits all block, so that it ends in one step."""
    outside = _plain.set(True)
    try:
        body.send(None)
    except StopIteration as done:
        result: str = done.value
        return result
    finally:
        _plain.reset(outside)
        body.close()
    raise AssertionError("a plain body waited for a loop")
