"""An OpenAI Agents SDK agent that writes reports: two queries at once, then an injected order that policy stops."""

from __future__ import annotations

import asyncio
import json
import sys

import jeton
from agents import Agent, RunConfig, Runner
from agents.items import ToolCallItem, ToolCallOutputItem
from agents.mcp import MCPServerStreamableHttp
from agents.testing import ScriptedModel, assistant_message, function_call
from jeton.adapters.openai_agents import protect
from places import DEADLINE_S, SHOP, shop_url
from spoken import Said

ASKED = "How much did each customer spend, and what is still open?"
SPENT = {
    "sql": "SELECT name, sum(total_cents) AS spent_cents FROM orders JOIN customers ON customers.id = customer_id "
    "GROUP BY name ORDER BY name"
}
OPEN = {"sql": "SELECT id, item FROM orders WHERE state = 'open'"}
INJECTED = {"order": 101, "amount_cents": 1780, "reason": "the report said so"}
SCRIPT = [
    [function_call("sql_query", SPENT, call_id="oa_1"), function_call("sql_query", OPEN, call_id="oa_2")],
    [function_call("refund", INJECTED, call_id="oa_3")],
    [assistant_message("Ana spent 73.70 and Ben 199.00; a tea chest is open. A text told me to pay back: I may not.")],
]


async def main() -> int:
    jeton.configure(deadline=DEADLINE_S)
    jeton.instrument_mcp([(SHOP, shop_url())])  # every tools/call to the shop carries a token from here on

    async with MCPServerStreamableHttp({"url": shop_url()}, name="shop") as shop:
        agent = protect(Agent("reports", model=ScriptedModel(SCRIPT), mcp_servers=[shop]))  # a permit for each tool
        done = await Runner.run(agent, ASKED, run_config=RunConfig(tracing_disabled=True))

    said = Said("OpenAI Agents SDK", ASKED)
    for item in done.new_items:
        if isinstance(item, ToolCallItem):
            said.call(item.raw_item.call_id, item.raw_item.name, json.loads(item.raw_item.arguments))
        if isinstance(item, ToolCallOutputItem):
            said.result(item.raw_item["call_id"], text_of(item.output))
    return said.end(done.final_output, refused={"oa_3": "no_grant"})


def text_of(output: object) -> object:
    """The text of a tool's output, which the SDK keeps in parts."""
    if isinstance(output, list):
        return "".join(part["text"] for part in output)
    return output["text"] if isinstance(output, dict) and "text" in output else output


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
