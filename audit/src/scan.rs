//! The passes over one table of the payments database: rules that are a query each.
//!
//! What a rule compares, it reads in one statement, and so in one snapshot.

use uuid::Uuid;

use crate::audit::Run;
use crate::error::Result;
use crate::position::{Key, Position};
use crate::report::{Counts, Event};
use crate::rules::{Check, RULES};

/// A pass over a table by its primary key.
pub(crate) struct Pass<K> {
    /// Of at most `$2` rows from `$1` on: how many there are, which is the last, and whether others may yet come between.
    bounds: &'static str,
    /// The query of a rule that this pass is to check.
    query_of: fn(&Check) -> Option<&'static str>,
    /// Where it goes on.
    position: fn(&mut Position) -> &mut K,
    count: fn(&mut Counts) -> &mut u64,
}

/// Every account by itself. None is looked for that comes between: an audit that ends begins anew here.
pub(crate) const ACCOUNTS: Pass<Uuid> = Pass {
    bounds: "-- audit_accounts
        SELECT count(*), (array_agg(id ORDER BY id DESC))[1], false
        FROM (SELECT id FROM accounts WHERE id >= $1 ORDER BY id LIMIT $2) AS chunk",
    query_of: |check| match check {
        Check::Accounts(query) => Some(query),
        _ => None,
    },
    position: |position| &mut position.account,
    count: |counts| &mut counts.accounts,
};

/// Every ledger entry, with the one before it. Ids are given before the commit, in transactions of a few seconds: one
/// minute later every id is there that ever will be.
pub(crate) const ENTRIES: Pass<i64> = Pass {
    bounds: "-- audit_entries
        SELECT count(*), (array_agg(id ORDER BY id DESC))[1],
               coalesce(bool_or(created_at > now() - interval '1 minute'), false)
        FROM (SELECT id, created_at FROM transactions WHERE id >= $1 ORDER BY id LIMIT $2) AS chunk",
    query_of: |check| match check {
        Check::Entries(query) => Some(query),
        _ => None,
    },
    position: |position| &mut position.entry,
    count: |counts| &mut counts.entries,
};

impl<F: FnMut(Event<'_>)> Run<'_, F> {
    /// Checks a table from the position on.
    pub(crate) async fn scan<K: Key>(&mut self, pass: &Pass<K>) -> Result<()> {
        let mut from = Some(*(pass.position)(&mut self.position));
        let mut is_settled = true;
        while let Some(first) = from {
            let (next, is_final) = self.chunk(pass, first).await?;
            is_settled &= is_final;
            from = next;
            if let Some(next) = next.filter(|_| is_settled) {
                *(pass.position)(&mut self.position) = next;
            }
            self.progress();
        }
        Ok(())
    }

    /// Checks the rows from `first` on, as many as are read at once. Returns where the next ones begin, if there are more,
    /// and whether all is well with these, and can't change any more.
    async fn chunk<K: Key>(&mut self, pass: &Pass<K>, first: K) -> Result<(Option<K>, bool)> {
        let limit = self.audit.chunk_rows as i64;
        let rows = self.payments.rows(pass.bounds, &[&first, &limit]).await?;
        let (rows, last, is_young): (i64, Option<K>, bool) = (rows[0].get(0), rows[0].get(1), rows[0].get(2));
        let last = last.filter(|_| rows == limit).unwrap_or(K::LAST);
        let findings = self.counts.findings;
        for rule in &RULES {
            let Some(query) = (pass.query_of)(&rule.check) else { continue };
            for row in self.payments.rows(query, &[&first, &last]).await? {
                self.found(rule, row.get(0), row.get(1));
            }
        }
        *(pass.count)(&mut self.counts) += rows.cast_unsigned();
        Ok((last.next(), !is_young && self.counts.findings == findings))
    }
}
