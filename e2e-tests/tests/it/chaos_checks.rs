//! The fault suite's own eyes: a story in which all is well, and what each check sees when it is doctored.

use std::collections::HashSet;

use e2e_tests::chaos::checks::{self, Findings};
use e2e_tests::chaos::evidence::Evidence;

use crate::support::{fresh_database, is_against_address};

/// An account with two deposits, one without a key; an order that is paid, one that is beyond the balance; a deposit
/// whose client never knew; nonsense that was refused; a letter for poison, and poison that a wiped broker has lost.
const STORY: &str = "
    INSERT INTO operations VALUES
        ('10000000-0000-0000-0000-000000000000', 'account', '00000000-0000-0000-0000-00000000000a', NULL, 0,
         '10000000-0000-0000-0000-000000000000', false, 'ok', '00000000-0000-0000-0000-00000000000b', 0, 1),
        ('20000000-0000-0000-0000-000000000000', 'deposit', '00000000-0000-0000-0000-00000000000a',
         '00000000-0000-0000-0000-00000000000b', 100, '20000000-0000-0000-0000-000000000000', false, 'ok', NULL, 2, 3),
        ('21000000-0000-0000-0000-000000000000', 'deposit', '00000000-0000-0000-0000-00000000000a',
         '00000000-0000-0000-0000-00000000000b', 50, NULL, false, 'ok', NULL, 2, 3),
        ('22000000-0000-0000-0000-000000000000', 'deposit', '00000000-0000-0000-0000-00000000000a',
         '00000000-0000-0000-0000-00000000000b', 7, '22000000-0000-0000-0000-000000000000', false, 'unknown', NULL, 2, 3),
        ('30000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000a', NULL, 30,
         '30000000-0000-0000-0000-000000000000', false, 'ok', '00000000-0000-0000-0000-000000000001', 4, 5),
        ('31000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000a', NULL, 9000,
         NULL, false, 'unknown', NULL, 4, 5),
        ('32000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000a', NULL, 31,
         '30000000-0000-0000-0000-000000000000', true, 'refused', NULL, 4, 5);
    INSERT INTO accounts VALUES
        ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000a', 120);
    INSERT INTO transactions VALUES
        (1, '00000000-0000-0000-0000-00000000000b', 100, 'CREDIT', NULL, 100, '20000000-0000-0000-0000-000000000000'),
        (2, '00000000-0000-0000-0000-00000000000b', 50, 'CREDIT', NULL, 150, NULL),
        (3, '00000000-0000-0000-0000-00000000000b', 30, 'DEBIT', '00000000-0000-0000-0000-000000000001', 120, NULL);
    INSERT INTO orders VALUES
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 30,
         '30000000-0000-0000-0000-000000000000', 'FINISHED', NULL, '30000000-0000-0000-0000-000000000000', 4, 9,
         '00000000-0000-0000-0001-000000000001', '00000000-0000-0000-0002-000000000001'),
        ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000a', 9000,
         '31000000-0000-0000-0000-000000000000', 'CANCELLED', 'INSUFFICIENT_FUNDS', NULL, 4, 9,
         '00000000-0000-0000-0001-000000000002', '00000000-0000-0000-0002-000000000002');
    INSERT INTO payments VALUES
        ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 30, 'SUCCEEDED', NULL),
        ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-00000000000a', 9000, 'FAILED',
         'INSUFFICIENT_FUNDS');
    INSERT INTO payments_inbox SELECT request_event FROM orders;
    INSERT INTO orders_inbox SELECT result_event FROM orders;
    INSERT INTO faults VALUES ('broker-wipe', 'broker', 50, 60, true);
    INSERT INTO poison VALUES
        ('40000000-0000-0000-0000-000000000000', 'no id', 10, 11, 'ok'),
        ('41000000-0000-0000-0000-000000000000', 'no id', 90, 91, 'ok'),
        ('42000000-0000-0000-0000-000000000000', 'no id', 90, 91, 'unknown');
    INSERT INTO letters VALUES
        ('x.dead', '41000000-0000-0000-0000-000000000000', 'twice'),
        ('x.dead', '41000000-0000-0000-0000-000000000000', 'is harmless')";

