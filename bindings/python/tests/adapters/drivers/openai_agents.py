"""OpenAI Agents SDK as the contract drives it: Runner, the SDK's own scripted model, a session and a trace."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from agents import Agent, RunConfig, Runner, SQLiteSession, function_tool, set_trace_processors
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from agents.tracing import TracingProcessor

from jeton.adapters.openai_agents import protect

from ..driver import Driver, Job, Ran


class _Traces(TracingProcessor):
    """Keeps what the SDK would send to its maker."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def on_trace_start(self, trace: Any) -> None: ...
    def on_trace_end(self, trace: Any) -> None:
        self.texts.append(json.dumps(trace.export(), default=repr))

    def on_span_start(self, span: Any) -> None: ...
    def on_span_end(self, span: Any) -> None:
        self.texts.append(json.dumps(span.export(), default=repr))

    def shutdown(self) -> None: ...
    def force_flush(self) -> None: ...


class OpenAIAgents(Driver):
    """An agent with function tools."""

    name = "openai_agents"
    framework = "openai-agents"
    modes = ("run", "arun", "astream")
    mapper = "jeton.adapters.openai_agents._call_of"

    def run(self, job: Job) -> Ran:
        run = _Run(job)
        return run.over(Runner.run_sync(run.agent, "refund my order", session=None, run_config=run.config))

    async def arun(self, job: Job) -> Ran:
        run = _Run(job)
        session = SQLiteSession(job.session_id)
        result = await Runner.run(run.agent, "refund my order", session=session, run_config=run.config)
        run.kept.append(repr(await session.get_items()))
        return run.over(result)

    async def astream(self, job: Job) -> Ran:
        run = _Run(job)
        result = Runner.run_streamed(run.agent, "refund my order", run_config=run.config)
        async for event in result.stream_events():
            job.script.between()
            run.kept.append(repr(event))
        return run.over(result)


class _Run:
    def __init__(self, job: Job) -> None:
        self.traces = _Traces()
        set_trace_processors([self.traces])
        self.trace_id = f"trace_{uuid4().hex}"
        self.session_id = job.session_id
        self.config = RunConfig(trace_id=self.trace_id, group_id=job.session_id)
        agent = Agent("clerk", model=model_of(job), tools=[function_tool(tool.fn) for tool in job.tools])
        self.agent = protect(agent) if job.protected else agent
        self.kept: list[str] = []

    def over(self, result: Any) -> Ran:
        assert self.traces.texts, "the run was traced"
        state = json.dumps(result.to_state().to_json(), default=repr)
        kept = [state, repr(result.to_input_list()), repr(result.raw_responses), *self.traces.texts, *self.kept]
        return Ran(result.final_output, "\n".join(kept), self.trace_id, self.session_id)


def model_of(job: Job) -> ScriptedModel:
    """The SDK's own double, answering by the job's script."""

    def answer(call: Any) -> ModelStep:
        outputs = [item for item in call.input if isinstance(item, dict) and item.get("type") == "function_call_output"]
        new = outputs[answered[0] :]
        answered[0] = len(outputs)
        turn = job.script.reply(repr(call.input), [_text(item["output"]) for item in new])
        calls = [function_call(ask.tool, ask.arguments, call_id=ask.call_id) for ask in turn.asks]
        return ModelStep(output=calls or [assistant_message(turn.text)])

    answered = [0]
    return ScriptedModel([ModelStep.respond(answer) for _ in job.script.turns])


def _text(output: Any) -> str:
    return output if isinstance(output, str) else json.dumps(output)


DRIVER = OpenAIAgents()
