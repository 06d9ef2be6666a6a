"""The time of a fake sidecar, which a test turns instead of waiting."""

from __future__ import annotations

import time

US = 1_000_000


class Clock:
    """The real time plus what it was advanced by, for the fake alone: nothing else in the process notices.

    `jeton.Verifier.verify`, which judges a token by this process's own clock, does not either; `redeem` asks the fake.
    """

    def __init__(self) -> None:
        self._ahead_us = 0

    def advance(self, seconds: float) -> None:
        """Lets time pass. It holds from the next request on."""
        if not seconds >= 0:
            raise ValueError("time goes forward: advance by 0 seconds or more")
        self._ahead_us += round(seconds * US)

    def wall_us(self) -> int:
        """Microseconds since 1970, for what people and tokens read."""
        return time.time_ns() // 1000 + self._ahead_us

    def boot_us(self) -> int:
        """Microseconds since whenever, never set back: how old a token is."""
        return time.monotonic_ns() // 1000 + self._ahead_us
