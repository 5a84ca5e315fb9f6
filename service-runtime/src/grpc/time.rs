use chrono::{DateTime, Utc};
use prost_types::Timestamp;

/// The same moment as protocol buffers have it.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(time.timestamp_subsec_nanos()).expect("less than two seconds");
    Timestamp { seconds: time.timestamp(), nanos }
}
