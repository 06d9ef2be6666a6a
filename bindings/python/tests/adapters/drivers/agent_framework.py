"""Microsoft Agent Framework under the contract: an Agent around a chat client that plays the script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any

from agent_framework import (
    Agent,
    AgentSession,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
    tool,
)
from agent_framework.observability import ChatTelemetryLayer, disable_instrumentation, enable_sensitive_telemetry

from jeton.adapters.agent_framework import JetonMiddleware

from ..driver import Driver, Job, Ran, Script, Turn


class ScriptedClient(FunctionInvocationLayer, ChatMiddlewareLayer, ChatTelemetryLayer, BaseChatClient):
    """The layers of the framework's own clients around the script."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    def _inner_get_response(
        self, *, messages: Sequence[Message], stream: bool, options: Mapping[str, Any], **_: Any
    ) -> Awaitable[ChatResponse[Any]] | ResponseStream[ChatResponseUpdate, ChatResponse[Any]]:
        def contents() -> list[Content]:
            seen = json.dumps([message.to_dict() for message in messages], default=repr)
            return _contents(self._script.reply(seen, _results(messages)))

        async def answer() -> ChatResponse[Any]:
            return ChatResponse(messages=[Message(role="assistant", contents=contents())])

        async def updates() -> AsyncIterator[ChatResponseUpdate]:
            for content in contents():
                yield ChatResponseUpdate(role="assistant", contents=[content])

        return ResponseStream(updates(), finalizer=ChatResponse.from_updates) if stream else answer()


class AgentFramework(Driver):
    name = "agent_framework"
    framework = "agent-framework"
    modes = ("arun", "astream")
    mapper = "jeton.adapters.agent_framework._call_of"
    names_runs = False

    async def arun(self, job: Job) -> Ran:
        session = AgentSession(session_id=job.session_id)
        response = await _agent(job).run("go", session=session)
        return _ran(session, response)

    async def astream(self, job: Job) -> Ran:
        session = AgentSession(session_id=job.session_id)
        stream = _agent(job).run("go", session=session, stream=True)
        async for _ in stream:
            job.script.between()
        return _ran(session, await stream.get_final_response())

    def instrument(self, on: bool) -> None:
        if on:
            enable_sensitive_telemetry(force=True)
        else:
            disable_instrumentation()


def tools_of(job: Job) -> list[Any]:
    return [tool(name=spec.name, approval_mode="never_require")(spec.fn) for spec in job.tools]


def _agent(job: Job) -> Agent[Any]:
    return Agent(
        ScriptedClient(job.script), tools=tools_of(job), middleware=[JetonMiddleware()] if job.protected else []
    )


def _contents(turn: Turn) -> list[Content]:
    calls = [
        Content.from_function_call(ask.call_id, ask.tool, arguments=json.dumps(ask.arguments)) for ask in turn.asks
    ]
    return [*calls, *([Content.from_text(turn.text)] if turn.text else [])]


def _results(messages: Sequence[Message]) -> list[str]:
    """The results since the last answer."""
    newest: list[Message] = []
    for message in reversed(messages):
        if message.role == "assistant":
            break
        newest.insert(0, message)
    contents = [content for message in newest for content in message.contents]
    return [str(content.result) for content in contents if content.type == "function_result"]


def _ran(session: AgentSession, response: Any) -> Ran:
    kept = json.dumps([session.to_dict(), response.to_dict()], default=repr)
    return Ran(text=response.text, kept=kept, session_id=session.session_id)


DRIVER = AgentFramework()
