-- Outbox: messages that are committed together with the state they speak of and not yet confirmed by the broker.
-- A row is deleted in the transaction that saw its publisher confirm, so the table is as small as the backlog.
CREATE TABLE outbox (
    -- Order of publication within what is visible; no cursor is kept, so commits may come out of order.
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The event's id. Unique, so that an event that is told again while it waits is here once.
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
--
-- A partition holds the ids of one day, and is dropped when it is old: that costs nothing and leaves nothing behind. The
-- day is the one in the id, whose first 48 bits are Unix milliseconds (as in a UUID v7), and not that of receipt: an id
-- must have one place whenever it comes, or it could be new twice.
CREATE TABLE inbox (
    message_id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (message_id);

-- Ids that carry no time, and those of days that have no partition yet or no longer. Deleted row by row.
CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

-- The partitions that hold a time, with the ids from first_id to before end_id.
CREATE VIEW inbox_partitions AS
SELECT oid::regclass AS name, bounds[1]::uuid AS first_id, bounds[2]::uuid AS end_id
FROM (
    SELECT oid, regexp_match(pg_get_expr(relpartbound, oid), $$^FOR VALUES FROM \('(.*)'\) TO \('(.*)'\)$$) AS bounds
    FROM pg_class
    WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'inbox'::regclass)
) AS partitions
WHERE bounds IS NOT NULL;

-- The smallest id of a time.
CREATE FUNCTION inbox_first_id(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT rpad(lpad(to_hex(greatest(floor(extract(epoch FROM at) * 1000), 0)::bigint), 12, '0'), 32, '0')::uuid
$$;

-- Forgets what is older than the horizon and makes partitions for now and for what comes. Any role that may execute it
-- can, any number at once and as often as they like: one at a time works, the others return at once.
--
-- Consumers wait for it as long as for lock_timeout at most, and then it is that step that is given up.
CREATE FUNCTION inbox_upkeep(
    -- How long ids are kept: partitions by the time in their ids, others by when they were received.
    horizon interval,
    -- Of new partitions.
    width interval DEFAULT '1 day',
    OUT partitions_dropped int,
    OUT partitions_created int,
    -- From the default partition. If there are any there may be more: call it again.
    OUT rows_deleted int,
    -- Whether a step was given up because somebody held a lock for too long. Try again later.
    OUT gave_way boolean
) LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '200ms' AS $$
DECLARE
    -- An upkeep that does not run for so many widths leaves new ids to the default partition.
    widths_ahead CONSTANT int := 7;
    -- Bounds the time that a call takes, and the time that consumers wait for rows to be moved.
    max_rows CONSTANT int := 10000;
    cutoff CONSTANT timestamptz := now() - horizon;
    width_seconds CONSTANT numeric := extract(epoch FROM width);
    -- Widths since the Unix epoch: days begin at midnight UTC.
    current_width CONSTANT bigint := floor(extract(epoch FROM now()) / width_seconds);
    starts_at timestamptz;
    from_id uuid;
    to_id uuid;
    partition text;
    strays int;
BEGIN
    partitions_dropped := 0;
    partitions_created := 0;
    rows_deleted := 0;
    gave_way := false;
    IF horizon <= interval '0' OR width < interval '1 second' THEN
        RAISE 'a horizon of % and a width of % make no sense', horizon, width;
    END IF;
    IF NOT pg_try_advisory_xact_lock('pg_class'::regclass::oid::int, 'inbox'::regclass::oid::int) THEN
        RETURN;
    END IF;

    DELETE FROM inbox_default WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM inbox_default WHERE received_at < cutoff LIMIT max_rows
    ));
    GET DIAGNOSTICS rows_deleted = ROW_COUNT;

    -- The parent is locked before its partitions, as by everybody else.
    BEGIN
        FOR partition IN SELECT name FROM inbox_partitions AS p WHERE p.end_id <= inbox_first_id(cutoff) LOOP
            LOCK TABLE ONLY inbox IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('DROP TABLE %s', partition);
            partitions_dropped := partitions_dropped + 1;
        END LOOP;
    EXCEPTION WHEN lock_not_available THEN
        partitions_dropped := 0;
        gave_way := true;
    END;

    -- A table is made and then attached, which locks the default partition alone: nobody waits who writes to another.
    BEGIN
        FOR i IN 0 .. widths_ahead LOOP
            starts_at := to_timestamp((current_width + i) * width_seconds);
            from_id := inbox_first_id(starts_at);
            to_id := inbox_first_id(starts_at + width);
            CONTINUE WHEN EXISTS (
                SELECT FROM inbox_partitions AS p WHERE p.first_id < to_id AND p.end_id > from_id
            );
            LOCK TABLE ONLY inbox IN SHARE UPDATE EXCLUSIVE MODE;
            LOCK TABLE inbox_default IN ACCESS EXCLUSIVE MODE;
            SELECT count(*) INTO strays FROM (
                SELECT FROM inbox_default WHERE message_id >= from_id AND message_id < to_id LIMIT max_rows + 1
            ) AS overlapping;
            -- So many are left where they are, and with them the ids still to come of that time.
            CONTINUE WHEN strays > max_rows;
            partition := 'inbox_' || to_char(
                starts_at AT TIME ZONE 'UTC', CASE WHEN width < '1 day' THEN 'YYYYMMDD_HH24MISS' ELSE 'YYYYMMDD' END
            );
            EXECUTE format('CREATE TABLE %I (LIKE inbox INCLUDING ALL)', partition);
            IF strays > 0 THEN
                EXECUTE format(
                    'WITH moved AS (DELETE FROM inbox_default WHERE message_id >= $1 AND message_id < $2 RETURNING *)
                     INSERT INTO %I SELECT * FROM moved', partition
                ) USING from_id, to_id;
            END IF;
            EXECUTE format(
                'ALTER TABLE inbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, from_id, to_id
            );
            partitions_created := partitions_created + 1;
        END LOOP;
    EXCEPTION WHEN lock_not_available THEN
        partitions_created := 0;
        gave_way := true;
    END;
END $$;
REVOKE ALL ON FUNCTION inbox_upkeep FROM PUBLIC;

-- It acts as its owner, so nothing that its caller puts into a search path may stand in for what it names.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION inbox_upkeep SET search_path = %I, pg_temp', current_schema());
END $$;
