//! The machine's clock, which the databases share.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What it shows: the time since 1970.
pub(crate) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
