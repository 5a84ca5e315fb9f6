//! Injects faults.

use std::time::Duration;

use stack::System;
use tokio::time::{Instant, sleep};

use super::timeline::{Happening, Timeline};

/// Which faults may happen.
#[derive(Clone)]
pub struct Faults;

impl Faults {
    pub(crate) fn all() -> Self {
        Self
    }
    pub(crate) fn lossy() -> Self {
        Self
    }
    pub(crate) fn lossless() -> Self {
        Self
    }
}

pub(crate) const CRASH_POINTS: &[(&str, &str)] = &[];

pub(crate) async fn run(
    system: &System,
    seed: u64,
    duration: Duration,
    _faults: Faults,
    timeline: &Timeline,
) -> stack::Result<()> {
    let mut random = fastrand::Rng::with_seed(seed);
    let end = Instant::now() + duration;
    while Instant::now() < end {
        sleep(Duration::from_millis(random.u64(1000..4000))).await;
        let part =
            if random.bool() { system.orders(random.usize(..2)) } else { system.payments(random.usize(..2)) };
        let began_ms = timeline.now_ms();
        part.kill();
        sleep(Duration::from_millis(random.u64(100..2000))).await;
        part.start().await?;
        timeline.record(Happening {
            fault: "kill",
            target: part.name().into(),
            began_ms,
            ended_ms: timeline.now_ms(),
            took_effect: true,
        });
    }
    Ok(())
}
