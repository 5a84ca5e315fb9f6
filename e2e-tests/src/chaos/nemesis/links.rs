//! The lines between services and servers refused, reset, silent, slow, and cut in the middle of an exchange.

use std::fmt;
use std::time::Duration;

use stack::{Direction, Link};
use tokio::time::sleep;

use super::services::Target;
use super::site::{Site, until};

/// How long as many bytes may take as a cut waits for.
const CUT_PATIENCE: Duration = Duration::from_secs(5);

/// A line: whose, and whereto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) target: Target,
    pub(super) server: Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    Database,
    Broker,
}

/// What can be wrong with a line for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    Refuse,
    Reset,
    Stall,
    OneWay(Direction),
    Delay(Duration),
}

impl Line {
    fn link<'a>(self, site: &Site<'a>) -> &'a Link {
        let links = site.system().links(site.part(self.target));
        match self.server {
            Server::Database => &links.database,
            Server::Broker => &links.broker,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = match self.server {
            Server::Database => "database",
            Server::Broker => "broker",
        };
        write!(f, "{} to {server}", self.target)
    }
}

/// Harms a line for a while.
pub(super) async fn harm(site: &Site<'_>, line: Line, harm: Harm, hold: Duration) {
    let began_ms = site.now_ms();
    let link = line.link(site);
    let kind = match harm {
        Harm::Refuse => {
            link.refuse();
            "link-refuse"
        }
        Harm::Reset => {
            link.reset();
            "link-reset"
        }
        Harm::Stall => {
            link.stall();
            "link-stall"
        }
        Harm::OneWay(open) => {
            link.one_way(open);
            "link-one-way"
        }
        Harm::Delay(delay) => {
            link.delay(delay);
            "link-delay"
        }
    };
    if harm != Harm::Reset {
        sleep(hold).await;
        link.pass();
    }
    site.note(kind, line, began_ms, true);
}

/// Cuts a line after so many more bytes.
pub(super) async fn cut(site: &Site<'_>, line: Line, direction: Direction, bytes: u64) {
    let began_ms = site.now_ms();
    let link = line.link(site);
    let cuts = link.cuts();
    link.cut_after(direction, bytes);
    let is_cut = until(CUT_PATIENCE, async || link.cuts() > cuts).await;
    link.pass();
    site.note("link-cut", format_args!("{line}, {bytes} bytes {direction:?}"), began_ms, is_cut);
}

/// Everything passes on both lines of a process.
pub(super) fn heal(site: &Site<'_>, target: Target) {
    for server in [Server::Database, Server::Broker] {
        Line { target, server }.link(site).pass();
    }
}
