//! What is being done, for whoever waits: on standard error, where it does not mix with the report.

/// Says what is done next, or how far it is.
pub(crate) fn say(what: &str) {
    eprintln!("bench: {what}");
}
