"""The log of a fake sidecar: events as dicts under the protocol's names, and what of them is kept or taken back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .refusal import Refused

Event = dict[str, Any]

#: What makes up a call's state. Refusals are told of it, and change nothing.
_STORY = {"call.opened", "token.minted", "token.superseded", "token.redeemed", "token.revoked", "call.outcome"}
_CONTROL = {"agent.disabled", "agent.enabled"}


class Ledger:
    """Append-only, in memory. It outlives a restart of the fake, as the file of the real one does."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.id = str(uuid.uuid4())
        self._secret = os.urandom(32)
        self._stories: defaultdict[str, list[Event]] = defaultdict(list)
        self._spent: dict[str, Event] = {}

    def append(self, event: Event) -> int:
        """At the next index, which it returns. Members that are None are left out."""
        kept: Event = {
            "log_index": len(self.events),
            **{name: value for name, value in event.items() if value is not None},
        }
        if kept["event"] == "token.redeemed":
            if kept["jti"] in self._spent:
                raise AssertionError("a token was about to be spent twice")
            self._spent[kept["jti"]] = kept
        if "txn" in kept and kept["event"] in _STORY:
            self._stories[kept["txn"]].append(kept)
        self.events.append(kept)
        return int(kept["log_index"])

    @contextmanager
    def transaction(self, *, writable: bool) -> Iterator[None]:
        """All that is appended inside is kept, or none of it; log_unavailable when there is some and nothing can be."""
        size = len(self.events)
        try:
            yield
            if not writable and len(self.events) > size:
                raise Refused(
                    "log_unavailable", "the log cannot be written, so nothing was granted; try again with the same id"
                )
        except BaseException:
            self._take_back_to(size)
            raise

    def story(self, txn: str) -> list[Event]:
        """The events that make up a call's state, in order."""
        return self._stories.get(txn, [])

    def spent(self, jti: str) -> Event | None:
        """The `token.redeemed` of a token."""
        return self._spent.get(jti)

    def controls(self) -> list[Event]:
        """The events that say who is disabled and what is revoked for good, in order."""
        return [e for e in self.events if e["event"] in _CONTROL or (e["event"] == "token.revoked" and "jti" not in e)]

    def txn_of(self, agent: str, open_id: str) -> str:
        """The same open_id of the same agent is the same call, across restarts."""
        return _base64url(self._mac(f"txn\n{agent}\n{open_id}")[:16])

    def args_mac(self, txn: str, digest: str) -> str:
        """What the log keeps of the arguments."""
        return self._mac(f"args\n{txn}\n{digest}").hex()

    def _mac(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode(), "sha256")

    def _take_back_to(self, size: int) -> None:
        while len(self.events) > size:
            event = self.events.pop()
            if event["event"] == "token.redeemed":
                del self._spent[event["jti"]]
            if "txn" in event and event["event"] in _STORY:
                self._stories[event["txn"]].pop()
                if not self._stories[event["txn"]]:
                    del self._stories[event["txn"]]


def redemption_key(redemption_id: str) -> str:
    """How the log knows a redemption id again without keeping it."""
    return _base64url(hashlib.sha256(redemption_id.encode()).digest()[:16])


def escape_for_log(name: str) -> str:
    """A name as the log keeps it: bytes outside [!-~], and %, as %XX."""
    plain = re.compile(rb"[!-$&-~]")
    return "".join(chr(b) if plain.match(bytes([b])) else f"%{b:02X}" for b in name.encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
