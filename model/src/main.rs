//! Explores the protocol and says how many states it has; without one of its rules, what goes wrong.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use model::{Bounds, Rule, counterexample, explore};

#[derive(Parser)]
struct Options {
    /// A rule to leave out, in order to see a shortest run to what it prevents.
    #[arg(long, value_name = "RULE")]
    without: Option<Rule>,
}

fn main() -> ExitCode {
    let is_as_expected = match Options::parse().without {
        None => Bounds::ALL.iter().fold(true, |holds, (name, bounds)| report(name, *bounds) && holds),
        Some(rule) => show(rule),
    };
    if is_as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Explores everything within `bounds`; true if all that is expected holds.
fn report(name: &str, bounds: Bounds) -> bool {
    let start = Instant::now();
    let explored = explore(bounds);
    let seconds = start.elapsed().as_secs_f32();
    println!("{name}: {} states, {seconds:.1} s", explored.states);
    for property in &explored.unmet {
        println!("  not so: {property}");
    }
    explored.unmet.is_empty()
}

/// Prints a run that breaks what `rule` protects; true if there is one.
fn show(rule: Rule) -> bool {
    let (property, _) = rule.protects();
    let Some(run) = counterexample(rule) else {
        println!("holds all the same: {property}");
        return false;
    };
    for (number, action) in (1..).zip(&run) {
        println!("{number:2}  {action:?}");
    }
    println!("not so any more: {property}");
    true
}
