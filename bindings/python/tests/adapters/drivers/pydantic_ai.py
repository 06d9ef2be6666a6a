"""Pydantic AI as the contract drives it: an agent over FunctionModel, instrumented with content."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic_ai import Agent, models
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelResponse,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import DeltaToolCall, FunctionModel

from jeton.adapters.pydantic_ai import JetonCapability

from ..driver import Driver, Job, Ran, Script, Turn

models.ALLOW_MODEL_REQUESTS = False


class PydanticAI(Driver):
    """An agent with function tools."""

    name = "pydantic_ai"
    framework = "pydantic-ai"
    mapper = "jeton.adapters.pydantic_ai._call_of"

    def run(self, job: Job) -> Ran:
        return _ran(_agent(job).run_sync("refund my order", conversation_id=job.session_id))

    async def arun(self, job: Job) -> Ran:
        return _ran(await _agent(job).run("refund my order", conversation_id=job.session_id))

    def stream(self, job: Job) -> Ran:
        result = _agent(job).run_stream_sync("refund my order", conversation_id=job.session_id)
        for _ in result.stream_text():
            job.script.between()
        return _ran(result, result.get_output())

    async def astream(self, job: Job) -> Ran:
        events = []
        async with _agent(job).run_stream_events("refund my order", conversation_id=job.session_id) as stream:
            async for event in stream:
                job.script.between()
                events.append(event)
        return _ran(events[-1].result, kept=repr(events))

    def instrument(self, on: bool) -> None:
        Agent.instrument_all(on)


def _agent(job: Job) -> Any:
    model = FunctionModel(answers(job.script), stream_function=streams(job.script))
    capabilities = [JetonCapability()] if job.protected else []
    return Agent(model, tools=[tool.fn for tool in job.tools], capabilities=capabilities)


def _ran(result: Any, output: Any = None, kept: str = "") -> Ran:
    messages = result.all_messages()
    return Ran(
        text=output if output is not None else result.output,
        kept=kept + result.all_messages_json().decode() + repr(messages),
        run_id=messages[-1].run_id,
        session_id=messages[-1].conversation_id,
    )


def _turn(script: Script, messages: list[Any]) -> Turn:
    results = [
        part.model_response_str() if isinstance(part, ToolReturnPart) else part.model_response()
        for part in messages[-1].parts
        if isinstance(part, (ToolReturnPart, RetryPromptPart))
    ]
    return script.reply(ModelMessagesTypeAdapter.dump_json(messages).decode(), results)


def answers(script: Script) -> Any:
    def answer(messages: list[Any], info: Any) -> ModelResponse:
        turn = _turn(script, messages)
        calls = [ToolCallPart(ask.tool, ask.arguments, ask.call_id) for ask in turn.asks]
        return ModelResponse(parts=calls or [TextPart(turn.text)])

    return answer


def streams(script: Script) -> Any:
    async def stream(messages: list[Any], info: Any) -> AsyncIterator[Any]:
        turn = _turn(script, messages)
        for number, ask in enumerate(turn.asks):
            yield {number: DeltaToolCall(ask.tool, json.dumps(ask.arguments), tool_call_id=ask.call_id)}
        if not turn.asks:
            yield turn.text

    return stream


DRIVER = PydanticAI()
