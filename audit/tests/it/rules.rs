//! Each rule finds what breaks it, and no other rule does.

use audit::RULES;
use e2e_tests::Database;

use crate::support::{ACCOUNTS, Books, ORDERS};

/// How a rule is broken, and nothing else.
struct Corruption {
    rule: &'static str,
    database: fn(&Books) -> &Database,
    /// What an owner of the database may do: constraints are dropped where they are in the way.
    statements: &'static str,
    /// A query for the id that is to be found then.
    broken: &'static str,
}

const CORRUPTIONS: [Corruption; 27] = [
    Corruption {
        rule: "balance-ends-ledger",
        database: payments,
        statements: "UPDATE accounts SET balance = balance + 1 WHERE id = md5('account1')::uuid",
        broken: "SELECT md5('account1')::uuid::text",
    },
    Corruption {
        rule: "balance-ends-ledger",
        database: payments,
        statements: "INSERT INTO accounts (id, user_id, balance) VALUES (order_id(0), order_id(0), 1)",
        broken: "SELECT order_id(0)::text",
    },
    Corruption {
        rule: "entry-continues-ledger",
        database: payments,
        statements: "UPDATE transactions SET amount = amount + 1
                     WHERE type = 'CREDIT' AND account_id = md5('account1')::uuid",
        broken: "SELECT min(id)::text FROM transactions WHERE account_id = md5('account1')::uuid",
    },
    Corruption {
        rule: "entry-not-overdrawn",
        database: payments,
        statements: "ALTER TABLE accounts DROP CONSTRAINT accounts_balance_check;
                     ALTER TABLE transactions DROP CONSTRAINT transactions_balance_after_check;
                     UPDATE accounts SET balance = -50 WHERE id = md5('account1')::uuid;
                     UPDATE transactions SET balance_after = balance_after - 999050,
                            amount = amount - CASE type WHEN 'CREDIT' THEN 999050 ELSE 0 END
                     WHERE account_id = md5('account1')::uuid",
        broken: "SELECT max(id)::text FROM transactions WHERE account_id = md5('account1')::uuid",
    },
    Corruption {
        rule: "entry-has-account",
        database: payments,
        statements: "INSERT INTO transactions (account_id, amount, type, balance_after, version)
                     VALUES (order_id(0), 5, 'CREDIT', 5, 1)",
        broken: "SELECT max(id)::text FROM transactions",
    },
    Corruption {
        rule: "debit-was-decided",
        database: payments,
        statements: "UPDATE accounts SET balance = balance - 100 WHERE id = md5('account1')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'DEBIT', order_id(0), balance, 12 FROM accounts
                     WHERE id = md5('account1')::uuid",
        broken: "SELECT max(id)::text FROM transactions",
    },
    // The order of a user without an account, decided FAILED.
    Corruption {
        rule: "debit-was-decided",
        database: payments,
        statements: "UPDATE accounts SET balance = balance - 100 WHERE id = md5('account1')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'DEBIT', order_id(10), balance, 12 FROM accounts
                     WHERE id = md5('account1')::uuid",
        broken: "SELECT max(id)::text FROM transactions",
    },
    // The last of its account: no debit.
    Corruption {
        rule: "payment-debited-once",
        database: payments,
        statements: "DELETE FROM transactions WHERE reference_order_id = order_id(91);
                     UPDATE accounts SET balance = balance + 100 WHERE id = md5('account1')::uuid",
        broken: "SELECT order_id(91)::text",
    },
    Corruption {
        rule: "payment-debited-once",
        database: payments,
        statements: "DROP INDEX transactions_one_debit_per_order;
                     UPDATE accounts SET balance = balance - 100 WHERE id = md5('account1')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'DEBIT', order_id(91), balance, 12 FROM accounts
                     WHERE id = md5('account1')::uuid",
        broken: "SELECT order_id(91)::text",
    },
    // Another amount.
    Corruption {
        rule: "payment-debited-once",
        database: payments,
        statements: "UPDATE transactions SET amount = 101, balance_after = balance_after - 1
                     WHERE reference_order_id = order_id(91);
                     UPDATE accounts SET balance = balance - 1 WHERE id = md5('account1')::uuid",
        broken: "SELECT order_id(91)::text",
    },
    // Another user's account.
    Corruption {
        rule: "payment-debited-once",
        database: payments,
        statements: "UPDATE accounts SET balance = balance + 100 WHERE id = md5('account1')::uuid;
                     UPDATE accounts SET balance = balance - 100 WHERE id = md5('account2')::uuid;
                     DELETE FROM transactions WHERE reference_order_id = order_id(91);
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'DEBIT', order_id(91), balance, 12 FROM accounts
                     WHERE id = md5('account2')::uuid",
        broken: "SELECT order_id(91)::text",
    },
    Corruption {
        rule: "decision-was-ordered",
        database: payments,
        statements: "INSERT INTO payments (order_id, user_id, amount, outcome, reason, decided_at)
                     VALUES (order_id(1000), order_id(0), 100, 'FAILED', 'INSUFFICIENT_FUNDS', now())",
        broken: "SELECT order_id(1000)::text",
    },
    Corruption {
        rule: "decision-matches-order",
        database: orders,
        statements: "UPDATE orders SET amount = 99 WHERE id = order_id(1)",
        broken: "SELECT order_id(1)::text",
    },
    Corruption {
        rule: "decision-matches-order",
        database: orders,
        statements: "UPDATE orders SET user_id = id WHERE id = order_id(10)",
        broken: "SELECT order_id(10)::text",
    },
    Corruption {
        rule: "finished-was-paid",
        database: orders,
        statements: "UPDATE orders SET status = 'FINISHED', cancel_reason = NULL WHERE id = order_id(10)",
        broken: "SELECT order_id(10)::text",
    },
    Corruption {
        rule: "finished-was-paid",
        database: orders,
        statements: "INSERT INTO orders (id, user_id, amount, description, status, created_at, updated_at)
                     VALUES (order_id(0), order_id(0), 1, '', 'FINISHED', now(), now())",
        broken: "SELECT order_id(0)::text",
    },
    Corruption {
        rule: "cancelled-was-refused",
        database: orders,
        statements: "UPDATE orders SET cancel_reason = 'INSUFFICIENT_FUNDS' WHERE id = order_id(10)",
        broken: "SELECT order_id(10)::text",
    },
    Corruption {
        rule: "order-decided-in-time",
        database: orders,
        statements: "INSERT INTO orders (id, user_id, amount, description, created_at, updated_at)
                     VALUES (order_id(1000), order_id(0), 1, '', now() - interval '6 minutes', now()),
                            (order_id(1001), order_id(0), 1, '', now() - interval '4 minutes', now())",
        broken: "SELECT order_id(1000)::text",
    },
    Corruption {
        rule: "decision-settled-in-time",
        database: orders,
        statements: "UPDATE orders SET status = 'NEW', delivery_status = NULL WHERE id = order_id(1)",
        broken: "SELECT order_id(1)::text",
    },
    // The order of a user without an account, decided FAILED.
    Corruption {
        rule: "refund-was-paid",
        database: payments,
        statements: "UPDATE accounts SET balance = balance + 100 WHERE id = md5('account1')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'CREDIT', order_id(0), balance, 12 FROM accounts
                     WHERE id = md5('account1')::uuid",
        broken: "SELECT max(id)::text FROM transactions",
    },
    // Twice.
    Corruption {
        rule: "payment-refunded-once",
        database: payments,
        statements: "DROP INDEX transactions_one_refund_per_order;
                     UPDATE accounts SET balance = balance + 100 WHERE id = md5('account3')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'CREDIT', order_id(93), balance, 13 FROM accounts
                     WHERE id = md5('account3')::uuid",
        broken: "SELECT order_id(93)::text",
    },
    // Another amount.
    Corruption {
        rule: "payment-refunded-once",
        database: payments,
        statements: "UPDATE accounts SET balance = balance - 1 WHERE id = md5('account3')::uuid;
                     UPDATE transactions SET amount = 99, balance_after = balance_after - 1
                     WHERE type = 'CREDIT' AND reference_order_id = order_id(93)",
        broken: "SELECT order_id(93)::text",
    },
    Corruption {
        rule: "cancelled-was-refused",
        database: orders,
        statements: "UPDATE orders SET status = 'CANCELLED', cancel_reason = 'REFUNDED', delivery_status = NULL
                     WHERE id = order_id(91)",
        broken: "SELECT order_id(91)::text",
    },
    Corruption {
        rule: "shipped-was-kept",
        database: payments,
        statements: "UPDATE accounts SET balance = balance + 100 WHERE id = md5('account1')::uuid;
                     INSERT INTO transactions (account_id, amount, type, reference_order_id, balance_after,
                                               version)
                     SELECT id, 100, 'CREDIT', order_id(91), balance, 12 FROM accounts
                     WHERE id = md5('account1')::uuid",
        broken: "SELECT order_id(91)::text",
    },
    Corruption {
        rule: "refund-settled-in-time",
        database: orders,
        statements: "UPDATE orders SET status = 'FINISHED', cancel_reason = NULL, cancel_requested_at = NULL
                     WHERE id = order_id(93)",
        broken: "SELECT order_id(93)::text",
    },
    Corruption {
        rule: "cancellation-settled-in-time",
        database: orders,
        statements: "UPDATE orders SET delivery_status = 'PENDING', cancel_requested_at = now() - interval '6 minutes'
                     WHERE id = order_id(92);
                     UPDATE orders SET delivery_status = 'PENDING', cancel_requested_at = now() - interval '4 minutes'
                     WHERE id = order_id(91)",
        broken: "SELECT order_id(92)::text",
    },
    Corruption {
        rule: "outbox-drains",
        database: orders,
        statements: "INSERT INTO outbox (message_id, type, routing_key, payload, created_at)
                     VALUES (order_id(0), 'OrderCreated', '', '', now() - interval '6 minutes')",
        broken: "SELECT order_id(0)::text",
    },
];

