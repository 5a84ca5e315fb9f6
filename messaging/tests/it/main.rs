//! Against real servers: one PostgreSQL and one RabbitMQ for all, a second pair for the tests that kill them, and a
//! database and a virtual host for each test.

mod support;

mod broadcast;
mod outbox;
mod relay;
mod relay_refused;
mod vacuum;

mod consumer;
mod consumer_crashes;
mod dead_letters;
mod inbox;
mod redrive;
mod retention;

mod broker_faults;
mod database_faults;

mod example;
mod statement;
