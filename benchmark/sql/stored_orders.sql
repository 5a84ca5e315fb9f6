-- :orders delivered orders of 1.00, one per millisecond of the past, by a hundredth as many users.
INSERT INTO orders (id, user_id, amount, description, status, delivery_status, created_at, updated_at,
                    decided_at, settled_at, shipped_at, delivered_at)
SELECT (lpad(to_hex(1704067200000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
       md5('user' || n % users)::uuid, 100, 'Stored before', 'FINISHED', 'DELIVERED', at, at, at, at, at, at
FROM generate_series(1, :orders) AS n, (SELECT greatest(:orders / 100, 1) AS users) AS parameters,
     LATERAL (SELECT timestamptz '2024-01-01 00:00Z' + n * interval '1 ms' AS at) AS moment;
