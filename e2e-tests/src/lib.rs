#![doc = include_str!("../README.md")]

mod answer;
mod shop;

mod audit;
mod load;

pub mod chaos;

mod broker;
mod database;
pub mod events;
mod schemas;
pub mod wire;

pub mod door;
pub mod toolbox;

mod wait;
mod watch;

pub use crate::audit::Audit;
pub use answer::Answer;
pub use broker::{Broker, Forged, Taken, dead};
pub use database::Database;
pub use load::{Acknowledged, Book, Load};
pub use schemas::Schemas;
pub use shop::{Account, Entry, Order, Request, Shop, link_to_next};
pub use wait::{PATIENCE, until};
pub use watch::{Told, Watch};
