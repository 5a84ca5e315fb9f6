//! What clients were told is true.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "answers are what the contract says, and the same each time",
        query: "SELECT format('operation %s (%s): %s', nonce, kind, flaw) FROM flaws
                LEFT JOIN operations USING (nonce)",
    },
    Check {
        rule: "every acknowledged order exists, as it was asked for",
        query: "SELECT format('order %s was acknowledged for operation %s and is %s', o.id, nonce,
                              coalesce(orders::text, 'not there'))
                FROM operations AS o LEFT JOIN orders USING (id)
                WHERE kind = 'order' AND outcome = 'ok' AND NOT is_bad
                  AND (orders.id IS NULL OR (orders.user_id, orders.amount, description, idempotency_key)
                                            IS DISTINCT FROM (o.user_id, o.amount, nonce::text, key))",
    },
    Check {
        rule: "every order was asked for, once",
        query: "SELECT format('%s orders for %s', count(orders.id), coalesce('operation ' || nonce, 'nobody: ' || min(orders::text)))
                FROM orders LEFT JOIN operations AS o ON description = nonce::text AND kind = 'order'
                GROUP BY nonce HAVING nonce IS NULL OR count(orders.id) > 1",
    },
    Check {
        rule: "what was refused left no trace",
        query: "SELECT format('order %s exists and was refused (operation %s)', orders.id, nonce)
                FROM orders JOIN operations ON description = nonce::text
                WHERE outcome = 'refused' OR is_bad
                UNION ALL
                SELECT format('entry %s exists and was refused (operation %s)', transactions.id, nonce)
                FROM transactions JOIN operations AS o ON type = 'CREDIT' AND account_id = bill
                     AND idempotency_key = key AND transactions.amount = o.amount
                WHERE kind = 'deposit' AND (outcome = 'refused' OR is_bad)",
    },
    Check {
        rule: "every acknowledged account exists, and every account was asked for",
        query: "SELECT format('account %s of user %s was acknowledged and does not exist', o.id, o.user_id)
                FROM operations AS o LEFT JOIN accounts USING (id, user_id)
                WHERE kind = 'account' AND outcome = 'ok' AND accounts.id IS NULL
                UNION ALL
                SELECT format('account %s of user %s was never asked for', id, user_id) FROM accounts
                WHERE NOT EXISTS (SELECT FROM operations AS o WHERE kind = 'account' AND o.user_id = accounts.user_id)
                UNION ALL
                SELECT format('user %s has %s accounts', user_id, count(*)) FROM accounts
                GROUP BY user_id HAVING count(*) > 1",
    },
    Check {
        rule: "every acknowledged deposit is in the ledger, once",
        query: "SELECT format('deposit %s of %s to %s was acknowledged and is there %s times', nonce, o.amount, bill,
                              count(transactions.id))
                FROM operations AS o
                LEFT JOIN transactions ON type = 'CREDIT' AND account_id = bill AND idempotency_key = key
                     AND transactions.amount = o.amount
                WHERE kind = 'deposit' AND outcome = 'ok' AND NOT is_bad AND key IS NOT NULL
                GROUP BY nonce, o.amount, bill HAVING count(transactions.id) <> 1
                UNION ALL
                SELECT format('%s deposits of %s to %s without a key were acknowledged, and %s are there',
                              acknowledged, amount, bill, coalesce(there, 0))
                FROM (SELECT bill, amount, count(*) AS acknowledged FROM operations
                      WHERE kind = 'deposit' AND outcome = 'ok' AND key IS NULL GROUP BY bill, amount) AS o
                LEFT JOIN (SELECT account_id AS bill, amount, count(*) AS there FROM transactions
                           WHERE type = 'CREDIT' AND reference_order_id IS NULL AND idempotency_key IS NULL
                           GROUP BY account_id, amount) AS t
                     USING (bill, amount)
                WHERE acknowledged > coalesce(there, 0)",
    },
    Check {
        rule: "every credit was asked for, unless it pays an order back",
        query: "SELECT format('entry %s puts %s into %s, and nobody asked for that', id, amount, account_id)
                FROM transactions
                WHERE type = 'CREDIT' AND idempotency_key IS NOT NULL AND NOT EXISTS (
                    SELECT FROM operations AS o
                    WHERE kind = 'deposit' AND outcome <> 'refused' AND NOT is_bad AND bill = account_id
                      AND key = idempotency_key AND o.amount = transactions.amount)
                UNION ALL
                SELECT format('%s credits of %s to %s without a key, and %s were asked for', there, amount, bill,
                              coalesce(asked, 0))
                FROM (SELECT account_id AS bill, amount, count(*) AS there FROM transactions
                      WHERE type = 'CREDIT' AND reference_order_id IS NULL AND idempotency_key IS NULL
                      GROUP BY account_id, amount) AS t
                LEFT JOIN (SELECT bill, amount, count(*) AS asked FROM operations
                           WHERE kind = 'deposit' AND outcome <> 'refused' AND key IS NULL
                           GROUP BY bill, amount) AS o USING (bill, amount)
                WHERE there > coalesce(asked, 0)",
    },
];
