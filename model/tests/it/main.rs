//! The model checked: the protocol keeps its promise, and each of its rules is needed for it.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write};
use std::hash::{BuildHasher, RandomState};
use std::thread;

use clap::ValueEnum;
use model::{Action, Bounds, Protocol, Rule, State, counterexample, explore};
use stateright::Model;

/// Goal: within the bounds the promise holds in every state, and nothing is proven of an empty space.
/// Method: Explore all states: every invariant holds in each, and every situation of interest is met. Then walk the
/// graph of states without the checker: it has as many, each kind of action occurs, and no state follows from
/// itself, so that every run comes to the rest at which the model expects all to be settled.
#[test]
fn the_protocol_keeps_its_promise_in_every_state() {
    let mut kinds = BTreeSet::new();
    thread::scope(|scope| {
        let walks = Bounds::ALL.map(|(_, bounds)| scope.spawn(move || walk(&Protocol::correct(bounds))));
        for ((name, bounds), walk) in Bounds::ALL.into_iter().zip(walks) {
            let explored = explore(bounds);
            assert_eq!(explored.unmet, [""; 0], "{name}");
            assert!(explored.states > 100_000, "{name}: {} states", explored.states);
            let (states, of_walk) = walk.join().expect("no run returns to where it was");
            assert_eq!(states, explored.states, "{name}");
            kinds.extend(of_walk);
        }
    });
    let expected = "Cancel Cancel, Consume Acknowledge, Consume Deliver, Create Answered, Create Unanswered, \
        Deliver Ship, Fault CrashConsumer, Fault CrashRelay, Fault Deposit, Fault Duplicate, Fault Forge, Fault Forget, \
        Fault Wipe, Pay Begin, Pay Commit, Pay Lock, Pay RollBack, Relay Claim, Relay Commit, Relay Forget, \
        Relay Publish, Relay RollBack, Relay Send, Settle Settle, Sweep Sweep";
    assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(", "), expected);
}

/// Goal: no rule is idle, and no property holds whatever one does.
/// Method: Leave each rule out, and find a run that breaks what it protects, within bounds that the protocol passes.
#[test]
fn every_rule_is_needed() {
    for rule in Rule::value_variants() {
        let run = counterexample(*rule);
        assert!(run.is_some(), "{rule:?} is not needed for this: {}", rule.protects().0);
    }
}

/// Visits every state, depth first, and returns how many there are, and the kinds of actions between them.
///
/// # Panics
/// If a run returns to where it was.
fn walk(protocol: &Protocol) -> (usize, BTreeSet<String>) {
    let mut kinds = BTreeSet::new();
    let possible = |state: &State| {
        let mut actions = Vec::new();
        protocol.actions(state, &mut actions);
        actions
    };
    // Whether the run that is being walked leads through the state, which is known by its hash, as in the checker.
    let hasher = RandomState::new();
    let fingerprint = |state: &State| hasher.hash_one(state);
    let mut on_the_way = HashMap::new();
    let mut run: Vec<(State, Vec<Action>)> = Vec::new();
    for first in protocol.init_states() {
        on_the_way.insert(fingerprint(&first), true);
        run.push((first.clone(), possible(&first)));
    }
    while let Some((state, actions)) = run.last_mut() {
        let Some(action) = actions.pop() else {
            on_the_way.insert(fingerprint(state), false);
            run.pop();
            continue;
        };
        kinds.insert(kind(action));
        let next = protocol.next_state(state, action).expect("what is possible can be done");
        let print = fingerprint(&next);
        match on_the_way.get(&print) {
            Some(true) => panic!("a run returns to {next:?}"),
            Some(false) => {}
            None => {
                on_the_way.insert(print, true);
                let actions = possible(&next);
                run.push((next, actions));
            }
        }
    }
    (on_the_way.len(), kinds)
}

/// The first two names of an action: `Pay(Lock(…))` is `Pay Lock`.
fn kind(action: Action) -> String {
    let mut head = Head::default();
    // Ends in an error where the rest would follow.
    let _ = write!(head, "{action:?}");
    let names: Vec<_> = head.0.split(|c: char| !c.is_alphanumeric()).take(2).collect();
    names.join(" ")
}

/// Text up to its second parenthesis: an action is long, and there are millions.
#[derive(Default)]
struct Head(String);

impl fmt::Write for Head {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text;
        if self.0.matches('(').count() < 2 { Ok(()) } else { Err(fmt::Error) }
    }
}
