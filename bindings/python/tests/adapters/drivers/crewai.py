"""CrewAI under the contract: a crew of one agent and one task, around a model that plays the script."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"  # it would call home
os.environ["OTEL_SDK_DISABLED"] = "false"

from crewai import Agent, Crew, Task  # noqa: E402
from crewai.llms.base_llm import BaseLLM  # noqa: E402
from crewai.tools import tool  # noqa: E402

from jeton.adapters.crewai import scoped  # noqa: E402

from ..driver import Driver, Job, Ran, Turn  # noqa: E402


class ScriptedLLM(BaseLLM):
    script: Any

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        turn: Turn = self.script.reply(json.dumps(messages, default=repr), _results(messages))
        return _asked(turn) if turn.asks else turn.text

    async def acall(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        return self.call(messages, *args, **kwargs)

    def supports_function_calling(self) -> bool:
        return True


class CrewAI(Driver):
    name = "crewai"
    framework = "crewai"
    modes = ("run", "arun")
    async_bodies = ()
    mapper = "jeton.adapters.crewai._call_of"
    has_call_ids = False

    def run(self, job: Job) -> Ran:
        crew = crew_of(job)
        with scoped() if job.protected else contextlib.nullcontext():
            output = crew.kickoff()
        return _ran(crew, output)

    async def arun(self, job: Job) -> Ran:
        crew = crew_of(job)
        with scoped() if job.protected else contextlib.nullcontext():
            output = await crew.akickoff()
        return _ran(crew, output)


def crew_of(job: Job) -> Crew:
    agent = Agent(
        role="clerk",
        goal="settle",
        backstory="careful",
        llm=ScriptedLLM(model="scripted", script=job.script),
        tools=[tool(spec.name)(spec.fn) for spec in job.tools],
    )
    task = Task(description="go", expected_output="an answer", agent=agent)
    return Crew(agents=[agent], tasks=[task], cache=False)


def _asked(turn: Turn) -> list[dict[str, Any]]:
    return [
        {"id": ask.call_id, "type": "function", "function": {"name": ask.tool, "arguments": json.dumps(ask.arguments)}}
        for ask in turn.asks
    ]


def _results(messages: Any) -> list[str]:
    """The results since the last answer."""
    newest: list[str] = []
    for message in reversed(messages):
        if message["role"] == "assistant":
            break
        if message["role"] == "tool":
            newest.insert(0, str(message["content"]))
    return newest


def _ran(crew: Crew, output: Any) -> Ran:
    kept = output.model_dump_json() + repr(crew)
    return Ran(text=str(output.raw), kept=kept, run_id=str(crew.tasks[0].id), session_id=str(crew.id))


DRIVER = CrewAI()
