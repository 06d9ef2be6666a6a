"""Where jetond is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_BUNDLED = Path(__file__).resolve().parent.parent / "bin" / "jetond"


class JetondNotFound(RuntimeError):
    """There is no jetond to test with; the message says what to do."""


def find_jetond() -> str:
    """$JETON_JETOND, else jetond of the path, else the one that came with this package."""
    if named := os.environ.get("JETON_JETOND"):
        if not _runs(named):
            raise JetondNotFound(f"$JETON_JETOND names {named}, which is no program; name one, or unset it")
        return named
    if found := shutil.which("jetond"):
        return found
    if _runs(str(_BUNDLED)):
        return str(_BUNDLED)
    raise JetondNotFound(
        "no jetond: $JETON_JETOND is not set, there is none on $PATH, and none came with this package; build one "
        "(./dev build in Jeton's repository) and set JETON_JETOND=…/build/bin/jetond, or test with the fixture "
        "fake_jetond, which needs none"
    )


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
