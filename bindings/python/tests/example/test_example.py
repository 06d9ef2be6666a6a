"""The Python example does what its page says: one whole run, what it left behind, and runs that must not go well."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[4]
EXAMPLE = REPOSITORY / "examples" / "python"
PYTHON = REPOSITORY / "build" / "python" / "example-mcp2" / "bin" / "python"
"""Of the environment that `run.sh` makes."""
RUN_S_MAX = 1800
"""The first run makes two virtual environments, and maybe the wheel."""
TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]+")
AGENTS = {"support": ["lookup_order", "refund"], "reports": ["sql_query"] * 2}
AGENTS["desk"] = ["list_orders", "lookup_order", "refund"]


def run(*options: str, example: Path = EXAMPLE, **environment: str) -> subprocess.CompletedProcess[str]:
    """`run.sh` with these options. What it lacks is a failure of the test, never a reason to skip it."""
    command = [str(example / "run.sh"), *options]
    where = {**os.environ, **environment}
    return subprocess.run(command, env=where, capture_output=True, text=True, timeout=RUN_S_MAX, check=False)


@dataclass(frozen=True)
class Ran:
    """A run that ended, and the state directory it was told to keep."""

    done: subprocess.CompletedProcess[str]
    state: Path

    @property
    def last(self) -> str:
        return self.done.stdout.splitlines()[-1]

    def section(self, title: str) -> list[str]:
        """The lines under one title."""
        (found,) = re.findall(rf"^== {re.escape(title)}.*\n((?:(?!== ).*\n)*)", self.done.stdout, flags=re.MULTILINE)
        return [line for line in found.splitlines() if line]

    def calls(self) -> list[dict[str, Any]]:
        """What the log that was kept tells."""
        jeton = Path(os.environ.get("JETON_BIN_DIR") or REPOSITORY / "build" / "bin") / "jeton"
        command = [str(jeton), "log", "calls", "--state", str(self.state), "--limit", "1000", "--json"]
        calls: list[dict[str, Any]] = json.loads(subprocess.check_output(command, timeout=30))["calls"]
        return calls


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    state = tmp_path_factory.mktemp("example") / "state"
    return Ran(run("--keep", str(state)), state)


def test_a_run_goes_well_and_its_last_line_counts_everything(ran: Ran) -> None:
    assert ran.done.returncode == 0, ran.done.stdout + ran.done.stderr
    assert re.fullmatch(
        r"calls 22 redeemed 19 refused 3; attacks 16 as expected 16; events [1-9]\d* gaps 0", ran.last
    ), ran.last


def test_three_frameworks_call_one_server_and_the_model_reads_what_policy_refused(ran: Ran) -> None:
    lines = ran.section("three agents")
    for framework in ("LangGraph: ", "OpenAI Agents SDK: ", "Pydantic AI: "):
        assert sum(line.startswith(framework) for line in lines) == 1
    assert sum("was not authorised (no_grant)" in line for line in lines) == 3
    assert not any("UNEXPECTED" in line for line in lines)


def test_every_call_is_in_one_log_under_the_agent_that_made_it(ran: Ran) -> None:
    calls = ran.calls()
    for agent, tools in AGENTS.items():
        own = [call for call in calls if call["agent"].endswith(f"/{agent}")]
        assert sorted(call["tool"] for call in own) == tools
        assert all((call["state"], call["redemptions"], call["refusals"]) == ("redeemed", 1, 0) for call in own)
        assert all(call["server"] == "https://shop.example/mcp" for call in own)


def test_a_transcript_of_foreign_tools_is_replayed_with_one_token_for_each_call(ran: Ran) -> None:
    wanted = [json.loads(line) for line in (EXAMPLE / "transcript.jsonl").read_text(encoding="utf-8").splitlines()]
    replayed = [call for call in ran.calls() if call["agent"].endswith("/transcript")]
    assert len(wanted) == 12
    assert sorted((call["call_id"], call["tool"]) for call in replayed) == sorted(
        (line["call_id"], line["name"]) for line in wanted
    )
    assert all((call["attempts"], call["redemptions"]) == (1, 1) for call in replayed)


def test_each_attack_meets_its_code_and_the_shop_paid_for_good_tokens_only(ran: Ran) -> None:
    lines = ran.section("attacks")
    assert sum("as expected" in line for line in lines[1:-2]) == 16
    assert "the shop paid 4 times for them; 4 held a good token" in lines
    for code in ("already_redeemed", "args_mismatch", "wrong_tool", "wrong_audience", "bad_token", "bad_signature"):
        assert any(code in line for line in lines)
    for code in ("revoked", "superseded", "expired", "too_many_attempts", "no_grant"):
        assert any(code in line for line in lines)


def test_no_token_is_printed_or_kept(ran: Ran) -> None:
    assert not TOKEN.search((ran.done.stdout + ran.done.stderr).encode())
    # What the daemon asks to be certified for has the form of a token and is none: it is there to be shown.
    kept = [file for file in ran.state.rglob("*") if file.is_file() and file.name != "domain.request"]
    assert kept
    assert not any(TOKEN.search(file.read_bytes()) for file in kept)


def test_a_server_without_its_guard_is_found_out(ran: Ran, tmp_path: Path) -> None:
    # given: the example, with the one line gone that guards the servers
    assert ran.done.returncode == 0
    for name in ("build", "bindings", "sdk"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    copy = Path(shutil.copytree(EXAMPLE, tmp_path / "examples" / "python"))
    server = (copy / "server.py").read_text()
    unguarded = re.sub(r"middleware=\[.*\]\)", "middleware=[])", server)
    assert unguarded != server
    (copy / "server.py").write_text(unguarded)

    # when: it runs
    done = run(example=copy)

    # then: it ends badly, with a number that says so
    assert done.returncode == 1
    (as_expected,) = re.findall(r"attacks 16 as expected (\d+);", done.stdout)
    assert int(as_expected) < 16
    assert re.search(r"^a second after its time +expired +ok +UNEXPECTED", done.stdout, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "Expecting"),
        ("[]", "exactly these members"),
        ('{"run": "r", "call_id": "c", "name": "n", "arguments": {}, "more": 1}', "exactly these members"),
        ('{"run": "r", "call_id": "c d", "name": "n", "arguments": {}}', "printable ASCII"),
        ('{"run": "r", "call_id": "c", "name": "n", "arguments": {"a": 1, "a": 2}}', "twice"),
        ('{"run": "r", "call_id": "c", "name": "n", "arguments": {"a": NaN}}', "NaN"),
        ('{"run": "r", "call_id": "c", "name": "n", "arguments": {"a": 9007199254740993}}', "beyond"),
        ('{"run": "r", "call_id": "c", "name": "", "arguments": {}}', "not empty"),
    ],
)
def test_a_transcript_with_a_bad_line_is_refused_with_its_place(ran: Ran, tmp_path: Path, line: str, says: str) -> None:
    good = '{"run": "r", "call_id": "c", "name": "n", "arguments": {}}'
    file = tmp_path / "bad.jsonl"
    file.write_text(f"{good}\n{line}\n", encoding="utf-8")
    command = [str(PYTHON), "-B", str(EXAMPLE / "replay.py"), "--check", "--calls", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{file}:2: ") and says in done.stderr


def test_what_it_cannot_do_is_said_with_exit_status_2(ran: Ran, tmp_path: Path) -> None:
    for options, environment, says in [
        (["--fast"], {}, "unknown option --fast"),
        (["--calls"], {}, "--calls needs a value"),
        (["--keep", str(ran.state)], {}, "has a log already"),
        ([], {"JETON_BIN_DIR": str(tmp_path)}, "no jetond in"),
        (["--calls", "/dev/null"], {}, "/dev/null:1: no calls"),
    ]:
        done = run(*options, **environment)
        assert (done.returncode, done.stdout) == (2, "")
        assert says in done.stderr


OVER_STDIO = """
import asyncio, sys
import jeton
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

async def main(python, server, database):
    command = [python, server, "--db", database, "--stdio"]
    jeton.configure(deadline=5)
    jeton.instrument_mcp([("https://shop.example/mcp", command)])
    transport = StdioTransport(command[0], command[1:], env={"JETON_SOCKET": jeton.Client().socket}, keep_alive=False)
    async with Client(transport) as client:
        print((await client.call_tool("lookup_order", {"order": 103})).data["item"])
        jeton.uninstrument_mcp()
        print((await client.call_tool_mcp("lookup_order", {"order": 103})).meta["dev.jeton/refusal"]["code"])

asyncio.run(main(*sys.argv[1:]))
"""


def test_the_shop_is_guarded_over_stdio_too(ran: Ran, daemon: Any, tmp_path: Path) -> None:
    command = [str(PYTHON), "-c", OVER_STDIO, str(PYTHON), str(EXAMPLE / "server.py"), str(tmp_path / "shop.db")]
    where = {**os.environ, "JETON_SOCKET": daemon.socket, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=where, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split("\n")[:2] == ["tea chest", "bad_token"], done.stderr
