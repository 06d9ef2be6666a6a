"""What the README's quick starts of frameworks find around them, and the run that shows that they work."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Daemon

import jeton

from .driver import Ask, Job, Script, ToolSpec, Turn


def job() -> Job:
    """One call of one tool."""

    def refund(order: str) -> str:
        """Pays an order back."""
        assert jeton.current_call() is not None
        return f"refunded {order}"

    asks = [Ask("refund", {"order": "A-17"}, "call-1")]
    return Job(Script([Turn(asks=asks), Turn(text="all done")]), [ToolSpec("refund", refund)])


def checked(daemon: Daemon, mine: Job, run: Callable[[Any], object]) -> Callable[[dict[str, Any]], None]:
    """Runs what the block made, and asks the model and the log."""

    def check(made: dict[str, Any]) -> None:
        run(made)
        assert "refunded A-17" in mine.script.results[0]
        assert [(call["tool"], call["call_id"], call["outcome"]) for call in daemon.calls()] == [
            ("refund", "call-1", "ok")
        ]

    return check


@pytest.fixture
def readme_langchain(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("langchain")
    from .drivers.langgraph import ScriptedChatModel, tools_of

    mine = job()
    check = checked(daemon, mine, lambda made: made["agent"].invoke({"messages": [("user", "refund my order")]}))
    return {"model": ScriptedChatModel(script=mine.script), "tools": tools_of(mine), "check": check}


@pytest.fixture
def readme_langgraph(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("langgraph")
    from langgraph.graph import MessagesState, StateGraph
    from langgraph.prebuilt import tools_condition

    from .drivers.langgraph import ScriptedChatModel, tools_of

    mine = job()
    model = ScriptedChatModel(script=mine.script)

    def run(made: dict[str, Any]) -> None:
        graph = StateGraph(MessagesState)
        graph.add_node("think", lambda state: {"messages": [model.invoke(state["messages"])]})
        graph.add_node("tools", made["node"])
        graph.set_entry_point("think")
        graph.add_conditional_edges("think", tools_condition)
        graph.add_edge("tools", "think")
        graph.compile().invoke({"messages": [("user", "refund my order")]})

    return {"tools": tools_of(mine), "check": checked(daemon, mine, run)}


@pytest.fixture
def readme_openai_agents(daemon: Daemon) -> dict[str, Any]:
    agents = pytest.importorskip("agents")
    from .drivers.openai_agents import model_of

    mine = job()
    quiet = agents.RunConfig(tracing_disabled=True)
    agent = agents.Agent("clerk", model=model_of(mine), tools=[agents.function_tool(tool.fn) for tool in mine.tools])
    check = checked(
        daemon, mine, lambda made: asyncio.run(agents.Runner.run(made["agent"], "refund my order", run_config=quiet))
    )
    return {"agent": agent, "check": check}


@pytest.fixture
def readme_pydantic_ai(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("pydantic_ai")
    from pydantic_ai.models.function import FunctionModel

    from .drivers.pydantic_ai import answers

    mine = job()
    check = checked(daemon, mine, lambda made: made["agent"].run_sync("refund my order"))
    return {"model": FunctionModel(answers(mine.script)), "tools": [tool.fn for tool in mine.tools], "check": check}


@pytest.fixture
def readme_agent_framework(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("agent_framework")
    from .drivers.agent_framework import ScriptedClient, tools_of

    mine = job()
    check = checked(daemon, mine, lambda made: asyncio.run(made["agent"].run("refund my order")))
    return {"client": ScriptedClient(mine.script), "tools": tools_of(mine), "check": check}


@pytest.fixture
def readme_google_adk(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("google.adk")
    from google.adk.runners import InMemoryRunner

    from .drivers.google_adk import agent_of, ran_by, tools_of

    mine = job()
    check = checked(daemon, mine, lambda made: asyncio.run(ran_by(InMemoryRunner(app=made["app"]), mine)))
    return {"agent": agent_of(mine, tools_of(mine)), "check": check}


@pytest.fixture
def readme_strands(daemon: Daemon) -> dict[str, Any]:
    pytest.importorskip("strands.middleware")
    from .drivers.strands import ScriptedModel, tools_of

    mine = job()
    check = checked(daemon, mine, lambda made: made["agent"]("refund my order"))
    return {"model": ScriptedModel(mine.script), "tools": tools_of(mine), "check": check}


@pytest.fixture
def readme_crewai(daemon: Daemon) -> dict[str, Any]:
    warnings.simplefilter("default")  # CrewAI warns of itself
    pytest.importorskip("crewai")
    from .drivers.crewai import crew_of

    mine = job()

    def check(made: dict[str, Any]) -> None:
        assert "refunded A-17" in mine.script.results[0]
        assert [(call["tool"], call["outcome"]) for call in daemon.calls()] == [("refund", "ok")]

    return {"crew": crew_of(mine), "check": check}
