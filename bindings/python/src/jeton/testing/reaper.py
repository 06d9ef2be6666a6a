"""Cleaning up after a test process that had no chance to: a small shell that waits for its end."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Its stdin closes when this process is gone, however that came. Each line names the daemon that runs now; empty: none.
_SCRIPT = """
pid=
while read -r line; do
  [ "$line" = done ] && exit 0
  pid=$line
done
[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null
exec rm -rf -- "$1"
"""


class Reaper:
    """Ends the daemon and removes the folder if this process ends without `dismiss()`."""

    def __init__(self, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "sh", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
        )

    def watch(self, pid: int | None) -> None:
        """The daemon that runs now; None before its pid may become somebody else's."""
        self._tell("" if pid is None else str(pid))

    def dismiss(self) -> None:
        """All is cleaned up."""
        if self._shell.stdin is not None and not self._shell.stdin.closed:
            self._tell("done")
            self._shell.stdin.close()
            self._shell.wait()

    def _tell(self, line: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{line}\n".encode())
        self._shell.stdin.flush()
