"""Prints an agent's run as a reader follows it, and checks that the right calls were refused, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_WIDTH = 110
_REFUSED = re.compile(r"the call of \S+ was not authorised \((\w+)\)")


class Said:
    """Calls and results in any order; `end` prints them in the order of the calls."""

    def __init__(self, framework: str, asked: str) -> None:
        print(f"{framework}: {asked}")
        self._calls: dict[str, str] = {}
        self._results: dict[str, str] = {}

    def call(self, call_id: str, tool: str, arguments: Mapping[str, Any]) -> None:
        """What the model asked for."""
        self._calls[call_id] = f"{tool}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"

    def result(self, call_id: str, result: Any) -> None:
        """What the model was shown."""
        self._results[call_id] = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)

    def end(self, text: str, refused: Mapping[str, str]) -> int:
        """The exit status: 0 when exactly these calls were refused, with these codes, and the others gave data."""
        met = {}
        for call_id, call in self._calls.items():
            result = " ".join(self._results.get(call_id, "nothing came back").split())
            refusal = _REFUSED.search(result)
            if refusal is not None:
                met[call_id] = refusal[1]
            elif not result.startswith(("{", "[")) or result.startswith('{"error"'):
                met[call_id] = "an error"
            print(_short(f"  {call}"))
            print(_short(f"    -> {result}"))
        print(f"  {text}")
        if met != refused:
            print(f"  UNEXPECTED: refused were {met}, expected was {dict(refused)}")
        return 0 if met == refused else 1


def _short(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
