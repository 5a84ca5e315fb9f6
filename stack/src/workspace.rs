//! Where things are in the checkout that this crate was built from.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What makes a missing program.
const REMEDY: &str = "`cargo build --release --workspace --bins` makes it, and, if its name ends in -faults, \
    `--features orders-service/fault-injection,payments-service/fault-injection` with that";

/// The checkout's root folder.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// The folder where `cargo stack up` keeps everything.
pub fn data() -> PathBuf {
    root().join(".stack")
}

/// The built page.
pub fn page() -> PathBuf {
    root().join("frontend/dist")
}

/// A program that cargo built, where it put this one: whatever the target folder and the profile are.
///
/// # Errors
/// It was not built.
pub fn binary(name: &str) -> Result<PathBuf> {
    let folder = env::current_exe().ok().and_then(|path| {
        let folder = path.parent()?;
        // Tests lie one folder deeper.
        if folder.ends_with("deps") { folder.parent().map(Path::to_owned) } else { Some(folder.to_owned()) }
    });
    let path = folder.unwrap_or_default().join(name);
    if path.exists() {
        return Ok(path);
    }
    Err(Error::MissingFile { path, remedy: REMEDY.into() })
}
