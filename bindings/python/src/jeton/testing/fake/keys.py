"""The token keys of a fake sidecar: real Ed25519, in memory, rotated hourly, gone at a restart."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ... import _native
from ...errors import JetonError
from .clock import US, Clock
from .refusal import Refused

ROTATION_US = 3600 * US


class Keyring:
    """`next` is published before it signs, `previous` verifies until what it signed has expired."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = _native.SigningKey()
        self._current = _native.SigningKey()
        self._previous: _native.SigningKey | None = None
        self._publish()

    def sign(self, claims: dict[str, Any]) -> str:
        return self._current.sign(json.dumps(claims, ensure_ascii=False).encode())

    def has(self, kid: str) -> bool:
        return self._public.has(kid)

    def kids(self) -> list[str]:
        return [str(key["kid"]) for key in self.jwks["keys"]]

    def rotation_due(self) -> bool:
        return self._clock.boot_us() - self._since_us >= ROTATION_US

    def rotate(self) -> None:
        self._previous, self._current, self._next = self._current, self._next, _native.SigningKey()
        self._publish()

    def check_signature(self, token: str, claims: dict[str, Any]) -> None:
        """unknown_key or bad_signature, or nothing. `claims` are the token's own."""
        detail = claims["authorization_details"][0]
        try:
            # Held against itself, so beside the signature only the digest can be amiss: its arguments are not here.
            _native.token_verify(
                token,
                self._public,
                issuer=claims["iss"],
                server=claims["aud"],
                tool=detail["identifier"],
                arguments=b"{}",
                now=None,
            )
        except JetonError as error:
            if error.code != "args_mismatch":
                raise Refused(error.code, error.message) from None

    def _publish(self) -> None:
        self._since_us = self._clock.boot_us()
        keys = [key for key in (self._next, self._current, self._previous) if key is not None]
        self.jwks: dict[str, Any] = {"keys": [json.loads(key.jwk()) for key in keys]}
        self._public = _native.Keys(json.dumps(self.jwks).encode())


def token_sha256(token: str) -> str:
    """How a ledger knows a token again without keeping it."""
    return hashlib.sha256(token.encode()).hexdigest()
