"""Testing what an agent or a tool server does with Jeton: against the real jetond, or a fake in this process."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .binary import JetondNotFound as JetondNotFound
    from .fake import FakeSidecar as FakeSidecar
    from .fake import Grant as Grant
    from .fake import Server as Server
    from .jetond import Jetond as Jetond
    from .jetond import JetondFailed as JetondFailed
    from .sidecar import Sidecar as Sidecar

_HOMES = {
    "FakeSidecar": "fake",
    "Grant": "fake",
    "Jetond": "jetond",
    "JetondFailed": "jetond",
    "JetondNotFound": "binary",
    "Server": "fake",
    "Sidecar": "sidecar",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
