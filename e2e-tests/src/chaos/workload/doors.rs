//! Ways into the system: straight to each replica, and through the gateway.

use stack::Addresses;

use super::super::history::Kind;
use crate::Shop;

/// Every way to each service.
pub(super) struct Doors {
    orders: Vec<Shop>,
    payments: Vec<Shop>,
}

impl Doors {
    pub(super) fn of(addresses: &Addresses) -> Self {
        let doors = |replicas: &[String]| {
            replicas.iter().chain(&addresses.gateway).map(|base| Shop::at(base)).collect()
        };
        Self { orders: doors(&addresses.orders), payments: doors(&addresses.payments) }
    }

    /// So many different ones, if there are.
    pub(super) fn some(&self, kind: Kind, count: usize, random: &mut fastrand::Rng) -> Vec<&Shop> {
        let all = match kind {
            Kind::Order | Kind::Cancel => &self.orders,
            Kind::Deposit | Kind::Account => &self.payments,
        };
        let first = random.usize(..all.len());
        (0..count).map(|step| &all[(first + step) % all.len()]).collect()
    }
}
