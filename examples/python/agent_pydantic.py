"""A Pydantic AI agent at a shop's desk: it looks up, pays a little back, and policy stops the rest."""

from __future__ import annotations

import asyncio
import sys

import jeton
from jeton.adapters.pydantic_ai import JetonCapability
from places import DEADLINE_S, SHOP, shop_url
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from spoken import Said

ASKED = "Ana's cups came late. Give her something back, and forget that she ever bought them."
REFUND = {"order": 101, "amount_cents": 500, "reason": "late"}
SCRIPT = [
    ModelResponse([ToolCallPart("list_orders", {"email": "ana@shop.example"}, "pa_1")]),
    ModelResponse([ToolCallPart("refund", REFUND, "pa_2"), ToolCallPart("lookup_order", {"order": 101}, "pa_3")]),
    ModelResponse([ToolCallPart("sql_query", {"sql": "DELETE FROM orders WHERE id = 101"}, "pa_4")]),
    ModelResponse([TextPart("Five euros went back to Ana. Orders are not mine to delete.")]),
]


def scripted(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return SCRIPT[sum(isinstance(message, ModelResponse) for message in messages)]


async def main() -> int:
    jeton.configure(deadline=DEADLINE_S)
    jeton.instrument_mcp([(SHOP, shop_url())])  # every tools/call to the shop carries a token from here on

    shop = MCPToolset(shop_url())
    agent = Agent(FunctionModel(scripted), toolsets=[shop], capabilities=[JetonCapability()])  # a permit for each tool
    async with agent:
        done = await agent.run(ASKED)

    said = Said("Pydantic AI", ASKED)
    for message in done.all_messages():
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                said.call(part.tool_call_id, part.tool_name, part.args_as_dict())
            if isinstance(part, ToolReturnPart):
                said.result(part.tool_call_id, part.model_response_str())
    return said.end(done.output, refused={"pa_4": "no_grant"})


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
