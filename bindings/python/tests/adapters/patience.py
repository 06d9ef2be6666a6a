"""A client for a machine that is busy with other things: it asks again while the sidecar says that it cannot write now.

The sidecar answers log_unavailable when its disk or its turn on the processor takes longer than 200 ms, and asks to be
asked again with the same ids. That is what this does; all that the contract is about goes through unchanged.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from jeton import AsyncClient, Client, Unavailable
from jeton.steps import Request

_BUSY = frozenset({"log_unavailable", "overloaded"})
_PATIENCE_S = 15
_PAUSE_S = 0.05


class PatientClient(Client):
    """The blocking one."""

    def ask(self, request: Request) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return super().ask(request)
            except Unavailable as error:
                if error.code not in _BUSY or time.monotonic() > until:
                    raise
            time.sleep(_PAUSE_S)

    def aio(self) -> AsyncClient:
        if self._aio is None:
            self._aio = PatientAsyncClient(self._socket, deadline=self._deadline)
        return self._aio


class PatientAsyncClient(AsyncClient):
    """The same for coroutines."""

    async def ask(self, request: Request) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return await super().ask(request)
            except Unavailable as error:
                if error.code not in _BUSY or time.monotonic() > until:
                    raise
            await asyncio.sleep(_PAUSE_S)
