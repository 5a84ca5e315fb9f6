//! Orders, and what may happen to them. Pure.

mod change;
mod order;
mod payment;
mod timeline;

pub(crate) use change::{OrderChange, tell};
pub(crate) use order::{Cancelling, Description, NewOrder, Order, cancel_request, payment_request};
pub(crate) use payment::{PaymentResult, Standing, Verdict, disagreement};
pub(crate) use timeline::{Milestones, Timeline};
