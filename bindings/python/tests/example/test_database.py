"""The example's shop: a call pays once, nobody gets more back than was paid, and a query only reads."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[4] / "examples" / "python" / "database.py"


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("example_database", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Shop(tmp_path / "shop.db")


def test_a_call_that_is_repeated_pays_once(shop: Any) -> None:
    first = shop.refund("txn-1", 101, 500, "late")
    assert shop.refund("txn-1", 101, 500, "late") == first == {"order": 101, "refunded_cents": 500, "left_cents": 1280}
    assert shop.refund("txn-2", 101, 500, "late")["refunded_cents"] == 1000


@pytest.mark.parametrize("amount_cents", [-1, 0, 1281])
def test_nobody_gets_back_nothing_or_more_than_is_left(shop: Any, amount_cents: int) -> None:
    shop.refund("txn-1", 101, 500, "late")
    with pytest.raises(ValueError, match="more than was paid"):
        shop.refund("txn-2", 101, amount_cents, "late")
    assert shop.order(101)["refunded_cents"] == 500


def test_an_order_that_is_not_there_is_said(shop: Any) -> None:
    with pytest.raises(ValueError, match="no such order"):
        shop.refund("txn-1", 999, 1, "late")


def test_a_query_reads(shop: Any) -> None:
    assert shop.query("SELECT id FROM orders WHERE state = 'open'") == [{"id": 103}]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM orders",
        "INSERT INTO refunds VALUES ('t', 101, 1, 'r')",
        "DROP TABLE orders",
        "PRAGMA query_only = 0",
        "ATTACH '/tmp/other.db' AS other",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "nonsense",
    ],
)
def test_a_query_does_nothing_else(shop: Any, sql: str) -> None:
    with pytest.raises(ValueError, match="cannot be run"):
        shop.query(sql)
    assert len(shop.query("SELECT * FROM orders")) == 3


def test_a_query_without_an_end_is_ended(shop: Any) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(ValueError, match="interrupted"):
        shop.query(endless)
