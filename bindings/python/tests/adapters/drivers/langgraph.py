"""LangGraph as the contract drives it: a graph of a model and a ToolNode, with a checkpointer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import StructuredTool
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langgraph import runtime
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from jeton.adapters.langgraph import tool_node_kwargs

from ..driver import Driver, Job, Ran, Script


class ScriptedChatModel(BaseChatModel):
    """LangChain's base class for models, offline."""

    script: Any

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        script: Script = self.script
        answered = max((n for n, message in enumerate(messages) if isinstance(message, AIMessage)), default=-1)
        results = [str(message.content) for message in messages[answered + 1 :] if isinstance(message, ToolMessage)]
        turn = script.reply(repr([message.model_dump() for message in messages]), results)
        calls = [{"name": ask.tool, "args": ask.arguments, "id": ask.call_id} for ask in turn.asks]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=turn.text, tool_calls=calls))])


def tools_of(job: Job) -> list[StructuredTool]:
    """The job's tools as LangChain's."""
    tools = []
    for tool in job.tools:
        is_async = tool.fn.__code__.co_flags & 0x80
        how = {"coroutine": tool.fn} if is_async else {"func": tool.fn}
        tools.append(StructuredTool.from_function(name=tool.name, **how))
    return tools


class GraphDriver(Driver):
    """A driver for whatever makes a compiled graph."""

    mapper = "jeton.adapters.langgraph._call_of"
    names_runs = hasattr(runtime, "ExecutionInfo")
    """langgraph 1.0 tells a node nothing of its run."""

    def graph(self, job: Job, saver: InMemorySaver) -> Any:
        """The graph that runs the job."""
        raise NotImplementedError

    def run(self, job: Job) -> Ran:
        run = _Run(self, job)
        return run.over(run.graph.invoke(run.input, run.config))

    async def arun(self, job: Job) -> Ran:
        run = _Run(self, job)
        return run.over(await run.graph.ainvoke(run.input, run.config))

    def stream(self, job: Job) -> Ran:
        run = _Run(self, job)
        for item in run.graph.stream(run.input, run.config, stream_mode=["values", "updates", "messages"]):
            job.script.between()
            run.kept.append(repr(item))
        return run.over(run.graph.get_state(run.config).values)

    async def astream(self, job: Job) -> Ran:
        run = _Run(self, job)
        async for item in run.graph.astream(run.input, run.config, stream_mode=["values", "updates", "messages"]):
            job.script.between()
            run.kept.append(repr(item))
        return run.over((await run.graph.aget_state(run.config)).values)


class _Run:
    """One run, with ids that are ours to choose, and all that it leaves behind."""

    def __init__(self, driver: GraphDriver, job: Job) -> None:
        self.run_id = uuid4()
        self.session_id = job.session_id
        self.saver = InMemorySaver()
        self.runs = RunCollectorCallbackHandler()
        self.graph = driver.graph(job, self.saver)
        self.input = {"messages": [HumanMessage("refund my order")]}
        self.config = {
            "configurable": {"thread_id": job.session_id},
            "run_id": self.run_id,
            "callbacks": [self.runs],
        }
        self.kept: list[str] = []

    def over(self, state: dict[str, Any]) -> Ran:
        checkpoints = [repr(part) for part in (self.saver.storage, self.saver.blobs, self.saver.writes)]
        traced = [repr(run.model_dump()) for run in self.runs.traced_runs]
        assert traced, "callbacks were told of the run"
        return Ran(
            text=state["messages"][-1].content,
            kept="\n".join([repr(state), *checkpoints, *traced, *self.kept]),
            run_id=str(self.run_id) if GraphDriver.names_runs else None,
            session_id=self.session_id,
        )


class LangGraph(GraphDriver):
    """ToolNode in a graph of one's own."""

    name = "langgraph"
    framework = "langgraph"

    def graph(self, job: Job, saver: InMemorySaver) -> Any:
        model = ScriptedChatModel(script=job.script)

        def think(state: MessagesState) -> dict[str, Any]:
            return {"messages": [model.invoke(state["messages"])]}

        graph = StateGraph(MessagesState)
        graph.add_node("think", think)
        graph.add_node("tools", ToolNode(tools_of(job), **(tool_node_kwargs() if job.protected else {})))
        graph.set_entry_point("think")
        graph.add_conditional_edges("think", tools_condition)
        graph.add_edge("tools", "think")
        return graph.compile(checkpointer=saver)


DRIVER = LangGraph()
