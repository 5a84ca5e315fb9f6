//! The fault suite: a workload runs while faults are injected; then everything heals, and what every client was told
//! is held against what both databases and the broker say.
//!
//! `run` tells the story. Beside it: `workload` is what clients do, `history` what they were told, `messages`
//! what comes out of the broker that no service sent just then, `nemesis` what is done to the system and
//! `timeline` when. `snapshots` look at the money meanwhile. Afterwards `quiet` waits, `evidence` gathers
//! everything in one database, `checks` are queries over it, and `report` says what was found.

pub mod checks;
pub mod evidence;
pub mod history;
pub mod timeline;

mod options;

mod messages;
mod meters;
mod nemesis;
mod snapshots;
mod workload;

mod mutants;
mod quiet;
mod report;
mod run;
mod scenario;

mod lines;

pub use mutants::run_mutants;
pub use options::Options;
pub use report::Verdict;
pub use run::run_once;
