"""Who may do what at a fake sidecar. The part a caller plays hangs on the socket it came through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """One socket: whoever comes through it is this agent, may act for these servers (None: all), is operator or not."""

    path: str
    agent: str | None = None
    servers: frozenset[str] | None = frozenset()
    operator: bool = False


@dataclass(frozen=True)
class Caller:
    """Who asks, as the kernel vouches, and the door it came through."""

    uid: int
    gid: int
    pid: int
    door: Door


@dataclass(frozen=True)
class Server:
    """A configured tool server. `anyone`: it has no `match`, so every attested peer may redeem for it. `offline`: it
    burns in a store of its own and only reports here."""

    url: str
    anyone: bool = False
    offline: bool = False


class Roles:
    """Lookups over what is configured. `servers` None: every valid name is one, as with --dev."""

    def __init__(self, trust_domain: str, agents: Iterable[str], servers: Iterable[Server] | None) -> None:
        self.trust_domain = trust_domain
        self.agents = set(agents)
        self.servers = None if servers is None else {server.url: server for server in servers}

    def spiffe_id(self, agent: str) -> str:
        return f"spiffe://{self.trust_domain}/agent/{agent}"

    def server_named(self, url: str) -> Server | None:
        return Server(url) if self.servers is None else self.servers.get(url)

    def may_act_for(self, server: Server, caller: Caller) -> bool:
        mine = caller.door.servers
        return server.anyone or mine is None or server.url in mine

    def has_open_server(self) -> bool:
        return self.servers is not None and any(server.anyone for server in self.servers.values())

    def knows(self, caller: Caller) -> bool:
        return bool(self.names_of(caller))

    def names_of(self, caller: Caller) -> list[str]:
        """For status."""
        door = caller.door
        names = [] if door.agent is None else [f"agent:{door.agent}"]
        if self.servers is None:
            names += ["server:*"] if door.servers is None else [f"server:{url}" for url in sorted(door.servers)]
        else:
            mine = self.servers if door.servers is None else self.servers.keys() & door.servers
            names += [f"server:{url}" for url in self.servers if url in mine and not self.servers[url].anyone]
        return names + (["operator", "reviewer"] if door.operator else [])
