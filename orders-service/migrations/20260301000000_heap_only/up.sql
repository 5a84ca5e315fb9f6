-- A settled order is larger than a new one, by the times of what has happened to it, and often all orders of a page are
-- settled in one transaction. With half of a page for the second versions, one in six found no room beside the first, and
-- each of the table's indexes got another entry for it.
ALTER TABLE orders SET (fillfactor = 40);
