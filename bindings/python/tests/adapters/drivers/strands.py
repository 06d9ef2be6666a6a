"""Strands Agents under the contract: an Agent around a model that plays the script."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable
from pathlib import Path
from typing import Any

from strands import Agent, tool
from strands.models import Model
from strands.session.file_session_manager import FileSessionManager
from strands.types.content import Messages

from jeton.adapters.strands import JetonPlugin

from ..driver import Driver, Job, Ran, Script, Turn


class ScriptedModel(Model):
    def __init__(self, script: Script) -> None:
        self._script = script

    def update_config(self, **_: Any) -> None: ...

    def get_config(self) -> dict[str, Any]:
        return {"model_id": "scripted"}

    def structured_output(self, *_: Any, **__: Any) -> AsyncGenerator[dict[str, Any], None]:
        raise NotImplementedError

    async def stream(self, messages: Messages, *_: Any, **__: Any) -> AsyncIterable[Any]:
        turn = self._script.reply(json.dumps(messages, default=repr), _results(messages))
        yield {"messageStart": {"role": "assistant"}}
        for event in _blocks(turn):
            yield event
        yield {"messageStop": {"stopReason": "tool_use" if turn.asks else "end_turn"}}


class Strands(Driver):
    name = "strands"
    framework = "strands"
    modes = ("run", "arun", "astream")
    mapper = "jeton.adapters.strands._call_of"
    names_runs = False

    def run(self, job: Job) -> Ran:
        with tempfile.TemporaryDirectory() as home:
            agent = _agent(job, home)
            return _ran(job, agent, agent("go"), home)

    async def arun(self, job: Job) -> Ran:
        with tempfile.TemporaryDirectory() as home:
            agent = _agent(job, home)
            return _ran(job, agent, await agent.invoke_async("go"), home)

    async def astream(self, job: Job) -> Ran:
        with tempfile.TemporaryDirectory() as home:
            agent = _agent(job, home)
            items = []
            async for item in agent.stream_async("go"):
                job.script.between()
                items.append(item)
            return _ran(job, agent, items[-1]["result"], home, repr(items))

    def instrument(self, on: bool) -> None:
        """Its spans are always made, with content, on the global provider."""


def tools_of(job: Job) -> list[Any]:
    return [tool(name=spec.name)(spec.fn) for spec in job.tools]


def _agent(job: Job, home: str) -> Agent:
    return Agent(
        model=ScriptedModel(job.script),
        tools=tools_of(job),
        plugins=[JetonPlugin()] if job.protected else [],
        session_manager=FileSessionManager(session_id=job.session_id, storage_dir=home),
        callback_handler=None,
    )


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for ask in turn.asks:
        use = {"name": ask.tool, "toolUseId": ask.call_id}
        events += [
            {"contentBlockStart": {"start": {"toolUse": use}}},
            {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(ask.arguments)}}}},
            {"contentBlockStop": {}},
        ]
    if turn.text:
        events += [
            {"contentBlockStart": {"start": {}}},
            {"contentBlockDelta": {"delta": {"text": turn.text}}},
            {"contentBlockStop": {}},
        ]
    return events


def _results(messages: Messages) -> list[str]:
    """The results in the newest message; the framework puts all of one turn there."""
    return [json.dumps(block["toolResult"]["content"]) for block in messages[-1]["content"] if "toolResult" in block]


def _ran(job: Job, agent: Agent, result: Any, home: str, streamed: str = "") -> Ran:
    stored = [file.read_text() for file in Path(home).rglob("*.json")]
    assert stored
    kept = "".join([json.dumps(agent.messages, default=repr), repr(agent.state.get()), repr(result), streamed, *stored])
    return Ran(text=str(result).strip(), kept=kept, session_id=job.session_id)


DRIVER = Strands()
