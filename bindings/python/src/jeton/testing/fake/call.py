"""The state of one call, folded from its events: there is no second record that could disagree with the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .ledger import Event


@dataclass
class Attempt:
    """One token of a call.

    Unredeemed, redeemed, reported (redeemed offline, as its server says), superseded or revoked.
    """

    minted: Event
    state: str = "unredeemed"
    redemption: Event | None = None


@dataclass
class Call:
    """From its opening to its outcomes."""

    opening: Event
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: list[Event] = field(default_factory=list)
    revocation: Event | None = None
    """The event that closed the call for good: no attempt is minted after it."""

    @classmethod
    def of(cls, story: Sequence[Event]) -> Call | None:
        """None for a story that does not begin with an opening."""
        if not story or story[0]["event"] not in ("call.opened", "token.minted"):
            return None
        call = cls(story[0])
        for event in story:
            call._apply(event)
        return call

    def _apply(self, event: Event) -> None:
        kind = event["event"]
        if kind == "token.minted":
            self.attempts.append(Attempt(event))
        elif kind == "call.outcome":
            self.outcomes.append(event)
            attempt = self.attempt_of(event.get("jti", ""))
            if event["role"] == "server" and attempt and not attempt.redemption:
                attempt.state = "reported"
        elif kind == "token.revoked" and "jti" not in event:
            self.revocation = self.revocation or event
        elif kind.startswith("token.") and (attempt := self.attempt_of(event["jti"])):
            # Spent is for ever: whatever is said of such a token later, it counts against the call's redemptions.
            if kind == "token.redeemed":
                attempt.state, attempt.redemption = "redeemed", event
            elif attempt.state not in ("redeemed", "reported"):
                attempt.state = kind.removeprefix("token.")

    def attempt_of(self, jti: str) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.minted["jti"] == jti), None)

    @property
    def redemptions(self) -> int:
        return sum(attempt.state in ("redeemed", "reported") for attempt in self.attempts)

    @property
    def openers_outcome(self) -> Event | None:
        """The outcome that counts. After it the call is over for its agent."""
        return next((event for event in self.outcomes if event["role"] == "agent"), None)

    def redeemers_outcome(self, jti: str) -> Event | None:
        """The first that the redeemer of this token reported."""
        return next((e for e in self.outcomes if e["role"] == "server" and e.get("jti") == jti), None)
