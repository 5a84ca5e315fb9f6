#![doc = include_str!("../README.md")]

mod servers;
mod status;
mod system;

mod gateway;
mod postgres;
mod rabbitmq;

mod link;
mod part;
mod process;
mod ready;
mod watchdog;

mod error;
pub mod http;
mod ports;
mod programs;
pub mod workspace;

pub use error::{Error, Result};
pub use link::{Direction, Link};
pub use part::Part;
pub use ports::free_port;
pub use postgres::{folder_elsewhere, kept_folder};
pub use process::ProcessId;
pub use programs::Program;
pub use servers::{Servers, ServersOptions};
pub use status::{PartProcess, Status};
pub use system::{Addresses, Links, System, SystemOptions};
