"""The shop's SQLite database: look up, pay back at most what was paid, and read-only SQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("shop.sql")
QUERY_ROWS_MAX = 200
QUERY_SECONDS_MAX = 1.0
_STEPS_BETWEEN_LOOKS = 10_000
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}

Row = dict[str, Any]


class Shop:
    """A connection for each question, so any thread may ask. ValueError with a sentence for what cannot be done."""

    def __init__(self, file: Path) -> None:
        self._file = file
        if not file.exists():
            with self._writing() as database:
                database.executescript(SCHEMA.read_text(encoding="utf-8"))

    def order(self, number: int) -> Row:
        """One order, with what was paid back of it."""
        with self._writing() as database:
            return _order(database, number)

    def orders(self, email: str) -> list[Row]:
        """A customer's orders, the oldest first."""
        sql = """SELECT orders.* FROM orders JOIN customers ON customers.id = customer_id
                 WHERE email = ? ORDER BY placed_on"""
        with self._writing() as database:
            return [dict(row) for row in database.execute(sql, [email])]

    def refund(self, txn: str, number: int, amount_cents: int, reason: str) -> Row:
        """Pays back, once for each txn; what was paid back for the order, and what is left."""
        with self._writing() as database:
            database.execute("BEGIN IMMEDIATE")
            order = _order(database, number)
            paid = database.execute("SELECT 1 FROM refunds WHERE txn = ?", [txn]).fetchone()
            if paid is None:
                if not 0 < amount_cents <= order["total_cents"] - order["refunded_cents"]:
                    raise ValueError("that is nothing, or more than was paid for the order")
                database.execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", [txn, number, amount_cents, reason])
            order = _order(database, number)
            back = order["refunded_cents"]
            return {"order": number, "refunded_cents": back, "left_cents": order["total_cents"] - back}

    def query(self, sql: str) -> list[Row]:
        """One statement that only reads, for a second at most; its first rows."""
        with closing(sqlite3.connect(f"{self._file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            database.set_authorizer(_only_reads)
            end = time.monotonic() + QUERY_SECONDS_MAX
            database.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
            try:
                return [dict(row) for row in database.execute(sql).fetchmany(QUERY_ROWS_MAX)]
            except (sqlite3.Error, sqlite3.Warning) as error:
                raise ValueError(f"the query cannot be run: {error}") from None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file)) as database, database:
            database.row_factory = sqlite3.Row
            yield database


def _order(database: sqlite3.Connection, number: int) -> Row:
    sql = """SELECT orders.*, name AS customer,
             (SELECT coalesce(sum(amount_cents), 0) FROM refunds WHERE order_id = orders.id) AS refunded_cents
             FROM orders JOIN customers ON customers.id = customer_id WHERE orders.id = ?"""
    row = database.execute(sql, [number]).fetchone()
    if row is None:
        raise ValueError("there is no such order")
    return dict(row)


def _only_reads(action: int, first: str | None, second: str | None, *_: object) -> int:
    allowed = action in _READS and not (action == sqlite3.SQLITE_FUNCTION and second == "load_extension")
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
