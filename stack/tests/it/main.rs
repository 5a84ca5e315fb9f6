//! The stack against real servers: nothing here is simulated.

mod audit;
mod cli;
mod links;
mod servers;
mod support;
mod systems;
