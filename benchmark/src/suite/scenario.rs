//! What is measured: each scenario is one run with options of its own.

use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::settings::SuiteOptions;
use crate::options::Options;

/// Users of the live scenario, and what they cost, are those of a large shop's busy minute.
const LIVE_CLIENTS: f64 = 2000.0;
const LIVE_RATE: u32 = 1000;
/// A rate at which nothing ever waits for anything else.
const QUIET_RATE: u32 = 50;
/// More than the committer's queue holds, so that it is the service that has to refuse.
const OVERLOAD_CONNECTIONS: f64 = 4000.0;
/// Enough for the open loops: at 20,000 orders/s each may take 12 ms.
const CONNECTIONS: u32 = 256;
const BACKLOG: f64 = 1e6;
const ACCOUNTS: f64 = 1000.0;

/// One run of the suite. The first one's rate decides those of the next, which follow at once: a machine's speed changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// As many orders as are answered, straight to the services.
    Sustained,
    /// 70 % of the sustained rate.
    Load70,
    /// 50 % of the sustained rate.
    Load50,
    /// 30 % of the sustained rate.
    Load30,
    /// 10 % of the sustained rate.
    Load10,
    /// Three times the sustained rate.
    Overload,
    /// As many orders as are answered, through the gateway.
    Gateway,
    /// The same straight to the services, with one account for all orders.
    HotAccount,
    /// The same without any money: every order is declined.
    Declined,
    /// The same with two processes of each service.
    TwoReplicas,
    /// 50 orders per second.
    Quiet,
    /// 50 orders per second through the gateway.
    GatewayQuiet,
    /// 1000 orders per second, and 2000 clients that watch.
    Live,
    /// As many orders as are answered, after a million delivered ones.
    StoredMillion,
    /// As many orders as are answered, after ten million delivered ones.
    StoredTenMillion,
    /// As many orders as are answered, while the requests of a million earlier ones wait in the outbox.
    Backlog,
}

impl Scenario {
    /// Those to run if only some are wanted (or all, if none is named), in order. What others refer to comes with them.
    pub(super) fn chosen(only: &[Self]) -> Vec<Self> {
        let is_chosen = |scenario: &Self| only.is_empty() || only.contains(scenario);
        let refers = |scenario: &Self| is_chosen(scenario) && scenario.refers_to_sustained();
        let needs_sustained = Self::value_variants().iter().any(refers);
        let all = Self::value_variants().iter().copied();
        all.filter(|scenario| is_chosen(scenario) || (needs_sustained && *scenario == Self::Sustained))
            .collect()
    }

    /// Whether its rate, or what its figure is compared with, is the sustained scenario's of the same round.
    fn refers_to_sustained(self) -> bool {
        !matches!(
            self,
            Self::Gateway
                | Self::Declined
                | Self::TwoReplicas
                | Self::Quiet
                | Self::GatewayQuiet
                | Self::Live
        )
    }

    /// What it is called in tables and plots.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Sustained => "sustained: closed loop",
            Self::Gateway => "closed loop, gateway",
            Self::HotAccount => "closed loop, one account",
            Self::Declined => "closed loop, all declined",
            Self::TwoReplicas => "closed loop, two replicas",
            Self::Quiet => "50 orders/s",
            Self::GatewayQuiet => "50 orders/s, gateway",
            Self::Load10 => "10 % of sustained",
            Self::Load30 => "30 % of sustained",
            Self::Load50 => "50 % of sustained",
            Self::Load70 => "70 % of sustained",
            Self::Overload => "3 × sustained due",
            Self::Live => "1,000 orders/s, 2,000 live clients",
            Self::StoredMillion => "closed loop, 10⁶ stored",
            Self::StoredTenMillion => "closed loop, 10⁷ stored",
            Self::Backlog => "closed loop, 10⁶ in the outbox",
        }
    }

    /// The run. `sustained` is the sustained scenario's rate in orders per second, if there is one.
    pub(super) fn options(self, settings: &SuiteOptions, sustained: Option<f64>) -> Options {
        let rate = self.rate(sustained.unwrap_or(f64::from(LIVE_RATE)));
        let scaled = |count: f64| (count * settings.scale).ceil();
        Options {
            seconds: settings.seconds,
            // RabbitMQ is slow in its first seconds; a closed loop wakes it up sooner. Overload is to show whether memory
            // grows for as long as it lasts, not how far it does at first.
            warmup_seconds: match self {
                Self::Overload => settings.seconds,
                _ => settings.seconds / if rate.is_some() { 3 } else { 12 },
            },
            connections: match self {
                Self::Overload => CONNECTIONS.max(scaled(OVERLOAD_CONNECTIONS) as u32),
                _ => CONNECTIONS,
            },
            rate,
            gateway: matches!(self, Self::Gateway | Self::GatewayQuiet),
            accounts: match self {
                Self::HotAccount => 1,
                _ => scaled(ACCOUNTS) as u32,
            },
            declined: self == Self::Declined,
            replicas: if self == Self::TwoReplicas { 2 } else { 1 },
            stored_orders: match self {
                Self::StoredMillion => scaled(1e6) as u64,
                Self::StoredTenMillion => scaled(1e7) as u64,
                _ => 0,
            },
            backlog: if self == Self::Backlog { scaled(BACKLOG) as u64 } else { 0 },
            live_clients: if self == Self::Live { scaled(LIVE_CLIENTS) as u32 } else { 0 },
            yardstick_seconds: settings.yardstick_seconds,
            json: None,
        }
    }

    /// Its share of the sustained rate, if that decides how much is due.
    pub(super) fn share(self) -> Option<f64> {
        match self {
            Self::Load10 => Some(0.1),
            Self::Load30 => Some(0.3),
            Self::Load50 => Some(0.5),
            Self::Load70 => Some(0.7),
            Self::Overload => Some(3.0),
            _ => None,
        }
    }

    /// Whether connections send as fast as they are answered.
    pub(super) fn is_closed_loop(self) -> bool {
        self.rate(1.0).is_none()
    }

    /// Orders per second that are due; nothing in a closed loop.
    fn rate(self, sustained: f64) -> Option<u32> {
        match self {
            Self::Quiet | Self::GatewayQuiet => Some(QUIET_RATE),
            Self::Live => Some(LIVE_RATE),
            _ => self.share().map(|share| (share * sustained).ceil() as u32),
        }
    }
}

/// The name on the command line.
impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().expect("no scenario is skipped").get_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_refer_to_is_always_run_before_them() {
        assert_eq!(Scenario::chosen(&[Scenario::Live]), [Scenario::Live]);
        assert_eq!(Scenario::chosen(&[Scenario::Load70]), [Scenario::Sustained, Scenario::Load70]);
        assert_eq!(Scenario::chosen(&[]), Scenario::value_variants());
    }
}
