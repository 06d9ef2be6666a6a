-- A small shop for sql_query; the tool server makes the database from this when it is not there.
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE);
CREATE TABLE product (id INTEGER PRIMARY KEY, title TEXT NOT NULL, price_cents INTEGER NOT NULL);
CREATE TABLE purchase (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customer (id),
  placed_on TEXT NOT NULL,
  state TEXT NOT NULL,
  total_cents INTEGER NOT NULL
);
CREATE TABLE item (
  purchase_id INTEGER NOT NULL REFERENCES purchase (id),
  product_id INTEGER NOT NULL REFERENCES product (id),
  quantity INTEGER NOT NULL,
  PRIMARY KEY (purchase_id, product_id)
) WITHOUT ROWID;

INSERT INTO customer VALUES (1, 'Ana Kovač', 'ana@shop.example'), (2, 'Ben Okoro', 'ben@shop.example');
INSERT INTO product VALUES (1, 'Teapot', 3490), (2, 'Cup', 890), (3, 'Tea, 100 g', 1250), (4, 'Tray', 2100);
INSERT INTO purchase VALUES
  (101, 1, '2026-10-02', 'delivered', 5270),
  (102, 1, '2026-11-14', 'open', 3350),
  (103, 2, '2026-11-20', 'open', 7080);
INSERT INTO item VALUES (101, 1, 1), (101, 2, 2), (102, 3, 1), (102, 4, 1), (103, 1, 1), (103, 2, 1), (103, 3, 1);
