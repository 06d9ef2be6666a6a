"""One token, one tool call: scopes for agents, verification for tool servers, over the local sidecar jetond."""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

TYPE_CHECKING = False  # what type checkers take for true; importing it from typing is most of what an import costs
if TYPE_CHECKING:
    from typing import Any

    from .aio import AsyncClient as AsyncClient
    from .client import Client as Client
    from .client import configure as configure
    from .decorator import protect as protect
    from .errors import BadArguments as BadArguments
    from .errors import BadToken as BadToken
    from .errors import Denied as Denied
    from .errors import JetonError as JetonError
    from .errors import Unavailable as Unavailable
    from .scope import CallScope as CallScope
    from .scope import call as call
    from .scope import current_call as current_call
    from .secret import RedactTokens as RedactTokens
    from .secret import SecretToken as SecretToken
    from .secret import install_log_filter as install_log_filter
    from .verifier import VerifiedCall as VerifiedCall
    from .verifier import Verifier as Verifier
    from .verifier import current_verified_call as current_verified_call

# Where each public name lives. A name costs its import when it is first used, so `import jeton` costs next to nothing.
_HOMES = {
    "AsyncClient": "aio",
    "Client": "client",
    "configure": "client",
    "BadArguments": "errors",
    "BadToken": "errors",
    "Denied": "errors",
    "JetonError": "errors",
    "Unavailable": "errors",
    "CallScope": "scope",
    "call": "scope",
    "current_call": "scope",
    "protect": "decorator",
    "RedactTokens": "secret",
    "SecretToken": "secret",
    "install_log_filter": "secret",
    "VerifiedCall": "verifier",
    "Verifier": "verifier",
    "current_verified_call": "verifier",
    "enroll": "mcp",
    "instrument_mcp": "mcp",
    "uninstrument_mcp": "mcp",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
