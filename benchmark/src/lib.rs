#![doc = include_str!("../README.md")]

mod options;
mod profile;
mod progress;
mod run;
mod suite;

mod experiment;
mod measured;

mod accounts;
mod backlog;
mod claims;
mod client;
mod live;
mod load;
mod post;
mod settle;
mod stored;
mod tally;
mod watch;

mod audit;
mod clock;
mod machine;
mod metrics;
mod series;
mod usage;
mod wal;
mod yardstick;

mod error;
mod print;
mod report;

pub use error::{Error, Result};
pub use options::{CommandLine, Options, Verb};
pub use profile::{ProfileOptions, profile};
pub use report::Report;
pub use run::run;
pub use suite::{RenderOptions, Scenario, SuiteOptions, render, suite};
