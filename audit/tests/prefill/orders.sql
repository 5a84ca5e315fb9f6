-- :orders orders of 1.00, settled as their decisions in payments.sql say, and delivered: a tenth as many users, each tenth
-- of whom has no account.
INSERT INTO orders (id, user_id, amount, description, status, cancel_reason, delivery_status, created_at, updated_at)
SELECT order_id(n), md5('user' || n % users)::uuid, 100, 'prefilled',
       CASE n % users % 10 WHEN 0 THEN 'CANCELLED' ELSE 'FINISHED' END,
       CASE n % users % 10 WHEN 0 THEN 'ACCOUNT_NOT_FOUND' END,
       CASE n % users % 10 WHEN 0 THEN NULL ELSE 'DELIVERED' END,
       timestamptz '2024-01-01 00:00Z' + n * interval '1 ms', timestamptz '2024-01-01 00:00Z' + n * interval '1 ms'
FROM generate_series(1, :orders::bigint) AS n, (SELECT :orders / 10 AS users) AS parameters
ORDER BY n;

-- One was paid back.
UPDATE orders SET status = 'CANCELLED', cancel_reason = 'REFUNDED', delivery_status = NULL,
       cancel_requested_at = created_at
WHERE id = order_id(93);
