//! Balances and ledger.

use super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        rule: "no balance is negative, and each is its credits less its debits",
        query: "SELECT format('account %s holds %s, its ledger says %s', id, balance, coalesce(ledger, 0))
                FROM accounts LEFT JOIN (
                    SELECT account_id, sum(CASE type WHEN 'CREDIT' THEN amount ELSE -amount END) AS ledger
                    FROM transactions GROUP BY account_id) AS entries ON account_id = id
                WHERE balance < 0 OR balance <> coalesce(ledger, 0)
                UNION ALL
                SELECT format('entry %s is of no account', id) FROM transactions
                WHERE NOT EXISTS (SELECT FROM accounts WHERE accounts.id = account_id)",
    },
    Check {
        rule: "the entries of an account are an unbroken chain that ends in its balance",
        query: "SELECT format('entry %s of account %s is number %s, leaving %s, and not %s, leaving %s', id, account_id,
                              version, balance_after, number, expected)
                FROM (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY id) AS number,
                             lag(balance_after, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY id)
                             + CASE type WHEN 'CREDIT' THEN amount ELSE -amount END AS expected
                      FROM transactions) AS entry
                WHERE (version, balance_after) <> (number, expected)
                UNION ALL
                SELECT format('account %s holds %s after %s entries, its last entry %s leaves %s after %s', accounts.id,
                              balance, accounts.version, last.id, balance_after, last.version)
                FROM accounts JOIN (SELECT DISTINCT ON (account_id) * FROM transactions
                                    ORDER BY account_id, id DESC) AS last ON account_id = accounts.id
                WHERE (balance, accounts.version) <> (balance_after, last.version)",
    },
    Check {
        rule: "every snapshot taken meanwhile conserves money",
        query: "SELECT format('%s ms after the start: %s', at_ms, finding) FROM snapshots",
    },
];
