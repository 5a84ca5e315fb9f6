//! What a running stack says about itself, in a file of its data folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Doing, Error, Result};
use crate::part::Part;
use crate::process::ProcessId;
use crate::system::Addresses;

/// What runs and where. `cargo stack status --json` prints it; tests and the benchmark attach to a running system by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The process of `cargo stack up`, which all others belong to.
    pub runner: ProcessId,
    /// Where everything is. Nothing is said while the system starts.
    pub addresses: Option<Addresses>,
    /// Every process that was started.
    pub processes: Vec<PartProcess>,
    /// The folder of data, logs and configuration.
    pub folder: PathBuf,
    /// The folder of PostgreSQL's data, which is elsewhere if the user `postgres` cannot enter the former.
    pub postgres_folder: PathBuf,
}

/// A part and its process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartProcess {
    /// The part's name, such as `orders-0`.
    pub part: String,
    /// Its process.
    #[serde(flatten)]
    pub process: ProcessId,
}

impl Status {
    /// What is known of the system that keeps its data in this folder; nothing if none was left running.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = path(folder);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.doing(format!("reading {}", path.display()))?,
        };
        let unreadable = |error| Error::Setup(format!("{} is damaged ({error}); delete it", path.display()));
        serde_json::from_str(&text).map(Some).map_err(unreadable)
    }

    /// Writes it to its folder.
    pub fn write(&self) -> Result<()> {
        let path = path(&self.folder);
        let text = serde_json::to_string_pretty(self).expect("names, numbers and addresses are JSON");
        // A reader never meets half a file.
        let draft = path.with_extension("draft");
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, &path))
            .doing(format!("writing {}", path.display()))
    }

    /// Takes it away: nothing runs any more.
    pub fn remove(folder: &Path) -> Result<()> {
        let path = path(folder);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).doing(format!("deleting {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}

impl PartProcess {
    /// The processes of those parts that run.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Vec<Self> {
        let process = |part: &Part| Some(Self { part: part.name().into(), process: part.process()? });
        parts.into_iter().filter_map(process).collect()
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("status.json")
}
