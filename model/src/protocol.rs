//! The protocol as a state machine: seven transactions, and what befalls them.

use stateright::{Model, Property};

use crate::bounds::Bounds;
use crate::rules::Rule;
use crate::state::{Account, Bag, State};
use crate::{cancel, consume, create, deliver, faults, pay, properties, relay, settle, sweep};

/// The protocol within bounds.
#[derive(Debug, Clone, Copy)]
pub struct Protocol {
    /// How much may happen.
    pub bounds: Bounds,
    /// The rule that is broken, if any.
    pub without: Option<Rule>,
}

/// One step. Between any two of them anything else may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// T1.
    Create(create::Create),
    /// T2.
    Relay(relay::Relay),
    /// Before T3 and T4, and after them.
    Consume(consume::Consume),
    /// T3.
    Pay(pay::Pay),
    /// T4.
    Settle(settle::Settle),
    /// T5.
    Sweep(sweep::Sweep),
    /// T6.
    Cancel(cancel::Cancel),
    /// T7.
    Deliver(deliver::Ship),
    /// Whatever goes wrong, or comes from outside.
    Fault(faults::Fault),
}

impl Protocol {
    /// The protocol as it should be.
    pub fn correct(bounds: Bounds) -> Self {
        Self { bounds, without: None }
    }

    /// The protocol with one rule dropped, within the bounds that show what the rule protects.
    pub fn without(rule: Rule) -> Self {
        let (_, bounds) = rule.protects();
        Self { bounds, without: Some(rule) }
    }

    pub(crate) fn keeps(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// Clients: each wants one order and has one Idempotency-Key.
    pub(crate) fn keys(&self) -> u8 {
        self.bounds.orders + self.bounds.strangers
    }

    pub(crate) fn has_account(&self, state: &State, order: u8) -> bool {
        state.orders[usize::from(order)].key < self.bounds.orders
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            waiting: (0..self.keys()).collect(),
            orders: Vec::new(),
            outbox: Bag::default(),
            queue: Bag::default(),
            deliveries: Bag::default(),
            inbox: Default::default(),
            account: Account { balance: 1, deposits: 1 },
            decisions: Bag::default(),
            debits: Bag::default(),
            refunds: Bag::default(),
            dead_letters: 0,
            left: self.bounds.faults,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(create::possible(self, state).into_iter().map(Action::Create));
        actions.extend(relay::possible(self, state).map(Action::Relay));
        actions.extend(consume::possible(state).map(Action::Consume));
        actions.extend(pay::possible(self, state).map(Action::Pay));
        actions.extend(settle::possible(state).map(Action::Settle));
        actions.extend(sweep::possible(self, state).map(Action::Sweep));
        actions.extend(cancel::possible(self, state).map(Action::Cancel));
        actions.extend(deliver::possible(self, state).map(Action::Deliver));
        actions.extend(faults::possible(self, state).into_iter().map(Action::Fault));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Create(step) => create::apply(self, &mut next, step),
            Action::Relay(step) => relay::apply(self, &mut next, step),
            Action::Consume(step) => consume::apply(self, &mut next, step),
            Action::Pay(step) => pay::apply(self, &mut next, step),
            Action::Settle(step) => settle::apply(self, &mut next, step),
            Action::Sweep(step) => sweep::apply(self, &mut next, step),
            Action::Cancel(step) => cancel::apply(&mut next, step),
            Action::Deliver(step) => deliver::apply(&mut next, step),
            Action::Fault(fault) => faults::apply(self, &mut next, fault),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = properties::always();
        if self.without.is_none() {
            properties.extend(properties::sometimes(self));
        }
        properties
    }
}
