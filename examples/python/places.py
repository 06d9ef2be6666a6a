"""Where the parts of the example find each other: run.sh says it in the environment."""

from __future__ import annotations

import os

SHOP = "https://shop.example/mcp"
"""The shop's name: what grants and tokens say. It stays when the place changes."""
TRANSCRIPT = "https://transcript.example/mcp"
"""The name of the server that answers any tool."""
DEADLINE_S = 5.0
"""For a request to jetond. A demo may run on a busy laptop; jeton's own 0.25 is for machines that serve."""


def shop_url() -> str:
    """Where the shop is now."""
    return _said("SHOP_URL")


def transcript_url() -> str:
    """Where the server that answers any tool is now."""
    return _said("TRANSCRIPT_URL")


def _said(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise SystemExit(f"${name} is not set; run.sh starts the servers and sets it") from None
