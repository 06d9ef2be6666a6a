"""One small company, configured alike at the real jetond and at the fake, and the accounts in it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

import jeton
from jeton.steps import Request
from jeton.testing import FakeSidecar, Grant, Jetond, Server, Sidecar

from . import raw

CRM = "https://crm.example/mcp"
FILES = "mcp:stdio:files"
"""Its entry has no `match`: any attested peer may redeem for it."""
VAULT = "https://vault.example/mcp"
"""It verifies offline."""
NOWHERE = "https://nowhere.example/mcp"
"""Nobody configured it."""
ARGUMENTS = {"order": "A-17", "amount": 40}


@dataclass(frozen=True)
class Rule:
    """One grant, for both."""

    name: str
    tools: tuple[str, ...]
    server: str = CRM
    agent: str = "billing"
    limits: Mapping[str, int] = field(default_factory=dict)
    amount_max: int | None = None

    def toml(self) -> str:
        lines = ["[[grant]]", f'name = "{self.name}"', f'agent = "{self.agent}"', f'server = "{self.server}"']
        lines += [f"tools = {json.dumps(self.tools)}", *(f"{key} = {value}" for key, value in self.limits.items())]
        if self.amount_max is not None:
            lines += ["[[grant.argument]]", 'pointer = "/amount"', f"max = {self.amount_max}"]
        return "\n".join(lines)

    def grant(self) -> Grant:
        most = self.amount_max
        return Grant(
            *self.tools,
            name=self.name,
            server=self.server,
            agent=self.agent,
            when=None if most is None else lambda arguments: arguments["amount"] <= most,
            **self.limits,
        )


RULES = (
    Rule("refunds", ("refund",), limits={"max_attempts": 4}),
    Rule("small", ("pay",), amount_max=100),
    Rule("twice", ("sync_*",), limits={"max_redemptions": 2}),
    Rule("short", ("brief",), limits={"ttl_s": 1}),
    Rule("rare", ("rare",), limits={"rate_per_min": 2}),
    Rule("files", ("*",), server=FILES),
    Rule("vault", ("unseal",), server=VAULT),
    Rule("others", ("refund",), agent="other"),
)


class PatientClient(jeton.Client):
    """A client that asks again where the disk of a busy machine stalled."""

    def ask(self, request: Request) -> dict[str, Any]:
        for _ in range(raw.PATIENCE):
            try:
                return super().ask(request)
            except jeton.Unavailable as error:
                if not error.message.startswith(raw.STALLED):
                    raise
        return super().ask(request)


class World:
    """A sidecar, and one client for each account: who comes through a socket of their own is known by it."""

    def __init__(self, sidecar: Sidecar, doors: Mapping[str, str]) -> None:
        self.sidecar = sidecar
        self.doors = doors
        self.real = isinstance(sidecar, Jetond)

    def client(self, door: str) -> jeton.Client:
        return PatientClient(self.doors[door], deadline=10)

    @cached_property
    def billing(self) -> jeton.Client:
        """The agent most tests are about."""
        return self.client("billing")

    @cached_property
    def other(self) -> jeton.Client:
        """Another agent."""
        return self.client("other")

    @cached_property
    def crm(self) -> jeton.Client:
        """The account of the tool server CRM."""
        return self.client("crm")

    @cached_property
    def ops(self) -> jeton.Client:
        """An operator, and nothing else."""
        return self.client("ops")

    @cached_property
    def stranger(self) -> jeton.Client:
        """An account nobody configured."""
        return self.client("stranger")

    def open(self, tool: str = "refund", arguments: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """A call of billing's, opened with CRM's first token unless `server` says otherwise (None: without)."""
        body = {"server": CRM, "tool": tool, "arguments": ARGUMENTS if arguments is None else arguments, **more}
        return self.billing.post("/v1/calls", {name: value for name, value in body.items() if value is not None})

    def mint(self, txn: str, tool: str = "refund", **more: Any) -> dict[str, Any]:
        body = {"server": CRM, "tool": tool, "arguments": ARGUMENTS, **more}
        return self.billing.post(f"/v1/calls/{txn}/tokens", body)

    def redeem(self, token: str, tool: str = "refund", *, by: str = "crm", **more: Any) -> dict[str, Any]:
        body = {"token": token, "server": CRM, "tool": tool, "arguments": ARGUMENTS, "redemption_id": "first", **more}
        return self.client(by).post("/v1/redeem", body)

    def verifier(self, server: str = CRM, by: str = "crm") -> jeton.Verifier:
        return jeton.Verifier(server, client=self.client(by))

    def let_pass(self, answer: Mapping[str, Any], seconds: int = 1) -> None:
        """Until the token of this answer, good for so long, has expired."""
        if isinstance(self.sidecar, FakeSidecar):
            self.sidecar.clock.advance(seconds)
        else:
            until(lambda: time.time() >= answer["expires_at"] + 1)

    def event(self, log_index: int | None) -> dict[str, Any]:
        """The event of an index that an answer or a refusal told."""
        assert log_index is not None
        return self.sidecar.events[log_index]

    def story(self, txn: str) -> list[dict[str, Any]]:
        return [event for event in self.sidecar.events if event.get("txn") == txn]

    def kinds(self, txn: str) -> list[str]:
        return [event["event"] for event in self.story(txn)]


def real_world(folder: Path, rules: Iterable[Rule], limits: Mapping[str, int]) -> World:
    doors = {name: str(folder / f"{name}.sock") for name in ("billing", "other", "crm", "vault", "ops")}
    own = {name: f'match = ["jeton:socket:{path}"]' for name, path in doors.items()}
    lines = ['trust_domain = "test.example"', 'durability = "normal"', "[limits]"]
    lines += [f"{name} = {value}" for name, value in limits.items()]
    lines += ["[[agent]]", 'name = "billing"', own["billing"], "[[agent]]", 'name = "other"', own["other"]]
    lines += ["[[server]]", f'url = "{CRM}"', own["crm"], "[[server]]", f'url = "{FILES}"']
    lines += ["[[server]]", f'url = "{VAULT}"', own["vault"], 'verify = "offline"', "[[operator]]", own["ops"]]
    sidecar = Jetond("\n".join([*lines, *(rule.toml() for rule in rules)]))
    return World(sidecar, {**doors, "stranger": sidecar.socket})


def fake_world(rules: Iterable[Rule], limits: Mapping[str, int]) -> World:
    servers = [Server(CRM), Server(FILES, anyone=True), Server(VAULT, offline=True)]
    grants = [rule.grant() for rule in rules]
    sidecar = FakeSidecar(grants, servers=servers, agent="billing", trust_domain="test.example")
    sidecar.limits.update(limits)
    doors = {
        "billing": sidecar.open_door(agent="billing"),
        "other": sidecar.open_door(agent="other"),
        "crm": sidecar.open_door(servers=[CRM]),
        "vault": sidecar.open_door(servers=[VAULT]),
        "ops": sidecar.open_door(operator=True),
        "stranger": sidecar.open_door(),
    }
    return World(sidecar, doors)


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[jeton.JetonError]]:
    """What runs inside must be refused with exactly this code."""
    with pytest.raises(jeton.JetonError) as raised:
        yield raised
    assert raised.value.code == code, f"{raised.value.code}: {raised.value.message}"


def until(holds: Any, seconds: float = 15) -> None:
    """Looks again until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.02)
