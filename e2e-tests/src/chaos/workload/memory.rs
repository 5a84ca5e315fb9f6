//! What clients remember: the latest orders of each user that were acknowledged.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// Orders that are remembered of one user: enough that those of the busiest are delivered before they are forgotten.
const MOST: usize = 200;

/// The users' orders. Those of others are forgotten at once.
#[derive(Default)]
pub(super) struct Memory(HashMap<Uuid, Mutex<VecDeque<Placed>>>);

/// An order that was acknowledged.
#[derive(Clone, Copy)]
pub(super) struct Placed {
    pub(super) id: Uuid,
    /// In kopecks.
    pub(super) amount: i64,
}

impl Memory {
    /// No orders of these users.
    pub(super) fn of(users: impl Iterator<Item = Uuid>) -> Self {
        Self(users.map(|user| (user, Mutex::default())).collect())
    }

    pub(super) fn remember(&self, user: Uuid, placed: Placed) {
        let Some(orders) = self.0.get(&user) else { return };
        let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.len() == MOST {
            orders.pop_front();
        }
        orders.push_back(placed);
    }

    /// One of the user's orders, the newest half of the time.
    pub(super) fn any(&self, user: Uuid, random: &mut fastrand::Rng) -> Option<Placed> {
        let orders = self.0.get(&user)?.lock().unwrap_or_else(PoisonError::into_inner);
        let is_newest = random.bool();
        if is_newest || orders.is_empty() {
            return orders.back().copied();
        }
        orders.get(random.usize(..orders.len())).copied()
    }
}
