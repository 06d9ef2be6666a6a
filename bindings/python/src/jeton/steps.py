"""What is asked of the sidecar, written once as generators, and driven blocking or on an event loop."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple, Protocol, TypeVar

from .errors import JetonError, Unavailable, unavailable

T = TypeVar("T")


class Request(NamedTuple):
    """One request of the local door. A body makes it a POST."""

    path: str
    body: dict[str, Any] | None = None


class Asks(Protocol):
    """Who answers requests; `Client`, and whatever stands in for it in a test."""

    def ask(self, request: Request) -> dict[str, Any]: ...

    def aio(self) -> AsksOnLoop: ...


class AsksOnLoop(Protocol):
    """The same on an event loop; `AsyncClient`."""

    async def ask(self, request: Request) -> dict[str, Any]: ...


#: Yields requests, is sent answers, or has the refusal thrown in; returns what came of them.
Steps = Generator[Request, "dict[str, Any]", T]


def drive(client: Asks, steps: Steps[T]) -> T:
    """Runs the steps with a blocking client."""
    try:
        request = next(steps)
        while True:
            try:
                answer = client.ask(request)
            except JetonError as error:
                request = steps.throw(error)
            else:
                request = steps.send(answer)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        steps.close()


async def adrive(client: AsksOnLoop, steps: Steps[T]) -> T:
    """Runs the steps on the running loop."""
    try:
        request = next(steps)
        while True:
            try:
                answer = await client.ask(request)
            except JetonError as error:
                request = steps.throw(error)
            else:
                request = steps.send(answer)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        steps.close()


def ask_twice(request: Request) -> Steps[dict[str, Any]]:
    """For requests that name themselves, so that a lost answer is found again and nothing happens twice."""
    try:
        return (yield request)
    except Unavailable as error:
        if error.code != "sidecar_unavailable":
            raise
    return (yield request)


def member(answer: dict[str, Any], name: str, kind: type[T], verb: str) -> T:
    """A member that an answer must have."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if type(value) is not kind:
        raise unavailable(f"the sidecar's answer to {verb} is not the protocol's")
    return value
