//! What one run is made of.

use std::time::Duration;

use super::nemesis::Faults;

/// From this length on a run must have met every fault often.
pub(crate) const LONG: Duration = Duration::from_secs(600);

/// Everything that decides how a run goes.
#[derive(Clone)]
pub(crate) struct Scenario {
    /// What people call it.
    pub(crate) name: String,
    /// Decides all choices.
    pub(crate) seed: u64,
    /// How long faults are injected.
    pub(crate) duration: Duration,
    /// Processes of each service.
    pub(crate) replicas: usize,
    pub(crate) profile: Profile,
    /// The broken rule of the services' fault binaries, if one is.
    pub(crate) mutant: Option<&'static str>,
    /// How long after healing every order must be final.
    pub(crate) final_within: Duration,
}

/// Which faults happen, and whether the sweep heals what is lost.
#[derive(Clone, Copy)]
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) faults: fn() -> Faults,
    pub(crate) sweep_after_seconds: u32,
}

impl Profile {
    /// Everything at once.
    pub(crate) const ALL: Self = Self { name: "all", faults: Faults::all, sweep_after_seconds: 3 };
}