/// What is done to the story, and the rules that must be found broken by it: each rule occurs.
const DOCTORED: &[(&str, &[&str])] = &[
    ("INSERT INTO flaws SELECT nonce, 'it is flawed' FROM operations LIMIT 1", &["answers are"]),
    ("UPDATE orders SET amount = 29 WHERE amount = 30; UPDATE payments SET amount = 29 WHERE amount = 30;
      UPDATE transactions SET amount = 29, balance_after = 121 WHERE amount = 30; UPDATE accounts SET balance = 121",
     &["every acknowledged order exists"]),
    ("DELETE FROM orders WHERE amount = 30; DELETE FROM payments WHERE amount = 30;
      DELETE FROM transactions WHERE amount = 30; UPDATE accounts SET balance = 150",
     &["every acknowledged order exists"]),
    ("DELETE FROM operations WHERE amount = 9000", &["every order was asked for"]),
    ("INSERT INTO orders SELECT '00000000-0000-0000-0000-000000000003', user_id, amount, description, status,
          cancel_reason, idempotency_key, 4, 9, request_event, result_event FROM orders WHERE amount = 9000;
      INSERT INTO payments SELECT '00000000-0000-0000-0000-000000000003', user_id, amount, outcome, reason
          FROM payments WHERE amount = 9000",
     &["every order was asked for"]),
    ("UPDATE operations SET outcome = 'refused' WHERE amount = 9000", &["what was refused"]),
    ("UPDATE operations SET outcome = 'refused' WHERE amount = 100",
     &["what was refused", "every credit was asked for"]),
    ("UPDATE operations SET is_bad = true WHERE amount = 9000", &["what was refused"]),
    ("UPDATE operations SET id = '00000000-0000-0000-0000-00000000000c' WHERE kind = 'account'",
     &["every acknowledged account"]),
    ("INSERT INTO accounts VALUES (gen_random_uuid(), gen_random_uuid(), 0)", &["every acknowledged account"]),
    ("INSERT INTO accounts SELECT gen_random_uuid(), user_id, 0 FROM accounts", &["every acknowledged account"]),
    ("UPDATE operations SET outcome = 'ok' WHERE amount = 7", &["every acknowledged deposit"]),
    ("INSERT INTO operations SELECT gen_random_uuid(), kind, user_id, bill, amount, NULL, false, 'ok', NULL, 2, 3
          FROM operations WHERE amount = 50",
     &["every acknowledged deposit"]),
    ("INSERT INTO transactions SELECT 4, account_id, 100, 'CREDIT', NULL, 220, idempotency_key FROM transactions
          WHERE amount = 100; UPDATE accounts SET balance = 220",
     &["every acknowledged deposit"]),
    ("INSERT INTO transactions SELECT 4, account_id, 100, 'CREDIT', NULL, 220, NULL FROM transactions
          WHERE amount = 100; UPDATE accounts SET balance = 220",
     &["every credit was asked for"]),
    ("INSERT INTO transactions SELECT 4, account_id, 8, 'CREDIT', NULL, 128, '22000000-0000-0000-0000-000000000000'
          FROM transactions WHERE amount = 100; UPDATE accounts SET balance = 128",
     &["every credit was asked for"]),
    ("UPDATE orders SET status = 'NEW', cancel_reason = NULL, result_event = NULL WHERE amount = 9000;
      DELETE FROM payments WHERE amount = 9000",
     &["every order is final"]),
    ("DELETE FROM payments WHERE amount = 9000", &["every order has one decision"]),
    ("DELETE FROM operations WHERE amount = 9000; DELETE FROM orders WHERE amount = 9000",
     &["every order has one decision"]),
    ("UPDATE orders SET status = 'FINISHED', cancel_reason = NULL WHERE amount = 9000",
     &["every order has one decision"]),
    ("UPDATE orders SET cancel_reason = 'ACCOUNT_NOT_FOUND' WHERE amount = 9000", &["every order has one decision"]),
    ("INSERT INTO payments SELECT * FROM payments WHERE amount = 9000",
     &["every order has one decision"]),
    ("DELETE FROM transactions WHERE type = 'DEBIT'; UPDATE accounts SET balance = 150",
     &["an order decided paid"]),
    ("INSERT INTO transactions SELECT 4, account_id, amount, type, reference_order_id, 90, NULL FROM transactions
          WHERE type = 'DEBIT'; UPDATE accounts SET balance = 90",
     &["an order decided paid"]),
    ("UPDATE transactions SET amount = 20, balance_after = 130 WHERE type = 'DEBIT';
      UPDATE accounts SET balance = 130",
     &["an order decided paid"]),
    ("INSERT INTO transactions SELECT 4, account_id, 1, type, gen_random_uuid(), 119, NULL FROM transactions
          WHERE type = 'DEBIT'; UPDATE accounts SET balance = 119",
     &["an order decided paid"]),
    ("UPDATE accounts SET balance = 121", &["no balance is negative", "the entries of an account"]),
    ("UPDATE transactions SET balance_after = 151 WHERE amount = 50", &["the entries of an account"]),
    ("INSERT INTO snapshots VALUES (5, 'it was negative')", &["every snapshot"]),
    ("DELETE FROM payments_inbox", &["what was decided"]),
    ("DELETE FROM orders_inbox", &["what was decided"]),
    ("INSERT INTO letters VALUES ('x.dead', NULL, 'an honest event')", &["a dead letter is poison"]),
    ("INSERT INTO letters VALUES ('x.dead', gen_random_uuid(), 'another run')", &["a dead letter is poison"]),
    ("DELETE FROM letters", &["poison that was injected"]),
    ("INSERT INTO outbox VALUES ('orders', gen_random_uuid(), 'OrderCreated')", &["outboxes and queues"]),
    ("INSERT INTO leftovers VALUES ('a queue holds 3 messages')", &["outboxes and queues"]),
];

