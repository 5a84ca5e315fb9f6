-- Everything that is known after a run, side by side. Times are milliseconds since the run's start.

-- What clients wanted and what they were told.
CREATE UNLOGGED TABLE operations (
    nonce uuid, kind text, user_id uuid, bill uuid, amount bigint, key text, is_bad boolean,
    outcome text, id uuid, invoked_ms bigint, returned_ms bigint, order_id uuid
);
CREATE UNLOGGED TABLE flaws (nonce uuid, flaw text);

-- What the services' databases hold. The events' ids follow from the order.
CREATE UNLOGGED TABLE orders (
    id uuid, user_id uuid, amount bigint, description text, status text, cancel_reason text, idempotency_key text,
    created_ms bigint, settled_ms bigint, cancel_requested_ms bigint, shipped_ms bigint, delivered_ms bigint,
    delivery_status text, request_event uuid, cancel_event uuid, result_event uuid
);
CREATE UNLOGGED TABLE deliveries (order_id uuid);
CREATE UNLOGGED TABLE accounts (id uuid, user_id uuid, balance bigint, version bigint);
CREATE UNLOGGED TABLE transactions (
    id bigint, account_id uuid, amount bigint, type text, reference_order_id uuid, balance_after bigint,
    idempotency_key text, version bigint
);
CREATE UNLOGGED TABLE payments (order_id uuid, user_id uuid, amount bigint, outcome text, reason text);
CREATE UNLOGGED TABLE orders_inbox (message_id uuid);
CREATE UNLOGGED TABLE payments_inbox (message_id uuid);
CREATE UNLOGGED TABLE outbox (service text, message_id uuid, type text);

-- What was not empty in the end.
CREATE UNLOGGED TABLE leftovers (leftover text);

-- What was done to the system.
CREATE UNLOGGED TABLE faults (fault text, target text, began_ms bigint, ended_ms bigint, took_effect boolean);
CREATE UNLOGGED TABLE poison (nonce uuid, kind text, began_ms bigint, ended_ms bigint, outcome text);
CREATE UNLOGGED TABLE letters (queue text, nonce uuid, text text);
CREATE UNLOGGED TABLE snapshots (at_ms bigint, finding text);
