DROP FUNCTION inbox_upkeep;
DROP FUNCTION inbox_first_id;
DROP VIEW inbox_partitions;
DROP TABLE inbox;
DROP TABLE outbox;
