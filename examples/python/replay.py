"""Replays a transcript of tool calls against the server that has any tool: a scope for each call, one token each."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jeton
from places import DEADLINE_S, TRANSCRIPT, transcript_url
from table import Table

if TYPE_CHECKING:
    from fastmcp import Client

MEMBERS = {"run", "call_id", "name", "arguments"}


class Line(NamedTuple):
    """One call of the transcript; its scope has checked the arguments and asked nobody yet."""

    run: str
    call_id: str
    name: str
    scope: jeton.CallScope


def read(file: Path) -> list[Line]:
    """The whole transcript, or SystemExit 2 with the line that is wrong: then nothing has run."""
    try:
        texts = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeError) as error:
        raise wrong(f"{file}: cannot be read ({type(error).__name__})") from None
    if texts[-1] == "":
        texts.pop()
    if not texts:
        raise wrong(f"{file}:1: no calls")
    lines = []
    for number, text in enumerate(texts, 1):
        try:
            lines.append(line_of(json.loads(text, object_pairs_hook=once, parse_constant=no_number)))
        except jeton.BadArguments as error:
            raise wrong(f"{file}:{number}: {error.message}") from None
        except (ValueError, RecursionError) as error:
            raise wrong(f"{file}:{number}: {error}") from None
    return lines


def line_of(call: Any) -> Line:
    if not isinstance(call, dict) or set(call) != MEMBERS:
        raise ValueError(f"a call is an object with exactly these members: {', '.join(sorted(MEMBERS))}")
    run, call_id, name, arguments = (call[member] for member in ("run", "call_id", "name", "arguments"))
    if not isinstance(name, str) or not isinstance(arguments, dict) or name == "":
        raise ValueError("name is a string that is not empty, and arguments an object")
    for value in (run, call_id):
        if not isinstance(value, str) or not 1 <= len(value) <= 128 or not all("!" <= c <= "~" for c in value):
            raise ValueError("run and call_id are strings of 1 to 128 printable ASCII characters without spaces")
    scope = jeton.call(name, arguments, server=TRANSCRIPT, run_id=run, call_id=call_id, framework="transcript")
    return Line(run, call_id, name, scope)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name twice in one object is two readings of one text."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member is there twice")
    return dict(pairs)


def no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def wrong(message: str) -> SystemExit:
    print(message, file=sys.stderr)
    return SystemExit(2)


async def run(client: Client[Any], line: Line) -> str:
    """Says "ok" when the tool ran with what was sent; else what came in between."""
    try:
        async with line.scope as scope:
            result = await client.call_tool_mcp(line.name, scope.arguments)
    except jeton.JetonError as error:
        return error.code
    except Exception as error:  # of whatever is in between; the next call may go well
        return type(error).__name__
    if result.is_error:
        return (result.meta or {}).get("dev.jeton/refusal", {}).get("code", "the tool failed")
    if json.loads(result.content[0].text) != line.scope.arguments:
        return "other arguments arrived"
    return "ok" if "dev.jeton/receipt" in (result.meta or {}) else "no receipt"


async def replay(lines: list[Line]) -> bool:
    from fastmcp import Client  # late: a mere check of a transcript needs no framework

    print(f"{len(lines)} calls over MCP, one token each")
    table = Table(["   #", "run", "call", "tool", "result", "ms"], (("", run, id, name) for run, id, name, _ in lines))
    good = 0
    async with Client(transcript_url()) as client:
        for number, line in enumerate(lines, 1):
            began = time.monotonic()
            result = await run(client, line)
            good += result == "ok"
            ms = f"{(time.monotonic() - began) * 1000:.1f}"
            table.row(f"{number:>4}", line.run, line.call_id, line.name, result, ms)
    return good == len(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=Path, required=True, help='JSONL; {"run","call_id","name","arguments"} a line')
    parser.add_argument("--check", action="store_true", help="only read it")
    options = parser.parse_args()
    jeton.configure(deadline=DEADLINE_S)
    lines = read(options.calls)
    if options.check:
        return 0
    jeton.instrument_mcp([(TRANSCRIPT, transcript_url())])
    logging.getLogger("client").setLevel(logging.ERROR)  # mcp's: it warns for every tool that no server lists
    return 0 if asyncio.run(replay(lines)) else 1


if __name__ == "__main__":
    sys.exit(main())
