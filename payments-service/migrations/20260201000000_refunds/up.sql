-- The how manieth entry of its account it is, from 1 on: the chain has no gap.
ALTER TABLE transactions ADD COLUMN version bigint;
UPDATE transactions SET version = numbered.version FROM (
    SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY id) AS version FROM transactions
) AS numbered
WHERE transactions.id = numbered.id;
ALTER TABLE transactions ALTER COLUMN version SET NOT NULL;

-- An account's version counts its entries.
UPDATE accounts SET version = (SELECT count(*) FROM transactions WHERE account_id = accounts.id);

-- A credit that names an order pays it back: at most one, whatever else goes wrong.
CREATE UNIQUE INDEX transactions_one_refund_per_order ON transactions (reference_order_id)
    WHERE type = 'CREDIT' AND reference_order_id IS NOT NULL;

ALTER TABLE payments
    DROP CONSTRAINT payments_reason_check,
    ADD CONSTRAINT payments_reason_check
        CHECK (reason IN ('ACCOUNT_NOT_FOUND', 'INSUFFICIENT_FUNDS', 'CANCELLED_BY_USER'));
