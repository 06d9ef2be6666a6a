"""What the use cases of a fake share: who asks, how a refusal becomes an event, and one transaction a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .clock import Clock
from .controls import Controls
from .grants import Grant
from .keys import Keyring
from .ledger import Event, Ledger
from .limits import Rate, RefusalMeter
from .minted import MintedTokens
from .refusal import Refused
from .roles import Caller, Roles

T = TypeVar("T")


class Exchange:
    """What a running fake knows. A restart makes a new one over the same ledger."""

    def __init__(self, clock: Clock, ledger: Ledger, roles: Roles, grants: list[Grant]) -> None:
        self.clock = clock
        self.ledger = ledger
        self.roles = roles
        self.grants = grants
        self.issuer = f"urn:uuid:{ledger.id}"
        self.keyring = Keyring(clock)
        self.minted = MintedTokens()
        self.controls = Controls(ledger)
        self.minting_rate = Rate(clock)
        self.opening_rate = Rate(clock)
        self.meter = RefusalMeter(clock)

    def transact(self, work: Callable[[], T], *, writable: bool) -> T:
        """Runs `work` behind the events that wait. A refusal of it is raised when its event is kept.

        On log_unavailable nothing of it is kept but what was revoked.
        """
        before = None if writable else self.minted.copy()
        refused: Refused | None = None
        durable = False
        try:
            with self.ledger.transaction(writable=writable):
                self.controls.write(self.ledger)
                try:
                    done = work()
                except Refused as error:
                    refused = error
            durable = True
        finally:
            self.controls.settle(durable=durable)
            if not durable and before is not None:
                self.minted.take_back_to(before)
        if refused is not None:
            raise refused
        return done

    def keep_house(self, *, writable: bool, stopping: bool = False) -> None:
        """The events time has made due. What cannot be written stays due."""
        self.minted.forget_expired(self.clock.boot_us())
        due = self.meter.due(all=stopping)
        rotation = self.keyring.rotation_due() and not stopping
        if not writable or not (due or rotation or self.controls.waiting):
            return

        def write() -> None:
            for event in due:
                self.ledger.append(event)
            if rotation:
                self.record("key.rotated")

        self.transact(write, writable=True)
        self.meter.written(due)
        if rotation:
            self.keyring.rotate()

    def record(self, kind: str, **members: Any) -> int:
        """An event of the sidecar's own."""
        return self.ledger.append({"event": kind, "time_us": self.clock.wall_us(), "role": "daemon", **members})

    def event(self, kind: str, role: str, caller: Caller, **members: Any) -> Event:
        """An event with the evidence of the caller."""
        return {
            "event": kind,
            "time_us": self.clock.wall_us(),
            "role": role,
            "uid": caller.uid,
            "gid": caller.gid,
            "pid": caller.pid,
            "socket": caller.door.path,
            **members,
        }

    def agent_of(self, caller: Caller) -> str:
        """The agent's name."""
        if caller.door.agent is not None:
            return caller.door.agent
        if self.roles.knows(caller):
            raise Refused("wrong_role", f"uid {caller.uid} is configured, but not as an agent")
        raise Refused("unknown_agent", f"uid {caller.uid} matches no agent")

    @contextmanager
    def refusals(self, caller: Caller, verb: str, about: Event) -> Iterator[None]:
        """Makes a refusal of what runs inside an event, or counts it, and says in it where it stands.

        `about` is what is known of the request; it may grow while the block runs.
        """
        try:
            yield
        except Refused as refused:
            refused.txn = about.get("txn")
            if self.meter.admit(caller.uid, refused.code):
                refused.log_index = self.ledger.append(self._refusal(caller, verb, refused.code, about))
            raise

    def _refusal(self, caller: Caller, verb: str, code: str, about: Event) -> Event:
        agent = caller.door.agent
        as_operator = verb in ("revoke", "disable", "enable") and caller.door.operator
        as_agent = agent is not None and verb != "redeem" and not as_operator
        role = "agent" if as_agent else "peer"
        if verb == "redeem" and self.roles.knows(caller):
            role = "server"
        if as_operator:
            role = "operator"
        known = {"agent": self.roles.spiffe_id(agent)} if as_agent and agent is not None else {}
        return self.event("request.refused", role, caller, verb=verb, code=code, **known, **about)
