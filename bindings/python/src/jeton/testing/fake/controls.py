"""The kill switch and revocations of a fake: effects first, events as soon as the log takes them, each of them once."""

from __future__ import annotations

from .ledger import Event, Ledger

RUNS_PER_AGENT_MAX = 1024
_EVERY_AGENT = ""


class Controls:
    """Who is disabled, which runs are closed, and whose events still wait for the log."""

    def __init__(self, ledger: Ledger) -> None:
        self.waiting: list[Event] = []
        self._written = 0
        self._switches: dict[str, tuple[bool, int | None]] = {}
        self._runs: dict[tuple[str, str], int | None] = {}
        for event in ledger.controls():
            self._take_effect(event, event["log_index"])

    def is_disabled(self, agent: str) -> bool:
        return self._switches.get(agent, (False, None))[0]

    def was_switched(self, agent: str) -> bool:
        return agent in self._switches

    def switched_at(self, agent: str) -> int | None:
        """The event that stands."""
        return self._switches[agent][1]

    def disabled(self) -> list[str]:
        return [agent for agent, (disabled, _) in self._switches.items() if disabled]

    def is_run_revoked(self, agent: str, run_id: str | None) -> bool:
        return run_id is not None and ((_EVERY_AGENT, run_id) in self._runs or (agent, run_id) in self._runs)

    def run_revoked_at(self, agent: str, run_id: str) -> int | None:
        by_operator = (_EVERY_AGENT, run_id)
        return self._runs.get(by_operator if by_operator in self._runs else (agent, run_id))

    def runs_of(self, agent: str) -> int:
        return sum(owner == agent for owner, _ in self._runs)

    def is_closing(self, txn: str) -> bool:
        """Whether a revocation of the whole call waits for the log."""
        return any(event.get("txn") == txn and "jti" not in event for event in self.waiting)

    def order(self, event: Event) -> None:
        """It holds now; its event is written next."""
        self.waiting.append(event)
        if "txn" not in event and "jti" not in event:
            self._take_effect(event, None)

    def write(self, ledger: Ledger) -> int | None:
        """Appends what waits and is not written yet; the index of the last."""
        last = None
        for event in self.waiting[self._written :]:
            last = ledger.append(event)
            self._take_effect(event, last)
        self._written = len(self.waiting)
        return last

    def settle(self, *, durable: bool) -> None:
        """What became of the transaction that wrote them. What was not kept waits for the next."""
        if durable:
            del self.waiting[: self._written]
        self._written = 0

    def _take_effect(self, event: Event, log_index: int | None) -> None:
        kind = event["event"]
        if kind in ("agent.disabled", "agent.enabled"):
            self._switches[event["agent"]] = (kind == "agent.disabled", log_index)
        elif kind == "token.revoked" and "run_id" in event and "txn" not in event and "jti" not in event:
            self._runs[event.get("agent", _EVERY_AGENT), event["run_id"]] = log_index
