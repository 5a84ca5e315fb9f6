DELETE FROM outbox AS later USING outbox AS earlier
WHERE later.message_id = earlier.message_id AND later.id > earlier.id;
ALTER TABLE outbox ADD CONSTRAINT outbox_message_id_key UNIQUE (message_id);
