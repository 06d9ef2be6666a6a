"""A LangGraph agent that helps a customer: two tool calls with a token each, and one that policy stops."""

from __future__ import annotations

import asyncio
import sys

import jeton
from jeton.adapters.langgraph import tool_node_kwargs
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_mcp_adapters.client import MultiServerMCPClient
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from places import DEADLINE_S, SHOP, shop_url
from spoken import Said

Call = dict[str, object]
LOOK_UP: Call = {"name": "lookup_order", "args": {"order": 102}, "id": "lg_1"}
REFUND: Call = {
    "name": "refund",
    "args": {"order": 102, "amount_cents": 2100, "reason": "the tray is dented"},
    "id": "lg_2",
}
TOO_MUCH: Call = {
    "name": "refund",
    "args": {"order": 103, "amount_cents": 19900, "reason": "the customer insists"},
    "id": "lg_3",
}
SCRIPT = [
    AIMessage("", tool_calls=[LOOK_UP]),
    AIMessage("", tool_calls=[REFUND]),
    AIMessage("", tool_calls=[TOO_MUCH]),
    AIMessage("The dented tray is paid back. The tea chest is more than I may pay back; a colleague will look at it."),
]


async def main() -> int:
    jeton.configure(deadline=DEADLINE_S)
    jeton.instrument_mcp([(SHOP, shop_url())])  # every tools/call to the shop carries a token from here on

    client = MultiServerMCPClient({"shop": {"transport": "streamable_http", "url": shop_url()}})
    model = FakeMessagesListChatModel(responses=SCRIPT)

    async def think(state: MessagesState) -> dict[str, object]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("tools", ToolNode(await client.get_tools(), **tool_node_kwargs()))  # a permit for each tool
    graph.set_entry_point("think")
    graph.add_conditional_edges("think", tools_condition)
    graph.add_edge("tools", "think")
    asked = HumanMessage("My tray came dented. And I want the tea chest's price back as well.")
    messages = (await graph.compile().ainvoke({"messages": [asked]}))["messages"]

    said = Said("LangGraph", asked.text)
    for message in messages:
        for call in getattr(message, "tool_calls", []):
            said.call(call["id"], call["name"], call["args"])
        if isinstance(message, ToolMessage):
            said.result(message.tool_call_id, message.text)
    return said.end(messages[-1].text, refused={"lg_3": "no_grant"})


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
