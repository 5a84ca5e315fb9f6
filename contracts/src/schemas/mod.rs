//! The schemas of the events: those that follow from the types, and those that are released in `contracts/schemas/`.
//!
//! - [`generated`] makes them from the types.
//! - [`compatibility`] says which changes break somebody, and whom.
//! - [`vocabulary`] is what schemas may be written with.
//! - [`registry`] holds what is released and compares it with the types.
//! - [`history`] sees to it that what is released stays as it is.
//! - [`agreement`] shows that consumers read what the schemas accept, and nothing else.
//!
//! All of it is tests: a service needs none of this when it runs. What it is for is in docs/MESSAGING.md.

mod agreement;
mod compatibility;
mod generated;
mod history;
mod registry;
mod vocabulary;

use messaging::{Event, Reason};
use schemars::{Schema, SchemaGenerator};

/// A type of events.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) data_schema: fn(SchemaGenerator) -> Schema,
    /// Reads the payload of an event of this type, as its consumer does.
    pub(crate) read: fn(&Event) -> Result<(), Reason>,
}
