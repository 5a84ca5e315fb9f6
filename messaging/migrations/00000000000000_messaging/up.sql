-- Outbox: messages that are committed together with the state they speak of and not yet confirmed by the broker.
-- A row is deleted in the transaction that saw its publisher confirm, so the table is as small as the backlog.
CREATE TABLE outbox (
    -- Order of publication within what is visible; no cursor is kept, so commits may come out of order.
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The event's id. Unique, so that re-emitting an event that still waits changes nothing.
    message_id uuid NOT NULL UNIQUE,
    -- The event's type, for people who look; the payload holds it too.
    type text NOT NULL,
    routing_key text NOT NULL,
    -- One CloudEvent as JSON text, exactly the bytes that are sent: the relay frames rows into batches unparsed.
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (
    -- Every row dies young: vacuum by count of dead rows, not by a share of a table that is nearly empty.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 10000,
    autovacuum_vacuum_cost_delay = 0
);

-- Inbox: ids of messages that a committed transaction has taken in.
-- Inserting an id blocks a concurrent transaction that inserts the same one, so duplicates are seen one at a time.
CREATE TABLE inbox (
    message_id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
);
