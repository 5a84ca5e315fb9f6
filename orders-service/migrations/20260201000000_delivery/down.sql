DROP TABLE delivery_tick;
DROP TABLE deliveries;

-- There is no way back for orders that were cancelled by their users.
ALTER TABLE orders
    DROP CONSTRAINT orders_delivered_or_cancelled,
    DROP CONSTRAINT orders_cancelled_or_delivered,
    DROP COLUMN cancel_requested_at,
    DROP COLUMN decided_at,
    DROP COLUMN settled_at,
    DROP COLUMN refunded_at,
    DROP COLUMN shipped_at,
    DROP COLUMN delivered_at;
