"""What a framework's driver does for the contract: one run of the framework's own loop, around a scripted model."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jeton import CallScope, current_call


@dataclass(frozen=True)
class Ask:
    """One tool call that the model asks for."""

    tool: str
    arguments: dict[str, Any]
    call_id: str


@dataclass(frozen=True)
class Turn:
    """One answer of the model: calls, or (with none) the text that ends the run."""

    asks: Sequence[Ask] = ()
    text: str = ""


@dataclass
class Script:
    """The model's part. The framework's model double asks it for each answer and tells it what the model was shown."""

    turns: Sequence[Turn]
    seen: list[str] = field(default_factory=list)
    """Each request to the model, whole: every message with every part, as text."""
    results: list[str] = field(default_factory=list)
    """The tool results of the newest request, in the order of the calls, each as the model reads it."""
    scopes: list[CallScope | None] = field(default_factory=list)
    """current_call() wherever no tool was running. All must be None."""

    def reply(self, seen: str, results: Sequence[str]) -> Turn:
        """The next answer. `results` are those that came since the last answer."""
        self.between()
        self.seen.append(seen)
        self.results = list(results)
        return self.turns[len(self.seen) - 1]

    def between(self) -> None:
        """To be called for each item a stream yields, and wherever else user code runs while no tool does."""
        self.scopes.append(current_call())


@dataclass(frozen=True)
class ToolSpec:
    """A tool: a function with annotations and a docstring, plain or `async`.

    The driver makes the framework's own of it, with the framework's usual handling of exceptions.
    """

    name: str
    fn: Callable[..., Any]


@dataclass(frozen=True)
class Job:
    """One run."""

    script: Script
    tools: Sequence[ToolSpec]
    protected: bool = True
    """False: exactly the same run without the adapter."""
    session_id: str = "session-1"
    """For the framework's own notion of a session, thread or conversation."""


@dataclass(frozen=True)
class Ran:
    """What came of a run that did not raise."""

    text: str
    """The run's final answer."""
    kept: str = ""
    """All that the framework keeps or hands on besides the model's messages, as text: checkpoints, history, state,
    callbacks and traces of its own."""
    run_id: str | None = None
    """The framework's id of the run, learned without the adapter; None where it has none."""
    session_id: str | None = None
    """The job's, as the framework knows it; None where it has no such thing."""


class Driver(ABC):
    """One framework. Implement the modes it has; list them. Nothing but `Script` is to be shared between runs."""

    name: str
    """The adapter: the module is jeton.adapters.<name>, the pins are requirements/<name>.txt."""
    framework: str
    """What the log calls it."""
    modes: tuple[str, ...] = ("run", "arun", "stream", "astream")
    """Which of the methods below there are."""
    async_bodies: tuple[str, ...] = ("arun", "astream")
    """The modes in which the framework runs tools that are `async def`."""
    mapper: str
    """The adapter's function that turns the framework's request into `jeton.call`'s arguments, by its full name:
    "jeton.adapters.langgraph._call_of". The contract breaks it."""
    has_call_ids: bool = True
    """False: the framework gives its hooks no id of the call, and the adapter makes one or none."""
    names_runs: bool = True
    """False: the framework has no id for a run, so `Ran.run_id` is None."""
    names_sessions: bool = True
    """False: the framework has no id for a session, so `Ran.session_id` is None."""
    parallel: bool = True
    """False: the framework runs the calls of one answer one after the other."""
    sees_errors: bool = True
    """False: the tool's exception is text before the adapter can see it, so the log says "ok" for it."""

    def run(self, job: Job) -> Ran:
        """Blocking, with the framework's synchronous entry. Exceptions of the run go through."""
        raise NotImplementedError

    async def arun(self, job: Job) -> Ran:
        raise NotImplementedError

    def stream(self, job: Job) -> Ran:
        """The streaming entry, blocking; `job.script.between()` for each item, until the stream ends."""
        raise NotImplementedError

    async def astream(self, job: Job) -> Ran:
        raise NotImplementedError

    def instrument(self, on: bool) -> None:
        """Turns on (and off again) the framework's own OpenTelemetry, content included, on the global provider."""
