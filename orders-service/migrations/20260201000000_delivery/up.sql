-- What has happened to an order, and when; NULL until it has.
ALTER TABLE orders
    ADD COLUMN cancel_requested_at timestamptz,
    -- By the payment's result: when it was decided, and when that was learned here.
    ADD COLUMN decided_at timestamptz,
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN refunded_at timestamptz,
    ADD COLUMN shipped_at timestamptz,
    ADD COLUMN delivered_at timestamptz;

ALTER TABLE orders
    DROP CONSTRAINT orders_cancel_reason_check,
    ADD CONSTRAINT orders_cancel_reason_check
        CHECK (cancel_reason IN ('ACCOUNT_NOT_FOUND', 'INSUFFICIENT_FUNDS', 'CANCELLED_BY_USER', 'REFUNDED')),
    -- Nothing is paid back that was shipped, whatever else goes wrong.
    ADD CONSTRAINT orders_cancelled_or_delivered CHECK (status = 'FINISHED' OR delivery_status IS NULL),
    ADD CONSTRAINT orders_delivered_or_cancelled
        CHECK (cancel_requested_at IS NULL OR delivery_status IS NULL OR delivery_status = 'PENDING');

-- Steps that paid orders have yet to make, oldest first. A row leaves with its step; the next step is a new row.
CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL
);

-- One row: when the latest tick began, by the database's clock, and the last step that belongs to it.
CREATE TABLE delivery_tick (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    began_at timestamptz NOT NULL,
    last_delivery_id bigint NOT NULL
);
INSERT INTO delivery_tick (began_at, last_delivery_id) VALUES ('-infinity', 0);

-- Orders that were paid before there was any delivery.
UPDATE orders SET delivery_status = 'PENDING' WHERE status = 'FINISHED';
INSERT INTO deliveries (order_id) SELECT id FROM orders WHERE status = 'FINISHED' ORDER BY id;

GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO orders_app;
GRANT SELECT, UPDATE ON delivery_tick TO orders_app;
