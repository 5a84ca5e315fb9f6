//! What several tests need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// A new folder on a disk, open to the user that PostgreSQL runs as. Whoever asks for it deletes it.
pub(crate) fn fresh_folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // No name is the beginning of another: processes are found by it.
    let folder = PathBuf::from(format!("/var/tmp/gozon-test-{}-{count:04}", process::id()));
    fs::create_dir(&folder).unwrap();
    folder
}

/// Waits until the condition holds; the test fails if that takes longer than anything here may.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(180);
    while !condition() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The command lines of the processes that work in a folder or were started with its path.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().expect("a path in UTF-8");
    fs::read_dir("/proc")
        .expect("/proc is mounted")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|process| {
            let command = fs::read(process.join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let cwd = fs::read_link(process.join("cwd")).unwrap_or_default();
            (command.contains(folder) || cwd.starts_with(folder)).then_some(command)
        })
        .collect()
}

/// Runs one statement on a database and returns the first column of its rows.
pub(crate) async fn query(url: &str, statement: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(statement).await?;
    drop(client);
    connection.await.expect("the connection's task does not panic")?;
    let column = |message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(column).collect())
}
