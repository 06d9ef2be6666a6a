"""The command line that all measurements here share."""

from __future__ import annotations

import argparse


def options_of(doc: str | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(doc or "").split("\n")[0])
    parser.add_argument(
        "--socket", required=True, help="the socket of a jetond whose grants allow `bench` on the server"
    )
    parser.add_argument("--server", default="https://bench.example/mcp", help="the tool server to mint for")
    parser.add_argument("--calls", type=int, default=300, help="calls for each median (300)")
    return parser.parse_args()