/// Goal: every check sees what it is for, and nothing in a story where all is well. Method: one doctoring at a time; what
/// is found broken is exactly what must be.
#[tokio::test]
async fn every_check_fails_when_its_rule_is_broken_and_only_then() {
    if is_against_address() {
        return;
    }
    let evidence = Evidence::create(&fresh_database().await).await.unwrap();
    evidence.database().execute(STORY).await.unwrap();
    let broken = broken_rules(&evidence).await;
    assert!(broken.is_empty(), "{broken:#?}");

    let mut seen: HashSet<&str> = HashSet::new();
    for (doctoring, rules) in DOCTORED {
        evidence.database().execute(&format!("BEGIN; {doctoring}")).await.unwrap();
        let broken = broken_rules(&evidence).await;
        evidence.database().execute("ROLLBACK").await.unwrap();
        for rule in *rules {
            assert!(
                broken.iter().any(|found| found.rule.starts_with(rule)),
                "{doctoring}: {rule}: {broken:#?}"
            );
        }
        assert_eq!(broken.len(), rules.len(), "{doctoring}: {broken:#?}");
        seen.extend(broken.iter().map(|found| found.rule));
    }
    let unseen: Vec<&str> =
        checks::all().map(|check| check.rule).filter(|rule| !seen.contains(rule)).collect();
    assert!(unseen.is_empty(), "nothing shows that these can fail: {unseen:?}");
}

async fn broken_rules(evidence: &Evidence) -> Vec<Findings> {
    let mut broken = Vec::new();
    for check in checks::all() {
        let findings = check.run(evidence).await.unwrap();
        if findings.count > 0 {
            broken.push(findings);
        }
    }
    broken
}
