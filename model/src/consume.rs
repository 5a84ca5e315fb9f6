//! The frame around T3 and T4: a delivery to either consumer of a queue, and its acknowledgement.

use crate::bounds::REPLICAS;
use crate::protocol::Protocol;
use crate::rules::Rule;
use crate::state::{Delivery, Event, State, Step};

/// A step of a consumer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Consume {
    /// The broker hands out a message, in whatever order, and keeps it until the acknowledgement.
    Deliver(Event),
    /// The broker forgets the message.
    Acknowledge(Delivery),
}

pub(crate) fn possible(state: &State) -> impl Iterator<Item = Consume> {
    let idle = |event: &Event| {
        let same_queue = |it: &&Delivery| it.event.is_request() == event.is_request();
        state.deliveries.iter().filter(same_queue).count() < REPLICAS
    };
    let committed = |delivery: &&Delivery| delivery.step == Step::Committed;
    let deliver = state.queue.distinct().copied().filter(idle).map(Consume::Deliver);
    deliver.chain(state.deliveries.distinct().filter(committed).copied().map(Consume::Acknowledge))
}

pub(crate) fn apply(protocol: &Protocol, state: &mut State, step: Consume) {
    match step {
        Consume::Deliver(event) => {
            state.queue.remove(&event);
            let kept = protocol.keeps(Rule::AckAfterCommit);
            state.deliveries.insert(Delivery { event, kept, step: Step::Delivered });
        }
        Consume::Acknowledge(delivery) => state.deliveries.remove(&delivery),
    }
}

/// The process that has this delivery in hand dies: what is not committed is undone, and what is not acknowledged
/// is delivered again.
pub(crate) fn crash(state: &mut State, delivery: Delivery) {
    state.deliveries.remove(&delivery);
    if delivery.kept {
        state.queue.insert(delivery.event);
    }
}
