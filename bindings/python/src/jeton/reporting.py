"""Reports that outlive the task they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .errors import JetonError

_reporting: set[asyncio.Task[None]] = set()


async def finish_in_any_case(report: Coroutine[Any, Any, None], unreported: Callable[[str], None]) -> None:
    """Waits for a report that goes on by itself when the one who waits is cancelled.

    A cancelled task gets no quiet moment any more: some frameworks cancel it again at every await.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        report.close()
        unreported("sidecar_unavailable")
        return
    task = loop.create_task(report)
    _reporting.add(task)
    task.add_done_callback(lambda done: _reported(done, unreported))
    await asyncio.wait([task])


def _reported(task: asyncio.Task[None], unreported: Callable[[str], None]) -> None:
    _reporting.discard(task)
    if task.cancelled():
        unreported("cancelled")
    elif isinstance(error := task.exception(), JetonError):
        unreported(error.code)
    elif error is not None:
        unreported(type(error).__name__)
