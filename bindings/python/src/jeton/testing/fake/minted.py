"""What a fake minted since it started and may still be redeemed. A restart forgets it, and so every unspent token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass
class Minted:
    """One token: its digest, until when, whose, and whether it is live, ended (spent, superseded) or revoked."""

    sha256: str
    deadline_us: int
    """By the boot clock."""
    txn: str
    agent: str
    run_id: str | None
    state: str = "live"


class MintedTokens:
    """By jti. Bounded by what was minted in the last two minutes."""

    def __init__(self) -> None:
        self._tokens: dict[str, Minted] = {}

    def find(self, jti: str) -> Minted | None:
        return self._tokens.get(jti)

    def remember(self, jti: str, token: Minted) -> None:
        self._tokens[jti] = token

    def live(self, now_us: int, wanted: Callable[[Minted], bool]) -> list[str]:
        """Those that could be redeemed now and that `wanted` says yes to."""
        return [
            jti
            for jti, token in self._tokens.items()
            if token.state == "live" and now_us < token.deadline_us and wanted(token)
        ]

    def end(self, jti: str) -> None:
        """Spent or superseded."""
        token = self._tokens.get(jti)
        if token is not None and token.state != "revoked":
            token.state = "ended"

    def revoke(self, jti: str) -> None:
        if (token := self._tokens.get(jti)) is not None:
            token.state = "revoked"

    def forget_expired(self, now_us: int) -> None:
        self._tokens = {jti: token for jti, token in self._tokens.items() if now_us < token.deadline_us}

    def copy(self) -> MintedTokens:
        copy = MintedTokens()
        copy._tokens = {jti: replace(token) for jti, token in self._tokens.items()}
        return copy

    def take_back_to(self, before: MintedTokens) -> None:
        """As if nothing had been minted, spent or superseded since. What was revoked since stays so."""
        revoked = [jti for jti, token in self._tokens.items() if token.state == "revoked"]
        self._tokens = before._tokens
        for jti in revoked:
            self.revoke(jti)
