//! What travelled has arrived, once, and nothing lies about.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "what was decided and what was settled came through the inbox",
        query: "SELECT format('order %s was decided, and its request %s is not in the inbox', order_id, event)
                FROM (SELECT order_id, CASE reason WHEN 'CANCELLED_BY_USER' THEN cancel_event
                                       ELSE request_event END AS event
                      FROM payments JOIN orders ON id = order_id
                      UNION ALL
                      SELECT id, cancel_event FROM orders WHERE cancel_reason = 'REFUNDED') AS decided
                WHERE NOT EXISTS (SELECT FROM payments_inbox WHERE message_id = event)
                UNION ALL
                SELECT format('order %s was settled, and its result %s is not in the inbox', id, result_event)
                FROM orders
                WHERE result_event IS NOT NULL
                  AND NOT EXISTS (SELECT FROM orders_inbox WHERE message_id = result_event)",
    },
    Check {
        rule: "a dead letter is poison that was injected",
        query: "SELECT format('%s holds what nobody injected: %s', queue, text)
                FROM letters WHERE NOT EXISTS (SELECT FROM poison WHERE poison.nonce = letters.nonce)",
    },
    Check {
        // What was in the broker when it lost its disk, or in a queue when it was deleted, may be gone.
        rule: "poison that was injected is a dead letter",
        query: "SELECT format('poison %s (%s), injected %s ms after the start, is no dead letter', nonce, kind, began_ms)
                FROM poison
                WHERE outcome = 'ok' AND NOT EXISTS (SELECT FROM letters WHERE letters.nonce = poison.nonce)
                  AND NOT EXISTS (SELECT FROM faults WHERE fault IN ('broker-wipe', 'queue-deleted')
                                  AND faults.ended_ms >= poison.began_ms)",
    },
    Check {
        rule: "outboxes and queues end empty",
        query: "SELECT format('%s %s is in the outbox of %s', type, message_id, service) FROM outbox
                UNION ALL
                SELECT leftover FROM leftovers WHERE leftover NOT LIKE '% orders wait'",
    },
];
