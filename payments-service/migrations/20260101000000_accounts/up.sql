-- The application's connections act as this role; the ledger and the decisions are append-only for it.
-- Roles belong to the server, so another database of the same server may have made it already.
DO $$ BEGIN
    CREATE ROLE payments_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- One account for each user.
CREATE TABLE accounts (
    -- The bill_id of the API.
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL UNIQUE,
    -- Minor units (kopecks). Equals the ledger's credits minus its debits at every commit.
    balance bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
    -- Counts changes of the balance.
    version bigint NOT NULL DEFAULT 0,
    -- Of the request that opened the account, if it gave one.
    idempotency_key text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (
    -- Room for new versions of a row in its own page: balances change often, and no index has to follow.
    fillfactor = 50
);

-- The ledger: what happened to balances, never changed and never removed.
CREATE TABLE transactions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- No foreign key: each row is written under a lock on its account, and the key's check would take a lock of
    -- its own on the same account for every row.
    account_id uuid NOT NULL,
    -- Minor units (kopecks), the direction is in the type.
    amount bigint NOT NULL CHECK (amount > 0),
    type text NOT NULL CHECK (type IN ('CREDIT', 'DEBIT')),
    -- The order that a debit pays for.
    reference_order_id uuid CHECK (type = 'CREDIT' OR reference_order_id IS NOT NULL),
    -- The account's balance right after this entry: entries of an account form an unbroken chain.
    balance_after bigint NOT NULL CHECK (balance_after >= 0),
    -- Of the request that deposited, if it gave one.
    idempotency_key text,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- At most one debit for an order, whatever else goes wrong.
CREATE UNIQUE INDEX transactions_one_debit_per_order ON transactions (reference_order_id) WHERE type = 'DEBIT';
CREATE UNIQUE INDEX transactions_idempotency ON transactions (account_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX transactions_of_account ON transactions (account_id, id);

-- One decision for each order, for ever: a request that comes again years later gets the same answer.
CREATE TABLE payments (
    order_id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    -- Minor units (kopecks).
    amount bigint NOT NULL CHECK (amount > 0),
    outcome text NOT NULL CHECK (outcome IN ('SUCCEEDED', 'FAILED')),
    reason text CHECK (reason IN ('ACCOUNT_NOT_FOUND', 'INSUFFICIENT_FUNDS')),
    decided_at timestamptz NOT NULL,
    CHECK ((outcome = 'FAILED') = (reason IS NOT NULL))
);

GRANT SELECT, INSERT, UPDATE ON accounts TO payments_app;
GRANT SELECT, INSERT ON transactions, payments TO payments_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, inbox TO payments_app;
GRANT EXECUTE ON FUNCTION inbox_upkeep TO payments_app;
