"""LangChain as the contract drives it: create_agent with the middleware, and a checkpointer."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver

from jeton.adapters.langchain import JetonMiddleware

from ..driver import Job
from .langgraph import GraphDriver, ScriptedChatModel, tools_of


class LangChain(GraphDriver):
    """An agent of create_agent."""

    name = "langchain"
    framework = "langchain"

    def graph(self, job: Job, saver: InMemorySaver) -> Any:
        model = ScriptedChatModel(script=job.script)
        middleware = [JetonMiddleware()] if job.protected else []
        return create_agent(model, tools_of(job), middleware=middleware, checkpointer=saver)


DRIVER = LangChain()
