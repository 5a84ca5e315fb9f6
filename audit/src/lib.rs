#![doc = include_str!("../README.md")]

mod audit;
mod report;
mod rules;

mod orders;
mod scan;

mod position;
mod session;

mod error;

pub use crate::audit::Audit;
pub use error::{Error, Result};
pub use position::Position;
pub use report::{Counts, Event, Finding};
pub use rules::{RULES, Rule};