/// Goal: what is in order is found in order, and looked at as a whole. Method: prefilled databases, in small chunks.
#[tokio::test]
async fn databases_in_order_are_clean_and_checked_to_the_last_row() {
    let books = Books::in_order().await;
    assert_eq!(books.findings().await, []);
    let (counts, _) = books.audit_from(None).await;
    let paid = ACCOUNTS * 10;
    // One of them was paid back.
    assert_eq!((counts.accounts, counts.entries), (ACCOUNTS, ACCOUNTS + paid + 1));
    assert_eq!((counts.orders, counts.decisions), (ORDERS, ORDERS));
    assert_eq!((counts.finished, counts.paid), (paid - 1, paid));
}

/// Goal: every rule is there for something. Method: each is broken alone, in databases that are in order otherwise, and
/// it alone is found, with its id.
#[tokio::test]
async fn each_violation_is_found_by_its_rule_alone() {
    for Corruption { rule, database, statements, broken } in &CORRUPTIONS {
        let books = Books::in_order().await;
        let database = database(&books);
        database.execute(statements).await.unwrap();
        let id = database.texts(broken).await.remove(0);
        assert_eq!(books.findings().await, [(*rule, id)], "{statements}");
    }
    for rule in &RULES {
        assert!(CORRUPTIONS.iter().any(|corruption| corruption.rule == rule.name), "{}", rule.name);
    }
}

/// Goal: the README's list of rules is the list of rules.
#[test]
fn readme_lists_every_rule() {
    let readme = include_str!("../../README.md");
    for rule in &RULES {
        let row = format!("| `{}` | {} |", rule.name, rule.says);
        assert!(readme.contains(&row), "{row}");
    }
    assert_eq!(readme.matches("\n| `").count(), RULES.len());
}

/// Goal: patience is for the outbox of payments-service, too, and ends. Method: a message younger than patience, twice.
#[tokio::test]
async fn patience_says_what_is_late() {
    let mut books = Books::in_order().await;
    let message = "INSERT INTO outbox (message_id, type, routing_key, payload, created_at)
                   VALUES (order_id(0), 'PaymentFailed', '', '', now() - interval '4 minutes')";
    books.payments.execute(message).await.unwrap();
    assert_eq!(books.findings().await, []);
    books.audit.patience = std::time::Duration::from_secs(60);
    assert_eq!(books.findings().await.len(), 1);
}

fn orders(books: &Books) -> &Database {
    &books.orders
}

fn payments(books: &Books) -> &Database {
    &books.payments
}
