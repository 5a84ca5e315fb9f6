-- The application's connections act as this role. Roles belong to the server, so another database of the same
-- server may have made it already.
DO $$ BEGIN
    CREATE ROLE orders_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

CREATE TABLE orders (
    -- UUID v7: new orders go to the end of the index, and the sweep finds old ones by their id.
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    -- Minor units (kopecks).
    amount bigint NOT NULL CHECK (amount > 0),
    description text NOT NULL,
    -- NEW until the payment's result is known; then one of the others, for ever.
    status text NOT NULL DEFAULT 'NEW' CHECK (status IN ('NEW', 'FINISHED', 'CANCELLED')),
    cancel_reason text CHECK (cancel_reason IN ('ACCOUNT_NOT_FOUND', 'INSUFFICIENT_FUNDS')),
    delivery_status text CHECK (delivery_status IN ('PENDING', 'SHIPPED', 'DELIVERED')),
    -- Of the request that created the order, if it gave one. The request itself is the row: user, amount, description.
    idempotency_key text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'CANCELLED') = (cancel_reason IS NOT NULL))
) WITH (
    -- Each row is updated soon after its insert. Room in its own page, and no index on what changes (status,
    -- updated_at), keep that update off the indexes (a heap-only tuple).
    fillfactor = 50
);
CREATE UNIQUE INDEX orders_idempotency ON orders (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX orders_of_user ON orders (user_id, id);

-- One row: every order with a smaller id is final or noted in `unanswered`. Its lock makes one replica sweep at a time.
CREATE TABLE sweep (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    watermark uuid NOT NULL
);
INSERT INTO sweep (watermark) VALUES ('00000000-0000-0000-0000-000000000000');

GRANT SELECT, INSERT, UPDATE ON orders TO orders_app;
-- Orders that were NEW for longer than a payment takes. Usually empty: rows leave when their orders are final.
CREATE TABLE unanswered (
    order_id uuid PRIMARY KEY,
    -- How often the payment was asked for again.
    resends smallint NOT NULL DEFAULT 0,
    -- When it is to be asked for next.
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unanswered_due ON unanswered (due_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON unanswered TO orders_app;
GRANT SELECT, UPDATE ON sweep TO orders_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox TO orders_app;
GRANT EXECUTE ON FUNCTION inbox_upkeep TO orders_app;
