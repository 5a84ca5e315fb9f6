#![doc = include_str!("../README.md")]

mod answer;
mod shop;

mod audit;
mod load;

mod broker;
mod database;
pub mod events;
pub mod wire;

mod wait;

pub use crate::audit::Audit;
pub use answer::Answer;
pub use broker::{Broker, Taken, dead};
pub use database::Database;
pub use load::{Acknowledged, Book, Load};
pub use shop::{Account, Entry, Order, Request, Shop, link_to_next};
pub use wait::{PATIENCE, until};
