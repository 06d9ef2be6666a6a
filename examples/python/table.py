"""Rows as they come, in columns wide enough for what is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WIDTH_MAX = 44


class Table:
    """Prints each row at once. Characters that could steer a terminal become question marks.

    `known` are the first cells of the rows to come; columns beyond them are as wide as what stands in them.
    """

    def __init__(self, head: Sequence[str], known: Iterable[Sequence[str]]) -> None:
        rows = [list(map(_shown, row)) for row in (head, *known)]
        self._widths = [min(_WIDTH_MAX, max(map(len, column))) for column in zip(*rows, strict=False)]
        self.row(*head)

    def row(self, *cells: str) -> None:
        """A row may have fewer or more cells than the head."""
        widths = [*self._widths, *[0] * len(cells)]
        print(
            "  ".join(f"{_shown(cell):<{width}}" for cell, width in zip(cells, widths, strict=False)).rstrip(),
            flush=True,
        )


def _shown(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
