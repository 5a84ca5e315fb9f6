-- The decisions about the orders of orders.sql, the accounts of their users, a deposit to each, and the debits.
INSERT INTO payments (order_id, user_id, amount, outcome, reason, decided_at)
SELECT order_id(n), md5('user' || n % users)::uuid, 100,
       CASE n % users % 10 WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END,
       CASE n % users % 10 WHEN 0 THEN 'ACCOUNT_NOT_FOUND' END,
       timestamptz '2024-01-01 00:00Z' + n * interval '1 ms'
FROM generate_series(1, :orders::bigint) AS n, (SELECT :orders / 10 AS users) AS parameters
ORDER BY n;

INSERT INTO accounts (id, user_id, balance, version)
SELECT md5('account' || k)::uuid, md5('user' || k)::uuid, 1000000 - 100 * 10, 11
FROM generate_series(0, :orders / 10 - 1) AS k WHERE k % 10 <> 0;

INSERT INTO transactions (account_id, amount, type, balance_after, version, created_at)
SELECT id, 1000000, 'CREDIT', 1000000, 1, timestamptz '2024-01-01 00:00Z' FROM accounts ORDER BY id;

INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after, version, created_at)
SELECT md5('account' || n % users)::uuid, 100, 'DEBIT', order_id(n), 1000000 - 100 * ((n - 1) / users + 1),
       (n - 1) / users + 2,
       timestamptz '2024-01-01 00:00Z' + n * interval '1 ms'
FROM generate_series(1, :orders::bigint) AS n, (SELECT :orders / 10 AS users) AS parameters
WHERE n % users % 10 <> 0
ORDER BY n;

-- One is paid back.
UPDATE accounts SET balance = balance + 100, version = version + 1
WHERE user_id = (SELECT user_id FROM payments WHERE order_id = order_id(93));
INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after, version, created_at)
SELECT id, 100, 'CREDIT', order_id(93), balance, version, timestamptz '2024-01-01 00:10Z'
FROM accounts WHERE user_id = (SELECT user_id FROM payments WHERE order_id = order_id(93));
