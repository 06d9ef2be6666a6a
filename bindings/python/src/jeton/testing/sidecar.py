"""What a test can say about a sidecar, whether it is the real jetond or the fake."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ..client import Client

#: Longer than a program's own 250 ms: a test machine may be busy, and a test should not fail of that.
DEADLINE_S = 5.0
_SOCKET_PATH_BYTES_MAX = 107
_ROOM_FOR_NAMES = 40
_MEMORY = "/dev/shm"
#: Four times what jetond keeps in reserve: below that it counts refusals and does not write them.
_ROOM_BYTES = 256 * 1024 * 1024
Self = TypeVar("Self", bound="Sidecar")


class Sidecar(ABC):
    """Runs from when it is made until `stop()`, the end of its `with` block, or the end of the process."""

    socket: str
    """Where clients find it."""

    @property
    @abstractmethod
    def events(self) -> list[dict[str, Any]]:
        """The log so far, oldest first: each event with the members of the protocol, `event` is its name."""

    @abstractmethod
    def stop(self) -> None:
        """Ends it in good order and removes every file of it. Safe to repeat."""

    @abstractmethod
    def kill(self) -> None:
        """Ends it as a crash does: nothing more is written. `restart()` brings it back."""

    @abstractmethod
    def restart(self) -> None:
        """Ends it if it runs, and starts it anew on the same log. Token keys are lost: an unspent token of before is
        `unknown_key`."""

    @abstractmethod
    def stop_answering(self) -> None:
        """From now on it takes requests and leaves them unanswered, until `answer_again()`, which does them all."""

    @abstractmethod
    def answer_again(self) -> None: ...

    @property
    @abstractmethod
    def log_unavailable(self) -> bool:
        """Whether its log cannot be written. Set it to see what a full disk does; a restart ends it."""

    @log_unavailable.setter
    @abstractmethod
    def log_unavailable(self, value: bool) -> None: ...

    def happened(self, event: str, **members: Any) -> list[dict[str, Any]]:
        """The events of that name that have these members: `happened("request.refused", code="no_grant")`."""
        return [e for e in self.events if e["event"] == event and all(e.get(k) == v for k, v in members.items())]

    def redeemed(self, tool: str | None = None) -> int:
        """How many tokens were redeemed, of this tool or of all."""
        return len(self.happened("token.redeemed", **({} if tool is None else {"tool": tool})))

    def client(self, *, deadline: float = DEADLINE_S) -> Client:
        """A client of its own, with a patience that suits tests."""
        from ..client import Client

        return Client(self.socket, deadline=deadline)

    @contextmanager
    def as_default(self) -> Iterator[None]:
        """Makes it the one this process and its children find: `jeton.configure` and $JETON_SOCKET. Then as before."""
        from ..client import configure, settings

        configured, variable = settings(), os.environ.get("JETON_SOCKET")
        os.environ["JETON_SOCKET"] = self.socket
        configure(socket=self.socket, deadline=max(configured.deadline, DEADLINE_S), unscoped=configured.unscoped)
        try:
            yield
        finally:
            configure(**configured._asdict())
            if variable is None:
                os.environ.pop("JETON_SOCKET", None)
            else:
                os.environ["JETON_SOCKET"] = variable

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Folder:
    """A directory of this account alone, with a path short enough for a socket; gone with `remove()` or the process.

    In $TMPDIR, else in memory where there is room: a busy disk that takes 200 ms to sync would make a test's log
    unavailable. Else wherever temporary files go.
    """

    def __init__(self) -> None:
        in_memory = "TMPDIR" not in os.environ and _has_room(_MEMORY)
        path = tempfile.mkdtemp(prefix="jeton-", dir=_MEMORY if in_memory else None)
        if len(os.fsencode(path)) + _ROOM_FOR_NAMES > _SOCKET_PATH_BYTES_MAX:
            os.rmdir(path)
            path = tempfile.mkdtemp(prefix="jeton-", dir="/tmp")
        self.path = Path(path)
        self.remove = weakref.finalize(self, _remove, path, os.getpid())

    def __truediv__(self, name: str) -> Path:
        return self.path / name


def _has_room(directory: str) -> bool:
    try:
        return os.access(directory, os.W_OK) and shutil.disk_usage(directory).free >= _ROOM_BYTES
    except OSError:
        return False


def _remove(path: str, pid: int) -> None:
    # A child after fork has this object too, and the directory is its parent's.
    if os.getpid() == pid:
        shutil.rmtree(path, ignore_errors=True)
