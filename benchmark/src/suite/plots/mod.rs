//! The plots of PERFORMANCE.md. What each shows is said here; how a picture is drawn, in `picture`.
//!
//! Time series and distributions are those of the latest round, all else medians over the rounds.

mod cpu;
mod growth;
mod latency;
mod throughput;

mod axis;
mod picture;

use self::picture::Picture;
use super::figures::Figures;
use crate::error::Result;

/// What may be drawn of any figures.
pub(super) struct Plot {
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    picture: fn(&Figures) -> Picture,
}

/// A plot of certain figures.
pub(super) struct Drawn {
    pub(super) file: &'static str,
    pub(super) svg: String,
}

/// All of them, in the order of the page.
pub(super) const PLOTS: &[Plot] = &[
    Plot {
        file: "throughput.svg",
        title: "Orders FINISHED in each second of the window",
        picture: throughput::by_second,
    },
    Plot {
        file: "latency.svg",
        title: "POST → FINISHED at rates below saturation",
        picture: latency::distributions,
    },
    Plot { file: "load.svg", title: "POST → FINISHED against the rate", picture: latency::by_load },
    Plot { file: "cpu.svg", title: "CPU time of an order, by process", picture: cpu::by_scenario },
    Plot {
        file: "claims.svg",
        title: "Claims of the relay while 10⁶ events leave the outbox",
        picture: growth::claims_by_second,
    },
    Plot { file: "stored.svg", title: "Throughput with orders stored", picture: growth::by_stored_orders },
];

/// Draws all of them.
pub(super) fn draw(figures: &Figures) -> Result<Vec<Drawn>> {
    let draw = |plot: &Plot| Ok(Drawn { file: plot.file, svg: (plot.picture)(figures).svg(plot.title)? });
    PLOTS.iter().map(draw).collect()
}
