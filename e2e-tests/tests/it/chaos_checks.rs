//! The fault suite's own eyes: a story in which all is well, and what each check sees when it is doctored.

use std::collections::HashSet;

use e2e_tests::chaos::checks::{self, Findings};
use e2e_tests::chaos::evidence::Evidence;

use crate::support::{fresh_database, is_against_address};

/// An account with two deposits, one without a key; an order that is paid, one that is beyond the balance; a deposit
/// whose client never knew; nonsense that was refused; a letter for poison, and poison that a wiped broker has lost. Another
/// account, whose user has an order cancelled before it is paid, and one that was paid, cannot cancel one that is shipped,
/// and has one on its way to be shipped.
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
         '30000000-0000-0000-0000-000000000000', true, 'refused', NULL, 4, 5),
        ('11000000-0000-0000-0000-000000000000', 'account', '00000000-0000-0000-0000-00000000000c', NULL, 0,
         '11000000-0000-0000-0000-000000000000', false, 'ok', '00000000-0000-0000-0000-00000000000d', 0, 1),
        ('23000000-0000-0000-0000-000000000000', 'deposit', '00000000-0000-0000-0000-00000000000c',
         '00000000-0000-0000-0000-00000000000d', 500, '23000000-0000-0000-0000-000000000000', false, 'ok', NULL, 2, 3),
        ('33000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000c', NULL, 200,
         NULL, false, 'ok', '00000000-0000-0000-0000-000000000003', 4, 5),
        ('34000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000c', NULL, 201,
         NULL, false, 'ok', '00000000-0000-0000-0000-000000000004', 4, 5),
        ('35000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000c', NULL, 12,
         NULL, false, 'ok', '00000000-0000-0000-0000-000000000005', 4, 5),
        ('36000000-0000-0000-0000-000000000000', 'order', '00000000-0000-0000-0000-00000000000c', NULL, 13,
         NULL, false, 'ok', '00000000-0000-0000-0000-000000000006', 4, 5);
    INSERT INTO operations (nonce, kind, user_id, amount, is_bad, outcome, id, order_id) VALUES
        ('50000000-0000-0000-0000-000000000000', 'cancel', '00000000-0000-0000-0000-00000000000c', 200, false, 'unknown',
         NULL, '00000000-0000-0000-0000-000000000003'),
        ('51000000-0000-0000-0000-000000000000', 'cancel', '00000000-0000-0000-0000-00000000000c', 201, false, 'ok',
         '00000000-0000-0000-0000-000000000004', '00000000-0000-0000-0000-000000000004'),
        ('52000000-0000-0000-0000-000000000000', 'cancel', '00000000-0000-0000-0000-00000000000c', 12, false, 'refused',
         NULL, '00000000-0000-0000-0000-000000000005'),
        ('53000000-0000-0000-0000-000000000000', 'cancel', '00000000-0000-0000-0000-00000000000c', 13, false, 'unknown',
         NULL, '00000000-0000-0000-0000-000000000006');
    INSERT INTO accounts VALUES
        ('00000000-0000-0000-0000-00000000000b', '00000000-0000-0000-0000-00000000000a', 120, 3),
        ('00000000-0000-0000-0000-00000000000d', '00000000-0000-0000-0000-00000000000c', 475, 5);
    INSERT INTO transactions VALUES
        (1, '00000000-0000-0000-0000-00000000000b', 100, 'CREDIT', NULL, 100, '20000000-0000-0000-0000-000000000000', 1),
        (2, '00000000-0000-0000-0000-00000000000b', 50, 'CREDIT', NULL, 150, NULL, 2),
        (3, '00000000-0000-0000-0000-00000000000b', 30, 'DEBIT', '00000000-0000-0000-0000-000000000001', 120, NULL, 3),
        (11, '00000000-0000-0000-0000-00000000000d', 500, 'CREDIT', NULL, 500, '23000000-0000-0000-0000-000000000000', 1),
        (12, '00000000-0000-0000-0000-00000000000d', 12, 'DEBIT', '00000000-0000-0000-0000-000000000005', 488, NULL, 2),
        (13, '00000000-0000-0000-0000-00000000000d', 13, 'DEBIT', '00000000-0000-0000-0000-000000000006', 475, NULL, 3),
        (14, '00000000-0000-0000-0000-00000000000d', 201, 'DEBIT', '00000000-0000-0000-0000-000000000004', 274, NULL, 4),
        (15, '00000000-0000-0000-0000-00000000000d', 201, 'CREDIT', '00000000-0000-0000-0000-000000000004', 475, NULL, 5);
    INSERT INTO orders SELECT o.id, user_id, o.amount, nonce, status, reason, key, 4, 9, cancel_ms, shipped_ms,
            delivered_ms, delivery_status, overlay(o.id::text placing '1' from 23)::uuid,
            overlay(o.id::text placing '2' from 23)::uuid, overlay(o.id::text placing '3' from 23)::uuid
        FROM (VALUES
            ('00000000-0000-0000-0000-000000000001'::uuid, 30, 'FINISHED', NULL, NULL::bigint, 11, 13, 'DELIVERED'),
            ('00000000-0000-0000-0000-000000000002', 9000, 'CANCELLED', 'INSUFFICIENT_FUNDS', NULL, NULL, NULL, NULL),
            ('00000000-0000-0000-0000-000000000003', 200, 'CANCELLED', 'CANCELLED_BY_USER', 6, NULL, NULL, NULL),
            ('00000000-0000-0000-0000-000000000004', 201, 'CANCELLED', 'REFUNDED', 6, NULL, NULL, NULL),
            ('00000000-0000-0000-0000-000000000005', 12, 'FINISHED', NULL, NULL, 11, NULL, 'SHIPPED'),
            ('00000000-0000-0000-0000-000000000006', 13, 'FINISHED', NULL, NULL, NULL, NULL, 'PENDING')
        ) AS o (id, amount, status, reason, cancel_ms, shipped_ms, delivered_ms, delivery_status)
        JOIN operations ON kind = 'order' AND operations.amount = o.amount;
    INSERT INTO deliveries VALUES
        ('00000000-0000-0000-0000-000000000005'), ('00000000-0000-0000-0000-000000000006');
    INSERT INTO payments SELECT id, user_id, amount,
            CASE WHEN status = 'FINISHED' OR cancel_reason = 'REFUNDED' THEN 'SUCCEEDED' ELSE 'FAILED' END,
            nullif(cancel_reason, 'REFUNDED') FROM orders;
    INSERT INTO payments_inbox SELECT request_event FROM orders WHERE amount <> 200
        UNION ALL SELECT cancel_event FROM orders WHERE cancel_requested_ms IS NOT NULL;
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
      UPDATE transactions SET amount = 29, balance_after = 121 WHERE amount = 30;
      UPDATE accounts SET balance = 121 WHERE balance = 120",
     &["every acknowledged order exists"]),
    ("DELETE FROM orders WHERE amount = 30; DELETE FROM payments WHERE amount = 30;
      DELETE FROM transactions WHERE amount = 30; UPDATE accounts SET balance = 150, version = 2 WHERE balance = 120",
     &["every acknowledged order exists"]),
    ("DELETE FROM operations WHERE amount = 9000", &["every order was asked for"]),
    ("INSERT INTO orders SELECT '00000000-0000-0000-0000-000000000009', user_id, amount, description, status,
          cancel_reason, idempotency_key, 4, 9, NULL, NULL, NULL, NULL, request_event, cancel_event, result_event
          FROM orders WHERE amount = 9000;
      INSERT INTO payments SELECT '00000000-0000-0000-0000-000000000009', user_id, amount, outcome, reason
          FROM payments WHERE amount = 9000",
     &["every order was asked for"]),
    ("UPDATE operations SET outcome = 'refused' WHERE amount = 9000", &["what was refused"]),
    ("UPDATE operations SET outcome = 'refused' WHERE amount = 100",
     &["what was refused", "every credit was asked for"]),
    ("UPDATE operations SET is_bad = true WHERE amount = 9000", &["what was refused"]),
    ("UPDATE operations SET id = '00000000-0000-0000-0000-00000000000e' WHERE kind = 'account'",
     &["every acknowledged account"]),
    ("INSERT INTO accounts VALUES (gen_random_uuid(), gen_random_uuid(), 0, 0)", &["every acknowledged account"]),
    ("INSERT INTO accounts SELECT gen_random_uuid(), user_id, 0, 0 FROM accounts", &["every acknowledged account"]),
    ("UPDATE operations SET outcome = 'ok' WHERE amount = 7", &["every acknowledged deposit"]),
    ("INSERT INTO operations SELECT gen_random_uuid(), kind, user_id, bill, amount, NULL, false, 'ok', NULL, 2, 3
          FROM operations WHERE amount = 50",
     &["every acknowledged deposit"]),
    ("INSERT INTO transactions SELECT 4, account_id, 100, 'CREDIT', NULL, 220, idempotency_key, 4 FROM transactions
          WHERE amount = 100; UPDATE accounts SET balance = 220, version = 4 WHERE balance = 120",
     &["every acknowledged deposit"]),
    ("INSERT INTO transactions SELECT 4, account_id, 100, 'CREDIT', NULL, 220, NULL, 4 FROM transactions
          WHERE amount = 100; UPDATE accounts SET balance = 220, version = 4 WHERE balance = 120",
     &["every credit was asked for"]),
    ("INSERT INTO transactions SELECT 4, account_id, 8, 'CREDIT', NULL, 128, '22000000-0000-0000-0000-000000000000', 4
          FROM transactions WHERE amount = 100; UPDATE accounts SET balance = 128, version = 4 WHERE balance = 120",
     &["every credit was asked for"]),
    ("UPDATE orders SET status = 'NEW', cancel_reason = NULL, result_event = NULL WHERE amount = 9000;
      DELETE FROM payments WHERE amount = 9000",
     &["every order is final"]),
    ("UPDATE orders SET cancel_requested_ms = 6 WHERE amount = 13", &["every order is final"]),
    ("DELETE FROM payments WHERE amount = 9000", &["every order has one decision"]),
    ("DELETE FROM operations WHERE amount = 9000; DELETE FROM orders WHERE amount = 9000",
     &["every order has one decision"]),
    ("UPDATE orders SET status = 'FINISHED', cancel_reason = NULL, delivery_status = 'DELIVERED', shipped_ms = 11,
          delivered_ms = 13 WHERE amount = 9000",
     &["every order has one decision"]),
    ("UPDATE orders SET cancel_reason = 'ACCOUNT_NOT_FOUND' WHERE amount = 9000", &["every order has one decision"]),
    ("INSERT INTO payments SELECT * FROM payments WHERE amount = 9000",
     &["every order has one decision"]),
    ("UPDATE payments SET outcome = 'SUCCEEDED', reason = NULL WHERE amount = 200",
     &["every order has one decision", "an order decided paid", "what was decided"]),
    ("DELETE FROM transactions WHERE amount = 30; UPDATE accounts SET balance = 150, version = 2 WHERE balance = 120",
     &["an order decided paid"]),
    ("INSERT INTO transactions SELECT 4, account_id, amount, type, reference_order_id, 90, NULL, 4 FROM transactions
          WHERE amount = 30; UPDATE accounts SET balance = 90, version = 4 WHERE balance = 120",
     &["an order decided paid"]),
    ("UPDATE transactions SET amount = 20, balance_after = 130 WHERE amount = 30;
      UPDATE accounts SET balance = 130 WHERE balance = 120",
     &["an order decided paid"]),
    ("INSERT INTO transactions SELECT 4, account_id, 1, type, gen_random_uuid(), 119, NULL, 4 FROM transactions
          WHERE amount = 30; UPDATE accounts SET balance = 119, version = 4 WHERE balance = 120",
     &["an order decided paid"]),
    // The client knows that it is to be cancelled, and nobody else does.
    ("UPDATE operations SET outcome = 'ok' WHERE kind = 'cancel' AND amount = 13",
     &["an order whose cancellation was acknowledged"]),
    ("UPDATE operations SET order_id = gen_random_uuid() WHERE kind = 'cancel' AND amount = 12",
     &["an order whose cancellation was refused"]),
    ("UPDATE operations SET order_id = '00000000-0000-0000-0000-000000000006' WHERE kind = 'cancel' AND amount = 12",
     &["an order whose cancellation was refused"]),
    ("UPDATE operations SET order_id = '00000000-0000-0000-0000-000000000002' WHERE kind = 'cancel' AND amount = 12",
     &["an order whose cancellation was refused"]),
    ("DELETE FROM operations WHERE kind = 'cancel' AND amount = 200", &["no order is cancelled or paid back"]),
    ("DELETE FROM operations WHERE kind = 'cancel' AND amount = 201", &["no order is cancelled or paid back"]),
    ("UPDATE orders SET cancel_requested_ms = NULL WHERE amount = 200; DELETE FROM operations WHERE kind = 'cancel'",
     &["no order is cancelled or paid back"]),
    ("UPDATE orders SET cancel_requested_ms = 6 WHERE amount = 9000", &["no order is cancelled or paid back"]),
    ("DELETE FROM transactions WHERE id = 15; UPDATE accounts SET balance = 274, version = 4 WHERE balance = 475",
     &["a refunded order"]),
    ("INSERT INTO transactions SELECT 16, account_id, amount, type, reference_order_id, 676, NULL, 6 FROM transactions
          WHERE id = 15; UPDATE accounts SET balance = 676, version = 6 WHERE balance = 475",
     &["a refunded order"]),
    ("UPDATE transactions SET amount = 200, balance_after = 474 WHERE id = 15;
      UPDATE accounts SET balance = 474 WHERE balance = 475",
     &["a refunded order"]),
    ("DELETE FROM transactions WHERE id = 15; UPDATE accounts SET balance = 274, version = 4 WHERE balance = 475;
      INSERT INTO transactions SELECT 4, account_id, 201, 'CREDIT', '00000000-0000-0000-0000-000000000004', 321, NULL, 4
          FROM transactions WHERE amount = 30; UPDATE accounts SET balance = 321, version = 4 WHERE balance = 120",
     &["a refunded order"]),
    ("INSERT INTO transactions SELECT 16, account_id, 12, 'CREDIT', reference_order_id, 487, NULL, 6 FROM transactions
          WHERE id = 12; UPDATE accounts SET balance = 487, version = 6 WHERE balance = 475",
     &["a refunded order"]),
    ("INSERT INTO transactions SELECT 16, account_id, 5, 'CREDIT', gen_random_uuid(), 480, NULL, 6 FROM transactions
          WHERE id = 12; UPDATE accounts SET balance = 480, version = 6 WHERE balance = 475",
     &["a refunded order"]),
    ("UPDATE orders SET shipped_ms = 11 WHERE amount = 201", &["no order is both cancelled and shipped"]),
    ("UPDATE orders SET delivery_status = 'PENDING' WHERE amount = 201", &["no order is both cancelled and shipped"]),
    ("DELETE FROM deliveries WHERE order_id = '00000000-0000-0000-0000-000000000006'", &["a paid order is delivered"]),
    ("INSERT INTO deliveries SELECT * FROM deliveries LIMIT 1", &["a paid order is delivered"]),
    ("INSERT INTO deliveries SELECT id FROM orders WHERE amount = 30", &["a paid order is delivered"]),
    ("INSERT INTO deliveries SELECT id FROM orders WHERE amount = 200", &["a paid order is delivered"]),
    ("INSERT INTO deliveries VALUES (gen_random_uuid())", &["a paid order is delivered"]),
    ("UPDATE orders SET delivered_ms = NULL WHERE amount = 30", &["a paid order is delivered"]),
    ("UPDATE orders SET delivery_status = NULL WHERE amount = 13", &["a paid order is delivered"]),
    ("UPDATE accounts SET balance = 121 WHERE balance = 120", &["no balance is negative", "the entries of an account"]),
    ("UPDATE transactions SET balance_after = 151 WHERE amount = 50", &["the entries of an account"]),
    ("UPDATE transactions SET version = 3 WHERE amount = 50", &["the entries of an account"]),
    ("UPDATE accounts SET version = 4 WHERE balance = 120", &["the entries of an account"]),
    ("INSERT INTO snapshots VALUES (5, 'it was negative')", &["every snapshot"]),
    ("DELETE FROM payments_inbox", &["what was decided"]),
    ("DELETE FROM payments_inbox USING orders WHERE message_id = cancel_event AND amount = 200", &["what was decided"]),
    ("DELETE FROM payments_inbox USING orders WHERE message_id = cancel_event AND amount = 201", &["what was decided"]),
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
