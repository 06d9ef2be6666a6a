-- A small shop: who bought what, and what was paid back. server.py makes the database from this when it is not there.
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  placed_on TEXT NOT NULL,
  item TEXT NOT NULL,
  state TEXT NOT NULL,
  total_cents INTEGER NOT NULL
);
-- txn is the call that paid: whatever is retried, one call pays once.
CREATE TABLE refunds (
  txn TEXT PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id),
  amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
  reason TEXT NOT NULL
);

INSERT INTO customers VALUES (1, 'Ana Kovač', 'ana@shop.example'), (2, 'Ben Okoro', 'ben@shop.example');
INSERT INTO orders VALUES
  (101, 1, '2026-10-02', 'two cups', 'delivered', 1780),
  (102, 1, '2026-11-14', 'teapot and tray', 'delivered', 5590),
  (103, 2, '2026-11-20', 'tea chest', 'open', 19900);
