"""The guard of a plain function: it runs for a call token given beside its arguments."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ..arguments import plain
from ..decorator import in_class
from ..errors import JetonError
from ..secret import SecretToken
from ..verifier import VerifiedCall, Verifier, running
from .gate import Gate, Refused, outcome_of, unreported, verified_call

__all__ = ["Refused", "RequireCallToken", "verified_call"]

F = TypeVar("F", bound=Callable[..., Any])


class RequireCallToken:
    """`@RequireCallToken("https://crm.example/tools")` above a function, then `refund(order="A-17", call_token=token)`.

    The tool is the function's name, or `tool`; the arguments are those of the call, by name, defaults included and
    `self` left out. They must be plain JSON, and the function gets the copy that was verified. Refused is raised before
    the function runs. For plain and for `async` functions; a function with positional-only or `*` parameters, which
    have no names on the wire, is a TypeError here.
    """

    def __init__(self, server: str, *, verifier: Verifier | None = None, tool: str | None = None) -> None:
        self._gate = Gate(server, verifier=verifier)
        self._tool = tool

    def __call__(self, fn: F) -> F:
        names = _Named(fn)
        tool = self._tool or fn.__name__

        if inspect.iscoroutinefunction(fn):

            @functools.wraps(fn)
            async def guarded_async(*args: Any, call_token: str | SecretToken | None = None, **kwargs: Any) -> Any:
                first, arguments = names.bound(args, kwargs)

                async def body(call: VerifiedCall) -> Any:
                    return await fn(*first, **call.arguments)

                return (await self._gate.run(tool, arguments, _text(call_token), body))[1]

            return guarded_async  # type: ignore[return-value]

        @functools.wraps(fn)
        def guarded(*args: Any, call_token: str | SecretToken | None = None, **kwargs: Any) -> Any:
            first, arguments = names.bound(args, kwargs)
            call = self._redeem(tool, arguments, _text(call_token))
            began = time.monotonic()
            try:
                with running(call):
                    result = fn(*first, **call.arguments)
            except BaseException as error:
                self._report(call, *outcome_of(error), began)
                raise
            self._report(call, "ok", None, began)
            return result

        return guarded  # type: ignore[return-value]

    def _redeem(self, tool: str, arguments: dict[str, Any], token: str | None) -> VerifiedCall:
        try:
            return self._gate.verifier.redeem(token or "", tool, arguments)
        except JetonError as error:
            raise self._gate.refused(tool, token, error) from None

    def _report(self, call: VerifiedCall, outcome: str, detail: str | None, began: float) -> None:
        try:
            self._gate.verifier.report(call, outcome, detail, max(0, round((time.monotonic() - began) * 1000)))
        except JetonError as error:
            unreported(call, error.code)


class _Named:
    """A function's arguments by name, as a caller over the wire would send them."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._signature = inspect.signature(fn)
        parameters = list(self._signature.parameters.values())
        self._method = bool(parameters) and parameters[0].name in ("self", "cls") and in_class(fn)
        for parameter in parameters:
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise TypeError(f"{fn.__name__} has a parameter without a name on the wire: {parameter}")
        if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
            raise TypeError(f"{fn.__name__} is a generator, whose body runs after the call; guard a function")

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """(self, if there is one; the arguments)."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            rest = self._signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
            arguments.update(value if rest else {name: value})
        first = (arguments.pop(next(iter(bound.arguments))),) if self._method else ()
        return first, plain(arguments)


def _text(token: str | SecretToken | None) -> str | None:
    return token.reveal() if isinstance(token, SecretToken) else token
