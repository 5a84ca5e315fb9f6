//! The program, and folders for what it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;

/// The program.
pub(crate) fn benchmark() -> Command {
    Command::new(env!("CARGO_BIN_EXE_benchmark"))
}

/// What it writes to standard output; it must succeed.
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().expect("the benchmark starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The documentation of this checkout.
pub(crate) fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// A folder that is deleted with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty one. No two tests give the same name.
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("gozon-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder can be created");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self, file: &str) -> String {
        read(&self.0.join(file))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A text file that must be there.
pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// It must be well-formed, and hold more than a frame.
pub(crate) fn check_xml(text: &str) {
    let mut reader = Reader::from_str(text);
    let mut elements = 0;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(Event::Start(_) | Event::Empty(_)) => elements += 1,
            Ok(_) => {}
            Err(error) => panic!("{error} at {}:\n{text}", reader.error_position()),
        }
    }
    assert!(elements > 10, "{text}");
}
