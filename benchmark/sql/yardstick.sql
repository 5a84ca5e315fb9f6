\set user random(1, 1000)
\set amount random(1, 1000)
\set random random(1, 9223372036854775807)
WITH created AS (
    -- The key is as good as a UUID of version 7: the time in milliseconds first, the rest random.
    INSERT INTO orders (id, user_id, amount, description)
    VALUES (
        (lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7000'
            || lpad(to_hex(:random::bigint), 16, '0'))::uuid,
        lpad(to_hex(:user::bigint), 32, '0')::uuid, :amount, 'A benchmark order'
    )
)
INSERT INTO outbox (message_id, type, routing_key, payload)
VALUES (gen_random_uuid(), 'OrderCreated', 'order-payment-requests', $event${"specversion":"1.0","id":"00000000-0000-5000-8000-000000000000","type":"OrderCreated","source":"/orders-service","subject":"00000000-0000-7000-8000-000000000000","time":"2026-01-01T00:00:00.000000Z","datacontenttype":"application/json","data":{"order_id":"00000000-0000-7000-8000-000000000000","user_id":"00000000-0000-4000-8000-000000000000","amount":500,"description":"A benchmark order"}}$event$);
