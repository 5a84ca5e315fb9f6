//! Whoever asks for an order to be cancelled is told what will be, and money goes back once.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "an order whose cancellation was acknowledged is CANCELLED",
        query: "SELECT format('the cancellation of order %s was acknowledged (operation %s), and it is %s', order_id,
                              nonce, coalesce(status, 'not there'))
                FROM operations LEFT JOIN orders ON orders.id = order_id
                WHERE kind = 'cancel' AND outcome = 'ok' AND status IS DISTINCT FROM 'CANCELLED'",
    },
    Check {
        rule: "an order whose cancellation was refused was on its way",
        query: "SELECT format('the cancellation of order %s was refused (operation %s), and it is %s %s', order_id,
                              nonce, coalesce(status, 'not there'), delivery_status)
                FROM operations LEFT JOIN orders ON orders.id = order_id
                WHERE kind = 'cancel' AND outcome = 'refused'
                  AND (status IS DISTINCT FROM 'FINISHED' OR shipped_ms IS NULL)",
    },
    Check {
        rule: "no order is cancelled or paid back that nobody wanted cancelled",
        query: "SELECT format('order %s is %s, to be cancelled since %s ms after the start, and nobody asked for that', id,
                              coalesce(cancel_reason, status), cancel_requested_ms)
                FROM orders
                WHERE (cancel_requested_ms IS NOT NULL OR cancel_reason IN ('CANCELLED_BY_USER', 'REFUNDED'))
                  AND NOT EXISTS (SELECT FROM operations
                                  WHERE kind = 'cancel' AND outcome <> 'refused' AND order_id = orders.id)",
    },
    Check {
        rule: "a refunded order is exactly one credit of its amount to its user's account, any other is none",
        query: "SELECT format('order %s is %s, with %s credits, of which %s are of %s to the account of %s', orders.id,
                              coalesce(cancel_reason, status), count(credit.id), count(accounts.id), orders.amount,
                              orders.user_id)
                FROM orders
                LEFT JOIN transactions AS credit ON type = 'CREDIT' AND reference_order_id = orders.id
                LEFT JOIN accounts ON accounts.id = account_id AND accounts.user_id = orders.user_id
                     AND credit.amount = orders.amount
                GROUP BY orders.id, status, cancel_reason, orders.amount, orders.user_id
                HAVING count(credit.id) <> (cancel_reason IS NOT DISTINCT FROM 'REFUNDED')::int
                    OR count(accounts.id) <> (cancel_reason IS NOT DISTINCT FROM 'REFUNDED')::int
                UNION ALL
                SELECT format('entry %s pays back order %s, which does not exist', id, reference_order_id)
                FROM transactions
                WHERE type = 'CREDIT' AND reference_order_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM orders WHERE orders.id = reference_order_id)",
    },
];
