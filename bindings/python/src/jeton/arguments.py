"""Which values are arguments a token can be bound to: plain JSON that every reader reads alike."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from .errors import BadArguments

DEPTH_MAX = 64
INTEGER_MAX = 2**53 - 1
#: From here on RFC 8785 writes a double with an exponent, and no reader takes it for an integer.
_EXPONENT_FROM = 1e21
# Lone surrogates and noncharacters (RFC 7493 section 2.1).
_UNCLEAN = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)


def plain(arguments: Mapping[str, Any] | None, tool: str | None = None) -> dict[str, Any]:
    """A copy of the arguments in dict, list, str, int, float, bool and None; tuples become lists.

    BadArguments names the first member that is anything else, or that two readers could read differently.
    """
    if arguments is None:
        return {}
    if not isinstance(arguments, Mapping):
        raise _bad("", f"arguments must be a mapping, not {type(arguments).__name__}", tool)
    try:
        return _object(arguments, "", 1)
    except BadArguments as error:
        error.tool = tool
        raise


def dumps(value: Any) -> bytes:
    """JSON text of a value made of what `plain` lets through.

    A lone surrogate that stands elsewhere, in a tool's name say, becomes bytes that every reader of ours refuses.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _object(value: Mapping[Any, Any], pointer: str, depth: int) -> dict[str, Any]:
    if depth > DEPTH_MAX:
        raise _bad(pointer, f"is more than {DEPTH_MAX} levels deep")
    copy = {}
    for name, member in value.items():
        if type(name) is not str:
            raise _bad(pointer, f"has a name that is {type(name).__name__}, not str")
        at = f"{pointer}/{_step(name)}"
        if not name.isascii() and _UNCLEAN.search(name):
            raise _bad(at, "has a name with a lone surrogate or a noncharacter")
        copy[name] = _value(member, at, depth)
    return copy


def _value(value: Any, pointer: str, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        if not value.isascii() and _UNCLEAN.search(value):
            raise _bad(pointer, "holds a lone surrogate or a noncharacter")
        return value
    if value is None or kind is bool:
        return value
    if kind is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise _bad(pointer, "is an integer beyond 2^53-1; send it as text")
        return value
    if kind is float:
        if not math.isfinite(value):
            raise _bad(pointer, "is not a finite number")
        if INTEGER_MAX < abs(value) < _EXPONENT_FROM and value.is_integer():
            raise _bad(pointer, "is an integer beyond 2^53-1; send it as text")
        return value
    if isinstance(value, dict):
        return _object(value, pointer, depth + 1)
    if isinstance(value, (list, tuple)):
        if depth >= DEPTH_MAX:
            raise _bad(pointer, f"is more than {DEPTH_MAX} levels deep")
        return [_value(member, f"{pointer}/{index}", depth + 1) for index, member in enumerate(value)]
    raise _bad(pointer, f"is {kind.__name__}, which is not JSON; convert it first")


def _step(name: str) -> str:
    """One step of a JSON Pointer (RFC 6901); short, and text that can be printed."""
    clean = name[:128].encode("utf-8", "backslashreplace").decode()
    return clean.replace("~", "~0").replace("/", "~1")


def _bad(pointer: str, why: str, tool: str | None = None) -> BadArguments:
    message = f"{pointer or 'the whole'} {why}" if not why.startswith("arguments") else why
    return BadArguments("bad_arguments", message, pointer=pointer, tool=tool)
