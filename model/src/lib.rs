#![doc = include_str!("../README.md")]

pub mod create;
pub mod relay;

pub mod consume;
pub mod pay;
pub mod settle;

pub mod sweep;

pub mod cancel;
pub mod deliver;

pub mod faults;
pub mod properties;

mod bounds;
mod explore;
mod protocol;
mod rules;
mod state;

pub use bounds::{Bounds, Faults};
pub use explore::{Explored, counterexample, explore};
pub use protocol::{Action, Protocol};
pub use rules::Rule;
pub use state::{Account, Answer, Bag, Delivery, Event, Known, Order, Reason, Row, State, Status, Step};
