//! TCP ports of this machine.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Below the kernel's range for outgoing connections (32768 and up), so that no client's connection can sit on the
/// port of a server that is just being restarted; above the ports that well-known servers use.
const FIRST_PORT: u16 = 20_000;
const PORT_COUNT: u16 = 12_000;

/// Ports given out by this program, which may not be in use yet.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that nobody listens on, given out once.
pub fn free_port() -> Result<u16> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    // Two programs that look at the same time start at different places.
    let start = (RandomState::new().hash_one(0) % u64::from(PORT_COUNT)) as u16;
    (0..PORT_COUNT)
        .map(|offset| FIRST_PORT + (start + offset) % PORT_COUNT)
        .find(|port| is_free(*port) && given.insert(*port))
        .ok_or_else(|| Error::Setup(format!("no free TCP port from {FIRST_PORT} on")))
}

/// Whether a server could listen on it, on every address of the machine.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}
