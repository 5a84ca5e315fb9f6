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
    /// How many orders their clients may want cancelled.
    pub cancels: u8,
    /// Whether paid orders may be shipped.
    pub deliveries: bool,
    /// Whether rows may be sent from memory.
    pub memory: bool,
    /// How often the sweep asks again for an order after each wipe.
    pub sweeps: u8,
    /// Whether it does so before the first one, too, when there is no need.
    pub sweeps_early: bool,
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
    pub(crate) const NONE: Self =
        Self { crashes: 0, refusals: 0, duplicates: 0, wipes: 0, forgets: 0, forgeries: 0, deposits: 0 };
}

impl Bounds {
    const NOTHING: Self = Self {
        orders: 0,
        strangers: 0,
        cancels: 0,
        deliveries: false,
        memory: false,
        sweeps: 0,
        sweeps_early: true,
        faults: Faults::NONE,
    };

    /// Two orders and a deposit compete for one account.
    pub const CONTENTION: Self =
        Self { orders: 2, faults: Faults { crashes: 1, deposits: 1, ..Faults::NONE }, ..Self::NOTHING };

    /// Nobody sweeps, and the broker keeps what it has confirmed: the relay and the consumers are on their own.
    pub const NO_SWEEP: Self = Self {
        orders: 1,
        memory: true,
        faults: Faults { crashes: 2, refusals: 2, duplicates: 2, ..Faults::NONE },
        ..Self::NOTHING
    };

    /// The broker loses everything, twice.
    pub const WIPES: Self = Self {
        orders: 1,
        memory: true,
        sweeps: 1,
        faults: Faults { crashes: 1, wipes: 2, ..Faults::NONE },
        ..Self::NOTHING
    };

    /// Messages about an order without an account, after all is over: repeated, forgotten by the inbox, forged.
    pub const LATE: Self = Self {
        strangers: 1,
        sweeps: 1,
        faults: Faults { crashes: 1, duplicates: 1, forgets: 1, forgeries: 1, ..Faults::NONE },
        ..Self::NOTHING
    };

    /// Payment, cancellation and delivery of an order race, and nobody sweeps.
    pub const CANCELLING: Self = Self {
        orders: 1,
        cancels: 1,
        deliveries: true,
        faults: Faults { crashes: 1, duplicates: 1, ..Faults::NONE },
        ..Self::NOTHING
    };

    /// The same without accidents.
    pub(crate) const CANCELLING_CALMLY: Self = Self { faults: Faults::NONE, ..Self::CANCELLING };

    /// The broker loses everything, perhaps what was said of a cancellation.
    pub const CANCELLING_WIPES: Self = Self {
        orders: 1,
        cancels: 1,
        sweeps: 1,
        sweeps_early: false,
        faults: Faults { wipes: 1, ..Faults::NONE },
        ..Self::NOTHING
    };

    /// What is paid back pays for another order.
    pub const REFUND: Self = Self { orders: 2, cancels: 1, ..Self::NOTHING };

    /// All of them, with their names.
    pub const ALL: [(&str, Self); 7] = [
        ("contention", Self::CONTENTION),
        ("no sweep", Self::NO_SWEEP),
        ("wipes", Self::WIPES),
        ("late", Self::LATE),
        ("cancelling", Self::CANCELLING),
        ("cancelling and wipes", Self::CANCELLING_WIPES),
        ("refund", Self::REFUND),
    ];
}
