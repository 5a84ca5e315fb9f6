//! What is paid goes on its way, a step at a time, and what is on its way is kept.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "no order is both cancelled and shipped",
        query: "SELECT format('order %s is cancelled for %s, and %s, shipped %s and delivered %s ms after the start', id,
                              cancel_reason, coalesce(delivery_status, 'not delivered'), coalesce(shipped_ms::text, 'not'),
                              coalesce(delivered_ms::text, 'not'))
                FROM orders
                WHERE status = 'CANCELLED'
                  AND (delivery_status IS NOT NULL OR shipped_ms IS NOT NULL OR delivered_ms IS NOT NULL)",
    },
    Check {
        // One that was to be cancelled stands where it was, and is found by other rules if it is not CANCELLED.
        rule: "a paid order is delivered, or its next step waits, once",
        query: "SELECT format('order %s is %s, shipped %s and delivered %s ms after the start, and %s steps wait', id,
                              coalesce(delivery_status, 'not to be delivered'), coalesce(shipped_ms::text, 'not'),
                              coalesce(delivered_ms::text, 'not'), steps)
                FROM (SELECT orders.*, coalesce(steps, 0) AS steps FROM orders
                      LEFT JOIN (SELECT order_id, count(*) AS steps FROM deliveries GROUP BY order_id) AS next
                           ON order_id = id) AS o
                WHERE CASE
                    WHEN status = 'FINISHED' AND cancel_requested_ms IS NULL THEN
                        (coalesce(delivery_status, ''), shipped_ms IS NOT NULL, delivered_ms IS NOT NULL, steps)
                        NOT IN (('PENDING', false, false, 1), ('SHIPPED', true, false, 1), ('DELIVERED', true, true, 0))
                    ELSE steps > (status = 'FINISHED' OR coalesce(cancel_reason, '') = 'REFUNDED')::int
                END
                UNION ALL
                SELECT format('a step waits of order %s, which does not exist', order_id) FROM deliveries
                WHERE NOT EXISTS (SELECT FROM orders WHERE orders.id = order_id)",
    },
];
