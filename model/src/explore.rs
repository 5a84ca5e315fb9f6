//! Running the checker.

use stateright::{Checker, Model};

use crate::bounds::Bounds;
use crate::protocol::{Action, Protocol};
use crate::rules::Rule;

/// What came of exploring the protocol within bounds, to the end.
#[derive(Debug)]
pub struct Explored {
    /// States that differ.
    pub states: usize,
    /// Properties that do not hold, and situations that never occurred.
    pub unmet: Vec<&'static str>,
}

/// Explores every state that the correct protocol can reach.
///
/// # Panics
/// If the checker stopped before it had seen them all.
pub fn explore(bounds: Bounds) -> Explored {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = Protocol::correct(bounds).checker().threads(threads).spawn_bfs().join();
    assert!(checker.is_done());
    let mut properties = checker.model().properties();
    properties.retain(|property| {
        checker.discovery(property.name).is_some() == property.expectation.discovery_is_failure()
    });
    let unmet = properties.iter().map(|property| property.name).collect();
    Explored { states: checker.unique_state_count(), unmet }
}

/// A shortest run that breaks what `rule` protects when the rule is left out; `None` if nothing breaks it.
pub fn counterexample(rule: Rule) -> Option<Vec<Action>> {
    let (property, _) = rule.protects();
    let mut explored = 0;
    // The checker keeps whichever run it finds last, so it is allowed one more step each time.
    for depth in 2.. {
        let checker = Protocol::without(rule).checker().target_max_depth(depth).spawn_bfs().join();
        if let Some(run) = checker.discovery(property) {
            return Some(run.into_actions());
        }
        if checker.unique_state_count() == explored {
            break;
        }
        explored = checker.unique_state_count();
    }
    None
}
