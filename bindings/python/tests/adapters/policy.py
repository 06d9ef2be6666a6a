"""What the contract's sidecar permits: one tool, at one server and at one MCP server on stdio."""

from __future__ import annotations

SERVER = "https://crm.example/mcp"
ELSEWHERE = "https://elsewhere.example/mcp"
GRANTED = "refund"
NOT_GRANTED = "delete_customer"

#: For Daemon(config=), which fills in the account.
CONFIG = """
trust_domain = "adapters.example"
durability = "normal"
[[agent]]
name = "billing"
match = ["unix:uid:{uid}"]
[[server]]
url = "https://crm.example/mcp"
[[server]]
url = "https://elsewhere.example/mcp"
[[grant]]
name = "refunds"
agent = "billing"
server = "https://crm.example/mcp"
tools = ["refund"]
max_redemptions = 2
max_attempts = 64
[[server]]
url = "mcp:stdio:shop"
[[grant]]
name = "shop"
agent = "billing"
server = "mcp:stdio:shop"
tools = ["refund"]
max_redemptions = 2
max_attempts = 64
"""
