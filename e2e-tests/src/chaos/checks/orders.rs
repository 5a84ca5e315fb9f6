//! Every order is decided once, and both services say the same of it.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "every order is final in time",
        query: "SELECT format('order %s of user %s, created %s ms after the start, is %s', id, user_id, created_ms,
                              CASE status WHEN 'NEW' THEN 'NEW' ELSE 'to be cancelled' END)
                FROM orders
                WHERE status = 'NEW' OR (status <> 'CANCELLED' AND cancel_requested_ms IS NOT NULL)",
    },
    Check {
        rule: "every order has one decision, and is what was decided",
        query: "SELECT format('order %s is %s, decided %s', coalesce(orders.id, order_id),
                              coalesce(orders::text, 'not there'), coalesce(payments::text, 'never'))
                FROM orders FULL JOIN payments ON orders.id = order_id
                WHERE (orders.id IS NULL OR order_id IS NULL OR status = 'NEW'
                   OR (status = 'FINISHED' OR cancel_reason IS NOT DISTINCT FROM 'REFUNDED')
                      <> (outcome = 'SUCCEEDED')
                   OR (orders.user_id, orders.amount, nullif(cancel_reason, 'REFUNDED'))
                      IS DISTINCT FROM (payments.user_id, payments.amount, reason))
                  AND NOT (status IS NOT DISTINCT FROM 'NEW' AND order_id IS NULL)
                UNION ALL
                SELECT format('order %s is decided %s times', order_id, count(*)) FROM payments
                GROUP BY order_id HAVING count(*) > 1",
    },
    Check {
        rule: "an order decided paid is exactly one debit of its amount from its user's account, any other is none",
        query: "SELECT format('order %s is decided %s, with %s debits, of which %s are of %s from the account of %s',
                              order_id, outcome, count(debit.id), count(accounts.id), payments.amount,
                              payments.user_id)
                FROM payments
                LEFT JOIN transactions AS debit ON type = 'DEBIT' AND reference_order_id = order_id
                LEFT JOIN accounts ON accounts.id = account_id AND accounts.user_id = payments.user_id
                     AND debit.amount = payments.amount
                GROUP BY order_id, outcome, payments.amount, payments.user_id
                HAVING count(debit.id) <> (outcome = 'SUCCEEDED')::int
                    OR count(accounts.id) <> (outcome = 'SUCCEEDED')::int
                UNION ALL
                SELECT format('entry %s is a debit for order %s, which was never decided', id, reference_order_id)
                FROM transactions
                WHERE type = 'DEBIT'
                  AND NOT EXISTS (SELECT FROM payments WHERE order_id = reference_order_id)",
    },
];
