"""Google ADK under the contract: a runner with an LlmAgent around a model that plays the script."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode, ToolThreadPoolConfig
from google.adk.apps import App
from google.adk.events import Event
from google.adk.models import BaseLlm, LlmRequest, LlmResponse
from google.adk.plugins import BasePlugin
from google.adk.runners import InMemoryRunner
from google.adk.tools import FunctionTool
from google.genai import types

from jeton.adapters.google_adk import JetonPlugin

from ..driver import Driver, Job, Ran, Turn

_APP, _USER = "billing", "user-1"
_CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class ScriptedLlm(BaseLlm):
    model: str = "scripted"
    script: Any

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        contents = llm_request.contents
        seen = llm_request.model_dump_json(include={"contents"})
        turn = self.script.reply(seen, _results(contents))
        if stream and turn.text:
            yield LlmResponse(content=_content(Turn(text=turn.text[:1])), partial=True)
        yield LlmResponse(content=_content(turn))


class GoogleAdk(Driver):
    name = "google_adk"
    framework = "google-adk"
    modes = ("run", "arun", "astream")
    mapper = "jeton.adapters.google_adk._call_of"

    def run(self, job: Job) -> Ran:
        runner = _runner(job)
        asyncio.run(_new_session(runner, job))
        events = []
        for event in runner.run(
            user_id=_USER, session_id=job.session_id, new_message=_go(), run_config=_config(StreamingMode.NONE)
        ):
            job.script.between()
            events.append(event)
        return asyncio.run(_ran(runner, job, events))

    async def arun(self, job: Job) -> Ran:
        return await ran_by(_runner(job), job)

    async def astream(self, job: Job) -> Ran:
        return await ran_by(_runner(job), job, StreamingMode.SSE)

    def instrument(self, on: bool) -> None:
        # Spans are always made; this is what puts content into them.
        os.environ["ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS"] = os.environ[_CONTENT] = "true" if on else "false"


def _runner(job: Job) -> InMemoryRunner:
    return runner_of(job, tools_of(job), [JetonPlugin()] if job.protected else [])


def tools_of(job: Job) -> list[Any]:
    return [FunctionTool(spec.fn) for spec in job.tools]


def agent_of(job: Job, tools: list[Any], **settings: Any) -> LlmAgent:
    return LlmAgent(name="clerk", model=ScriptedLlm(script=job.script), tools=tools, **settings)


def runner_of(job: Job, tools: list[Any], plugins: list[BasePlugin], **settings: Any) -> InMemoryRunner:
    """A runner of an agent with these tools and settings that plays the job's script."""
    return InMemoryRunner(app=App(name=_APP, root_agent=agent_of(job, tools, **settings), plugins=plugins))


async def ran_by(runner: InMemoryRunner, job: Job, mode: StreamingMode = StreamingMode.NONE) -> Ran:
    """One run of the job by that runner."""
    await _new_session(runner, job)
    events = []
    async for event in runner.run_async(
        user_id=_USER, session_id=job.session_id, new_message=_go(), run_config=_config(mode)
    ):
        job.script.between()
        events.append(event)
    return await _ran(runner, job, events)


def _config(mode: StreamingMode) -> RunConfig:
    # Without a pool, plain functions run on the loop, one after the other.
    return RunConfig(streaming_mode=mode, tool_thread_pool_config=ToolThreadPoolConfig(max_workers=8))


def _go() -> types.Content:
    return types.Content(role="user", parts=[types.Part(text="go")])


def _content(turn: Turn) -> types.Content:
    calls = [types.FunctionCall(id=ask.call_id, name=ask.tool, args=ask.arguments) for ask in turn.asks]
    parts = [types.Part(function_call=call) for call in calls]
    return types.Content(role="model", parts=[*parts, *([types.Part(text=turn.text)] if turn.text else [])])


def _results(contents: list[types.Content]) -> list[str]:
    """The results since the last answer."""
    newest: list[types.Part] = []
    for content in reversed(contents):
        if content.role == "model":
            break
        newest[:0] = content.parts or []
    return [str(part.function_response.response) for part in newest if part.function_response]


async def _new_session(runner: InMemoryRunner, job: Job) -> None:
    await runner.session_service.create_session(app_name=_APP, user_id=_USER, session_id=job.session_id)


async def _ran(runner: InMemoryRunner, job: Job, events: list[Event]) -> Ran:
    session = await runner.session_service.get_session(app_name=_APP, user_id=_USER, session_id=job.session_id)
    texts = [part.text for event in events if event.content and not event.partial for part in event.content.parts or []]
    return Ran(
        text=next((text for text in reversed(texts) if text), ""),
        kept=session.model_dump_json() + "".join(event.model_dump_json() for event in events),
        run_id=events[0].invocation_id,
        session_id=session.id,
    )


DRIVER = GoogleAdk()
