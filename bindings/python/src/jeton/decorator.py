"""protect: a function that runs only with a permit."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from .scope import CallScope, call

F = TypeVar("F", bound=Callable[..., Any])


@overload
def protect(fn: F) -> F: ...
@overload
def protect(
    fn: None = None, *, tool: str | None = None, server: str | None = None, framework: str = "python"
) -> Callable[[F], F]: ...
def protect(
    fn: F | None = None, *, tool: str | None = None, server: str | None = None, framework: str = "python"
) -> F | Callable[[F], F]:
    """A function that runs only with a permit, in a scope of its own. For plain and for `async` functions.

    The tool is the function's name unless `tool` says otherwise; its arguments are the call's, by name, defaults
    included and `self` left out. Generators run after their call has returned and are refused with TypeError.
    """
    if fn is None:
        return functools.partial(protect, tool=tool, server=server, framework=framework)
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError("protect needs a function that returns its result; open a scope inside a generator")
    signature = inspect.signature(fn)
    name = tool if tool is not None else fn.__name__

    def scope_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallScope:
        return call(name, _bound(signature, fn, args, kwargs), server=server, framework=framework)

    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def with_permit(*args: Any, **kwargs: Any) -> Any:
            async with scope_of(args, kwargs):
                return await fn(*args, **kwargs)

    else:

        @functools.wraps(fn)
        def with_permit(*args: Any, **kwargs: Any) -> Any:
            with scope_of(args, kwargs):
                result = fn(*args, **kwargs)
                if isinstance(result, Awaitable):
                    getattr(result, "close", lambda: None)()
                    raise TypeError("protect needs an `async def` where the result is awaited")
                return result

    return with_permit  # type: ignore[return-value]


def in_class(fn: Callable[..., Any]) -> bool:
    """Whether it was defined in a class; a function in a function has a dot in its name too."""
    return fn.__qualname__.rpartition(".")[0].rpartition(".")[2] not in ("", "<locals>")


def _bound(
    signature: inspect.Signature, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name, as a caller over the wire would send them."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    arguments: dict[str, Any] = {}
    for index, (name, value) in enumerate(bound.arguments.items()):
        kind = signature.parameters[name].kind
        if index == 0 and name in ("self", "cls") and in_class(fn):
            continue
        members = value if kind is inspect.Parameter.VAR_KEYWORD else {name: value}
        for member_name, member_value in members.items():
            if member_name in arguments:
                raise TypeError(f"the argument {member_name} was given twice")
            arguments[member_name] = member_value
    return arguments
