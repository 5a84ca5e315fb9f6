-- An event that is told again while it waits is here twice, and whoever gets it twice knows it: rare, and cheaper than an
-- index entry for each of them. Nor may telling it again wait for the relay, or change the row that it is about to delete.
ALTER TABLE outbox DROP CONSTRAINT outbox_message_id_key;
