"""A sidecar without a daemon: a thread that serves the local door, with the protocol's codes, checks and events."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ... import __version__
from ..sidecar import Folder, Sidecar
from .clock import Clock
from .door import LocalDoor
from .exchange import Exchange
from .grants import Grant
from .ledger import Ledger
from .limits import default_limits
from .refusal import Refused
from .roles import Caller, Door, Roles, Server
from .server import Server as _Thread

__all__ = ["Clock", "FakeSidecar", "Grant", "Server"]


class FakeSidecar(Sidecar):
    """A sidecar in this process, behind a real socket: every client, sync, async or C++, works with it unchanged.

    It decides, refuses and records as jetond does, with tokens that are really signed. It keeps its log in memory, and
    knows whoever comes through its socket as the agent `agent`, every server's redeemer and an operator; `open_door`
    adds sockets for others. Without `grants` everything is permitted, as with `jetond --dev`; `servers` None knows
    every server name. Safe to use from any thread.
    """

    clock: Clock
    """Turn it instead of waiting: `fake.clock.advance(31)`."""

    def __init__(
        self,
        grants: Iterable[Grant] | None = None,
        *,
        servers: Iterable[str | Server] | None = None,
        agent: str = "dev",
        trust_domain: str = "dev.local",
    ) -> None:
        self._grants = [Grant("*", name="dev", max_redemptions=8)] if grants is None else list(grants)
        self.clock = Clock()
        self.limits = default_limits()
        """The bounds that `status` shows. Changed at any time."""
        known = None if servers is None else [Server(one) if isinstance(one, str) else one for one in servers]
        self._roles = Roles(trust_domain, {agent}, known)
        self._ledger = Ledger()
        self._log_unavailable = False
        self._folder = Folder()
        self.socket = str(self._folder / "agent.sock")
        self._doors = [Door(self.socket, agent, None, operator=True)]
        self._thread: _Thread | None = None
        self._start()

    def __repr__(self) -> str:
        return f"FakeSidecar(socket={self.socket!r}, {'running' if self._thread else 'stopped'})"

    def open_door(self, *, agent: str | None = None, servers: Iterable[str] = (), operator: bool = False) -> str:
        """One more socket, and what whoever comes through it is: an agent, the redeemer of these servers, an operator,
        or, without any, nobody that the sidecar knows."""
        door = Door(str(self._folder / f"door-{len(self._doors)}.sock"), agent, frozenset(servers), operator)

        def open() -> None:
            self._doors.append(door)
            if agent is not None:
                self._roles.agents.add(agent)

        self._running().open(door)
        self._running().do(open)
        return door.path

    @property
    def grants(self) -> list[Grant]:
        """What is permitted, first match first. Changed at any time; the next decision goes by it."""
        return self._grants

    @grants.setter
    def grants(self, grants: Iterable[Grant]) -> None:
        self._grants[:] = grants

    @property
    def events(self) -> list[dict[str, Any]]:
        thread = self._thread
        return self._read() if thread is None else thread.do(self._read)

    @property
    def log_unavailable(self) -> bool:
        return self._log_unavailable

    @log_unavailable.setter
    def log_unavailable(self, value: bool) -> None:
        def switch() -> None:
            self._log_unavailable = self._door.log_unavailable = value
            self._door.exchange.keep_house(writable=not value)

        self._running().do(switch)

    def stop_answering(self) -> None:
        thread = self._running()
        thread.held = [] if thread.held is None else thread.held

    def answer_again(self) -> None:
        thread = self._running()

        def answer() -> None:
            held, thread.held = thread.held or [], None
            for one in held:
                one()

        thread.do(answer)

    def stop(self) -> None:
        if self._thread is not None:
            self._end(in_good_order=True)
        self._folder.remove()

    def kill(self) -> None:
        self._running()
        self._end(in_good_order=False)

    def restart(self) -> None:
        if not self._folder.remove.alive:
            raise RuntimeError("this fake sidecar was stopped for good; make a new one")
        if self._thread is not None:
            self._end(in_good_order=True)
        self._start()

    def _read(self) -> list[dict[str, Any]]:
        return [dict(event) for event in self._ledger.events]

    def _start(self) -> None:
        self._door = LocalDoor(Exchange(self.clock, self._ledger, self._roles, self._grants), self.limits)
        self._log_unavailable = False
        about = {"uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid(), "detail": __version__}
        self._door.exchange.record("sidecar.started", **about)
        self._thread = _Thread(self._door.answer, self.limits, self._too_large)
        for door in self._doors:
            self._thread.open(door)

    def _end(self, *, in_good_order: bool) -> None:
        thread, self._thread = self._running(), None
        thread.close()
        for door in self._doors:
            (self._folder / door.path).unlink(missing_ok=True)
        if in_good_order and not self._log_unavailable:
            self._door.exchange.keep_house(writable=True, stopping=True)
            self._door.exchange.record("sidecar.stopped")

    def _running(self) -> _Thread:
        if self._thread is None:
            raise RuntimeError("this fake sidecar does not run; restart() it, or make a new one")
        return self._thread

    def _too_large(self, caller: Caller) -> Refused:
        if self._roles.knows(caller) or self._roles.has_open_server():
            return Refused("bad_request", "the body is larger than limits.body_bytes")
        return Refused("unknown_agent", "this account matches no agent, server or operator")
