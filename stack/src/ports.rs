//! TCP ports of this machine.

use std::fs::{self, DirBuilder, File, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::error::{Doing, Error, Result};

/// Below the kernel's range for outgoing connections (32768 and up), so that no client's connection can sit on the
/// port of a server that is just being restarted; above the ports that well-known servers use.
const FIRST_PORT: u16 = 20_000;
const PORT_COUNT: u16 = 12_000;

/// A file for each port that was ever given out. Who holds the lock on it has the port, listening or not: a server may
/// take seconds to do so, and does not while it restarts.
const RESERVATIONS: &str = "/var/tmp/gozon-ports";

/// The reservations of this program. The kernel ends them with it.
static RESERVED: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port that nobody listens on, and that no program gets from here as long as this one runs.
pub fn free_port() -> Result<u16> {
    create_folder().doing(format!("creating {RESERVATIONS}"))?;
    // Two programs that look at the same time start at different places.
    let start = (RandomState::new().hash_one(0) % u64::from(PORT_COUNT)) as u16;
    let (port, reservation) = (0..PORT_COUNT)
        .map(|offset| FIRST_PORT + (start + offset) % PORT_COUNT)
        .find_map(|port| Some((port, reserve(port)?)))
        .ok_or_else(|| Error::Setup(format!("no free TCP port from {FIRST_PORT} on")))?;
    RESERVED.lock().unwrap_or_else(PoisonError::into_inner).push(reservation);
    Ok(port)
}

/// The folder, which every user may add to.
fn create_folder() -> io::Result<()> {
    match DirBuilder::new().create(RESERVATIONS) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // The process's mask does not apply here.
        created => created.and_then(|()| fs::set_permissions(RESERVATIONS, Permissions::from_mode(0o1777))),
    }
}

/// Reserves a port, unless somebody has it. What another user has ever reserved counts as such.
fn reserve(port: u16) -> Option<File> {
    let path = Path::new(RESERVATIONS).join(port.to_string());
    let file = File::options().create(true).append(true).open(path).ok()?;
    file.try_lock().ok().filter(|()| is_free(port)).map(|()| file)
}

/// Whether a server could listen on it, on every address of the machine.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Goal: a port is nobody else's while the program that got it runs. Method: another program tries to lock its file.
    #[test]
    fn port_is_reserved_against_other_programs() {
        let port = free_port().unwrap();
        assert!(is_free(port) && reserve(port).is_none());
        let path = Path::new(RESERVATIONS).join(port.to_string());
        let other = Command::new("flock").arg("--nonblock").arg(path).arg("true").status().unwrap();
        assert_eq!(other.code(), Some(1), "another program could lock it");
    }
}
