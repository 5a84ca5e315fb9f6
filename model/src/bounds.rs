//! How much may happen: a checker can only exhaust what is finite.

/// Replicas of each service; each runs a relay and a consumer.
pub(crate) const REPLICAS: usize = 2;

/// What is explored.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Orders of the one account, which can pay for one of them. Every order costs 1.
    pub orders: u8,
    /// Orders of users who have no account.
    pub strangers: u8,
    /// How often the sweep asks again for an order after the last wipe; before it, as often again.
    pub sweeps: u8,
    /// What may go wrong, or come from outside.
    pub faults: Faults,
}

/// How often each accident may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A process dies, or a client's answer gets lost.
    pub crashes: u8,
    /// The broker takes a message into no queue.
    pub refusals: u8,
    /// The broker delivers a message twice.
    pub duplicates: u8,
    /// The broker loses everything.
    pub wipes: u8,
    /// The inbox drops a row, as its retention allows.
    pub forgets: u8,
    /// Somebody contradicts the result of an order that is final.
    pub forgeries: u8,
    /// Money is paid in: no accident, but it competes for the account.
    pub deposits: u8,
}

impl Faults {
    const NONE: Self =
        Self { crashes: 0, refusals: 0, duplicates: 0, wipes: 0, forgets: 0, forgeries: 0, deposits: 0 };
}

impl Bounds {
    /// Two orders and a deposit compete for one account.
    pub const CONTENTION: Self = Self {
        orders: 2,
        strangers: 0,
        sweeps: 0,
        faults: Faults { crashes: 1, deposits: 1, ..Faults::NONE },
    };

    /// Nobody sweeps, and the broker keeps what it has confirmed: the relay and the consumers are on their own.
    pub const NO_SWEEP: Self = Self {
        orders: 1,
        strangers: 0,
        sweeps: 0,
        faults: Faults { crashes: 2, refusals: 2, duplicates: 2, ..Faults::NONE },
    };

    /// The broker loses everything, twice.
    pub const WIPES: Self =
        Self { orders: 1, strangers: 0, sweeps: 1, faults: Faults { crashes: 1, wipes: 2, ..Faults::NONE } };

    /// Messages about an order without an account, after all is over: repeated, forgotten by the inbox, forged.
    pub const LATE: Self = Self {
        orders: 0,
        strangers: 1,
        sweeps: 1,
        faults: Faults { crashes: 1, duplicates: 1, forgets: 1, forgeries: 1, ..Faults::NONE },
    };

    /// All of them, with their names.
    pub const ALL: [(&str, Self); 4] = [
        ("contention", Self::CONTENTION),
        ("no sweep", Self::NO_SWEEP),
        ("wipes", Self::WIPES),
        ("late", Self::LATE),
    ];
}
