-- There is no way back for payments that were refused because their orders were cancelled.
DROP INDEX transactions_one_refund_per_order;
ALTER TABLE transactions DROP COLUMN version;
