//! The suite: every scenario on the same servers, each on a fresh system, with the yardstick between any two.

mod scenario;
mod settings;

mod figures;
mod spread;
mod targets;

mod docs;
mod plots;
mod tables;

use std::sync::Arc;

use stack::Servers;

pub use self::scenario::Scenario;
pub use self::settings::{RenderOptions, SuiteOptions};

use self::docs::Docs;
use self::figures::{Figures, Outcome, Round};
use crate::error::Result;
use crate::experiment;
use crate::progress::say;
use crate::report::{Report, Yardstick};
use crate::run::{measure_yardstick, start_servers};

/// Measures every scenario and writes what came of it into the documentation. False if any figures are void.
///
/// # Errors
/// The documentation is not there, or something could not be measured at all; the figures until then are written.
#[tokio::main(flavor = "current_thread")]
pub async fn suite(settings: &SuiteOptions) -> Result<bool> {
    let docs = Docs::open(&settings.render.docs)?;
    let servers = start_servers(settings.seconds).await?;
    let scenarios = Scenario::chosen(&settings.only);
    let mut figures = Figures::new(settings.clone());
    let mut yardstick = measure_yardstick(&servers, settings.yardstick_seconds).await?;
    for round in 1..=settings.rounds {
        figures.rounds.push(Round::default());
        for (index, scenario) in (1..).zip(&scenarios) {
            let place = format!("{index} of {}, round {round} of {}", scenarios.len(), settings.rounds);
            say(&format!("=== {scenario} ({place})"));
            let sustained = figures.rounds.last().and_then(Round::sustained_rate);
            let report;
            (report, yardstick) = measure(&servers, settings, *scenario, sustained, yardstick).await?;
            figures.add(Outcome { scenario: *scenario, report });
            docs.write_figures(&figures)?;
        }
    }
    servers.stop().await;
    finish(&docs)
}

/// Writes plots and tables anew from the figures that are there. False if any of those are void.
///
/// # Errors
/// The documentation or its figures are not there or can't be written.
pub fn render(options: &RenderOptions) -> Result<bool> {
    finish(&Docs::open(&options.docs)?)
}

/// One scenario, and the yardstick after it.
async fn measure(
    servers: &Arc<Servers>,
    settings: &SuiteOptions,
    scenario: Scenario,
    sustained: Option<f64>,
    before: Option<f64>,
) -> Result<(Report, Option<f64>)> {
    let options = scenario.options(settings, sustained);
    let mut report = experiment::measure(servers, &options, |_| Ok(())).await?;
    let after = measure_yardstick(servers, settings.yardstick_seconds).await?;
    report.yardstick = Yardstick::between(before, after, settings.yardstick_seconds, &report.throughput);
    let ratio = report.yardstick.as_ref().map_or(0.0, |yardstick| yardstick.ratio);
    say(&format!("{scenario}: {:.0} orders/s, ratio {ratio:.2}", report.throughput.orders_per_second));
    report.faults.iter().for_each(|fault| say(&format!("VOID: {fault}")));
    Ok((report, after))
}

/// Everything comes from the file, so that it comes out the same from now on.
fn finish(docs: &Docs) -> Result<bool> {
    let figures = docs.read_figures()?;
    docs.render(&figures)?;
    print!("{}", tables::markdown(&figures));
    Ok(figures.are_valid())
}
