//! `logs`: the ends of the parts' log files.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use stack::{Error, Result};

/// Becomes `tail`, which knows best how to follow files.
pub(crate) fn logs(folder: &Path, part: Option<&str>, follow: bool) -> Result<ExitCode> {
    let folder = folder.join("logs");
    let known = parts(&folder);
    let (chosen, lines) = match part {
        None => (known.clone(), "20"),
        Some(part) => (vec![part.to_owned()], "500"),
    };
    if chosen.is_empty() {
        return Err(Error::Setup("there are no logs; `cargo stack up` writes some".into()));
    }
    if let Some(unknown) = chosen.iter().find(|part| !known.contains(part)) {
        return Err(Error::Setup(format!("there is no log of {unknown}; there are: {}", known.join(", "))));
    }
    let mut tail = Command::new("tail");
    tail.args(["-n", lines]).args(follow.then_some("-F"));
    let source = tail.args(chosen.iter().map(|part| folder.join(format!("{part}.log")))).exec();
    Err(Error::Io { doing: "starting tail".into(), source })
}

/// The parts that have a log.
fn parts(logs: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(logs) else {
        return Vec::new();
    };
    let name = |entry: fs::DirEntry| Some(entry.file_name().to_str()?.strip_suffix(".log")?.to_owned());
    let mut parts: Vec<String> = entries.filter_map(|entry| name(entry.ok()?)).collect();
    parts.sort();
    parts
}
