-- What payments-service holds of the orders of stored_orders.sql: decisions, accounts, a deposit to each, and debits.
INSERT INTO payments (order_id, user_id, amount, outcome, decided_at)
SELECT (lpad(to_hex(1704067200000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
       md5('user' || n % users)::uuid, 100, 'SUCCEEDED', timestamptz '2024-01-01 00:00Z' + n * interval '1 ms'
FROM generate_series(1, :orders) AS n, (SELECT greatest(:orders / 100, 1) AS users) AS parameters;

INSERT INTO accounts (id, user_id, balance, version)
SELECT md5('account' || k)::uuid, md5('user' || k)::uuid, 1000000 - 100 * debits, 1 + debits
FROM (SELECT n % users AS k, count(*) AS debits
      FROM generate_series(1, :orders) AS n, (SELECT greatest(:orders / 100, 1) AS users) AS parameters
      GROUP BY k) AS of_user;

INSERT INTO transactions (account_id, amount, type, balance_after, version)
SELECT id, 1000000, 'CREDIT', 1000000, 1 FROM accounts;

INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after, version)
SELECT md5('account' || n % users)::uuid, 100, 'DEBIT',
       (lpad(to_hex(1704067200000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
       1000000 - 100 * ((n - 1) / users + 1), (n - 1) / users + 2
FROM generate_series(1, :orders) AS n, (SELECT greatest(:orders / 100, 1) AS users) AS parameters;
