"""How much a fake lets through: tokens a minute, and refusals that become events of their own."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from .clock import US, Clock

_MINUTE_US = 60 * US
REFUSALS_PER_MIN = 20


def default_limits() -> dict[str, int]:
    """The bounds of the door, as `status` shows them."""
    return {
        "body_bytes": 1 << 20,
        "arguments_bytes": 256 * 1024,
        "header_bytes": 16 * 1024,
        "connections_per_uid": 128,
        "connections_per_address": 64,
        "connections": 1024,
        "idle_s": 60,
        "request_s": 5,
    }


class Rate:
    """A sliding minute, per agent and grant."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)

    def take(self, agent: str, grant: str, per_min: int) -> bool:
        """Takes one place, or says no."""
        now, times = self._clock.boot_us(), self._times[agent, grant]
        while times and now - times[0] >= _MINUTE_US:
            times.popleft()
        if len(times) >= per_min:
            return False
        times.append(now)
        return True


@dataclass
class _Window:
    since_us: int
    seen: int = 0
    suppressed: int = 0
    first_us: int = 0
    last_us: int = 0


class RefusalMeter:
    """The first 20 a minute of an account and code are events; the rest are counted in one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[int, str], _Window] = {}

    def admit(self, uid: int, code: str) -> bool:
        """Whether this one is an event of its own."""
        now = self._clock.boot_us()
        window = self._windows.get((uid, code))
        # A window with counts in it stays until they are written; only then does a new minute begin.
        if window is None or (window.suppressed == 0 and now - window.since_us >= _MINUTE_US):
            window = self._windows[uid, code] = _Window(now)
        window.seen += 1
        if window.seen <= REFUSALS_PER_MIN:
            return True
        window.last_us = self._clock.wall_us()
        window.first_us = window.first_us or window.last_us
        window.suppressed += 1
        return False

    def due(self, *, all: bool = False) -> list[dict[str, Any]]:
        """The events of counts whose minute is over."""
        now = self._clock.boot_us()
        return [
            {
                "event": "refusals.suppressed",
                "time_us": self._clock.wall_us(),
                "role": "daemon",
                "uid": uid,
                "code": code,
                "count": window.suppressed,
                "first_us": window.first_us,
                "last_us": window.last_us,
            }
            for (uid, code), window in self._windows.items()
            if window.suppressed and (all or now - window.since_us >= _MINUTE_US)
        ]

    def written(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            self._windows.pop((event["uid"], event["code"]), None)
