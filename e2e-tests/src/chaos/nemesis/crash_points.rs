//! Where services can be made to end themselves, and which of these places is next.

use fastrand::Rng;

use super::services::Service;

/// The crash points of either service: `("orders", "relay.claimed")` and so on.
pub(crate) const CRASH_POINTS: &[(&str, &str)] = &[
    ("orders", "create.taken"),
    ("orders", "create.committed"),
    ("orders", "relay.claimed"),
    ("orders", "relay.sent"),
    ("orders", "relay.confirmed"),
    ("orders", "relay.committed"),
    ("orders", "consumer.delivered"),
    ("orders", "consumer.handled"),
    ("orders", "consumer.committed"),
    ("orders", "consumer.acked"),
    ("orders", "cancel.requested"),
    ("orders", "cancel.committed"),
    ("orders", "delivery.stepped"),
    ("orders", "delivery.committed"),
    ("orders", "sweep.enqueued"),
    ("orders", "sweep.committed"),
    ("payments", "deposit.recorded"),
    ("payments", "deposit.committed"),
    ("payments", "relay.claimed"),
    ("payments", "relay.sent"),
    ("payments", "relay.confirmed"),
    ("payments", "relay.committed"),
    ("payments", "consumer.delivered"),
    ("payments", "consumer.handled"),
    ("payments", "consumer.committed"),
    ("payments", "consumer.acked"),
];

/// Points that only orders which wait too long come by.
const SWEEP: &str = "sweep.";

/// Points that one replica comes by once in some seconds: whoever made the latest deliveries asks first for the next.
const DELIVERY: &str = "delivery.";

/// How often a point may be tried in vain before others have their turn.
const TRIES_IN_VAIN: usize = 2;

/// What is known of each point.
pub(super) struct CrashPoints(Vec<CrashPoint>);

struct CrashPoint {
    service: &'static str,
    name: &'static str,
    tries: usize,
    hits: usize,
}

/// Whether it takes a replica that is alone to come by a point soon, and more than once takes too long.
pub(super) fn is_of_one(name: &str) -> bool {
    name.starts_with(DELIVERY)
}

impl CrashPoints {
    /// In an order of their own, which decides between those that were hit equally often.
    pub(super) fn shuffled(rng: &mut Rng) -> Self {
        let point = |&(service, name)| CrashPoint { service, name, tries: 0, hits: 0 };
        let mut points: Vec<CrashPoint> = CRASH_POINTS.iter().map(point).collect();
        rng.shuffle(&mut points);
        Self(points)
    }

    /// The point of a service that was hit least, which counts as tried now.
    pub(super) fn next(&mut self, service: Service, is_of_sweep: bool) -> &'static str {
        let candidates = self
            .0
            .iter_mut()
            .filter(|point| point.service == service.name() && point.name.starts_with(SWEEP) == is_of_sweep);
        let next = candidates.min_by_key(|point| point.hits.max(point.tries.saturating_sub(TRIES_IN_VAIN)));
        let next = next.expect("a service has such points");
        next.tries += 1;
        next.name
    }

    /// A process has ended there.
    pub(super) fn hit(&mut self, service: Service, name: &str) {
        for point in &mut self.0 {
            point.hits += usize::from(point.service == service.name() && point.name == name);
        }
    }
}
