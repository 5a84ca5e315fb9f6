//! Files of JSON lines: what a run notes while it goes on, and what remains of it when it is killed.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that lines are appended to, from any task.
pub(crate) struct Lines(Mutex<BufWriter<File>>);

impl Lines {
    /// An empty file.
    ///
    /// # Panics
    /// If it can't be created.
    pub(crate) fn create(path: &Path) -> Self {
        let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(Mutex::new(BufWriter::new(file)))
    }

    /// Appends a value.
    ///
    /// # Panics
    /// If the disk is full: a run that can't note what happens shows nothing.
    pub(crate) fn write(&self, value: &impl Serialize) {
        let mut line = serde_json::to_vec(value).expect("a value that is JSON");
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).expect("room on the disk");
    }

    /// Puts everything where a reader finds it.
    pub(crate) fn flush(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush().expect("room on the disk");
    }
}

/// The values of such a file, one at a time.
///
/// # Panics
/// If it can't be read.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> impl Iterator<Item = T> + use<T> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    BufReader::new(file).lines().map(|line| {
        let line = line.expect("a readable file");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    })
}
