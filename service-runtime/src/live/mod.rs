//! Live updates: clients watch a user, and are told of that user's changes as any replica commits them.
//!
//! [`messaging::broadcast`] carries changes between replicas; each has a [`Hub`] that knows its own clients.
//! Server-sent events, WebSockets and gRPC are three ways to read the same messages. What a client misses it is told to fetch:
//! nothing here is the truth, and nothing waits for a client.

mod client;
mod hub;
mod origin;
mod rpc;
mod sse;
mod watch;
mod ws;

pub use hub::Hub;
pub(crate) use origin::AllowedOrigins;
pub use rpc::{Told, updates};
pub use watch::{events, web_socket};
