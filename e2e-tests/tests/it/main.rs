//! The system from outside. What each module is about is in the crate's documentation.

mod support;

mod story;

mod bad_input;
mod chaos_checks;
mod gateway;
mod idempotency;

mod cancelling;
mod delivery;
mod live;
mod timeline;

mod clients;
mod contracts;
mod grpc;
mod routes;

mod dead_letters;
mod messages;
mod redrive;
mod retention;

mod faults;
mod heap_only;
mod plans;

mod browser;
mod documents;
mod examples;
mod release;
mod settings;
