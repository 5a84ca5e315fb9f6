//! What the load generator has seen, and which orders are to be watched.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use uuid::Uuid;

/// Orders that are watched until they are final, per second: enough for a p99, and few enough to cost nothing.
const WATCHED_PER_SECOND: f64 = 200.0;
/// Longer latencies count as this long; a run with such has failed anyway.
const LONGEST: Duration = Duration::from_secs(600);

/// Counts of one phase of sending. Shared by all connections under a lock that is held for some nanoseconds.
pub(crate) struct Tally {
    /// Requests sent.
    pub(crate) sent: u64,
    /// Requests that no answer came for: whether they created an order is unknown.
    pub(crate) unanswered: u64,
    /// Requests that were due and found no free connection until long after the end: more than the system takes.
    pub(crate) never_sent: u64,
    /// Answers by HTTP status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// Every order that was answered 201.
    pub(crate) accepted: Vec<Accepted>,
    /// From the POST (or when it was due) to its 201, in µs.
    pub(crate) answered_after: Histogram<u64>,
    /// From the POST to its 503, in µs: what still waits for a connection is refused by nobody.
    pub(crate) refused_after: Histogram<u64>,
    pub(crate) first_post: Option<Instant>,
    pub(crate) last_answer: Option<Instant>,
    sampling: Sampling,
}

/// An order that exists according to a 201.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Accepted {
    pub(crate) id: Uuid,
    pub(crate) amount_minor: i64,
}

/// Picks requests before their fate is known, each with the same chance, so that the picked ones are like the others.
struct Sampling {
    chance: f64,
    second_began: Instant,
    sent_in_second: u32,
}

impl Tally {
    /// `rate` is how many requests per second may be expected.
    pub(crate) fn new(rate: f64) -> Self {
        let chance = chance_at(rate);
        let sampling = Sampling { chance, second_began: Instant::now(), sent_in_second: 0 };
        Self {
            sent: 0,
            unanswered: 0,
            never_sent: 0,
            statuses: BTreeMap::new(),
            accepted: Vec::new(),
            answered_after: histogram(),
            refused_after: histogram(),
            first_post: None,
            last_answer: None,
            sampling,
        }
    }

    /// Counts a request that is sent now; true if its order is to be watched.
    pub(crate) fn send(&mut self, now: Instant) -> bool {
        self.sent += 1;
        self.first_post.get_or_insert(now);
        self.sampling.picks(now)
    }

    /// Counts an answer that comes now, to a request that was due when it `begun` and was then `sent`.
    pub(crate) fn answer(&mut self, status: u16, order: Option<Accepted>, begun: Instant, sent: Instant) {
        let now = Instant::now();
        *self.statuses.entry(status).or_default() += 1;
        self.last_answer = Some(now);
        if let Some(order) = order {
            self.accepted.push(order);
            record(&mut self.answered_after, now - begun);
        }
        if status == 503 {
            record(&mut self.refused_after, now - sent);
        }
    }

    /// From the first POST to the last answer.
    pub(crate) fn sent_seconds(&self) -> f64 {
        let seconds = self.first_post.zip(self.last_answer).map(|(first, last)| (last - first).as_secs_f64());
        seconds.unwrap_or(0.0)
    }

    /// How many answers came.
    pub(crate) fn answers(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Answers that leave it open whether the order was created: a commit may have succeeded and its news been lost.
    pub(crate) fn unclear(&self) -> u64 {
        let failed: u64 = self.statuses.range(500..).map(|(_, count)| count).sum();
        self.unanswered + failed
    }
}

impl Sampling {
    fn picks(&mut self, now: Instant) -> bool {
        self.sent_in_second += 1;
        let elapsed = now.saturating_duration_since(self.second_began);
        if elapsed >= Duration::from_secs(1) {
            self.chance = chance_at(f64::from(self.sent_in_second) / elapsed.as_secs_f64());
            self.second_began = now;
            self.sent_in_second = 0;
        }
        fastrand::f64() < self.chance
    }
}

fn chance_at(rate: f64) -> f64 {
    (WATCHED_PER_SECOND / rate.max(1.0)).min(1.0)
}

/// An empty histogram of microseconds with three significant digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST.as_micros() as u64, 3).expect("the bounds are in order")
}

pub(crate) fn record(histogram: &mut Histogram<u64>, latency: Duration) {
    histogram.saturating_record((latency.as_micros() as u64).max(1));
}
