//! The audit of real databases, in order and out of order.

mod support;

mod rules;

mod going_on;
mod live;
mod not_checked;
