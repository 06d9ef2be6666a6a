"""What a fake sidecar permits: grants as Python objects, the first one that covers a call decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from .refusal import Refused

_HINTS_MAX = 3


class Grant:
    """A rule: these tools (globs over the whole name, `*` and `?`) on this server, within these limits.

    `when`, if given, is asked with the arguments and says whether the grant covers them; a KeyError, IndexError or
    TypeError of it counts as no, as a member that is missing or of another type does in a configuration. Where it is
    given, a digest in the place of the arguments is not covered.
    """

    def __init__(
        self,
        *tools: str,
        server: str = "*",
        agent: str = "*",
        name: str | None = None,
        ttl_s: int = 30,
        max_attempts: int = 8,
        max_redemptions: int = 1,
        rate_per_min: int | None = None,
        when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        if not tools:
            raise ValueError('a grant names at least one tool; "*" is every tool')
        _within("ttl_s", ttl_s, 120)
        _within("max_attempts", max_attempts, 1000)
        _within("max_redemptions", max_redemptions, max_attempts)
        if rate_per_min is not None:
            _within("rate_per_min", rate_per_min, 1_000_000)
        self.tools = tools
        self.server = server
        self.agent = agent
        self.name = name if name is not None else ",".join(tools)[:128]
        if not re.fullmatch("[!-~]{1,128}", self.name):
            raise ValueError("a grant's name is 1 to 128 visible ASCII characters; give one with name=")
        self.ttl_s = ttl_s
        self.max_attempts = max_attempts
        self.max_redemptions = max_redemptions
        self.rate_per_min = rate_per_min
        self.when = when

    def __repr__(self) -> str:
        return f"Grant({', '.join(map(repr, self.tools))}, server={self.server!r}, name={self.name!r})"

    def is_near(self, agent: str, server: str | None) -> bool:
        """Whether it is about this agent and, where one is named, this server."""
        return self.agent in ("*", agent) and (server is None or self.server in ("*", server))

    def covers(self, tool: str) -> bool:
        return any(glob_matches(glob, tool) for glob in self.tools)

    def holds(self, arguments: dict[str, Any] | None) -> bool:
        """Whether its rule about the arguments holds; None: only their digest came."""
        if self.when is None:
            return True
        if arguments is None:
            return False
        try:
            return bool(self.when(arguments))
        except (KeyError, IndexError, TypeError):
            return False


class Question(NamedTuple):
    """May this agent make this call?"""

    agent: str
    server: str | None
    """None: some server, whichever."""
    tool: str
    arguments: dict[str, Any] | None


def decide(grants: Iterable[Grant], question: Question) -> Grant:
    """The first grant that covers it; no_grant names those nearby."""
    near = [grant for grant in grants if grant.is_near(question.agent, question.server)]
    for grant in near:
        if grant.covers(question.tool) and grant.holds(question.arguments):
            return grant
    hints = "".join(f'; grant "{grant.name}" {_reason(grant, question)}' for grant in near[:_HINTS_MAX])
    where = question.server or "any server"
    raise Refused(
        "no_grant",
        f"agent {question.agent} may not call {ascii(question.tool)[1:-1]} on {where}"
        f"{hints or '; no grant names this agent and server'}",
    )


def glob_matches(pattern: str, text: str) -> bool:
    """`*` is any run of characters, `?` is one, every other character is itself."""
    steps = {"*": ".*", "?": "."}
    return re.fullmatch("".join(steps.get(c) or re.escape(c) for c in pattern), text, re.DOTALL) is not None


def _reason(grant: Grant, question: Question) -> str:
    if not grant.covers(question.tool):
        return f"covers {', '.join(grant.tools)}"
    return "has argument rules: send the arguments" if question.arguments is None else "fails on these arguments"


def _within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ValueError(f"{name} is from 1 to {most}")
