"""What Jeton adds to a tool call of a LangGraph agent: the permit, a token and the outcome. One JSON.

python bindings/python/bench/langgraph_call.py --socket PATH [--server URL] [--calls N]
"""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from options import options_of

import jeton
from jeton.adapters.langgraph import tool_node_kwargs

SERVER = ""


@tool
def bench(order: str, amount: int) -> str:
    """Pays back."""
    scope = jeton.current_call()
    if scope is not None:
        scope.mint(SERVER)
    return f"{amount} for {order}"


def graph_of(node: ToolNode) -> Any:
    graph = StateGraph(MessagesState)
    graph.add_node("tools", node)
    graph.add_edge(START, "tools")
    graph.add_edge("tools", END)
    return graph.compile()


def call_us(graph: Any, number: int) -> float:
    asked = {"name": "bench", "args": {"order": "A-17", "amount": 40}, "id": f"call_{number}"}
    state = {"messages": [AIMessage("", tool_calls=[asked])]}
    began = time.perf_counter_ns()
    result = graph.invoke(state)
    took = (time.perf_counter_ns() - began) / 1000
    assert result["messages"][-1].content == "40 for A-17", result["messages"][-1].content
    return took


def main() -> None:
    global SERVER
    options = options_of(__doc__)
    SERVER = options.server
    jeton.configure(socket=options.socket, deadline=5)
    guarded = graph_of(ToolNode([bench], **tool_node_kwargs()))
    plain = graph_of(ToolNode([bench]))
    with_jeton, without = [], []
    for number in range(options.calls + 20):
        # In turns, so that a slow moment of the machine meets both; the first ones pay for caches.
        with_jeton.append(call_us(guarded, number))
        without.append(call_us(plain, number))
    cost = statistics.median(with_jeton[20:]) - statistics.median(without[20:])
    print(json.dumps({"cost_us": round(cost, 1), "without_us": round(statistics.median(without[20:]), 1)}))


if __name__ == "__main__":
    main()
