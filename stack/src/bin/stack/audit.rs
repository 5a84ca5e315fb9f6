//! `audit`: whether the money and the orders in both databases are as they must be.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ::audit::{Audit, Counts, Event, Position};
use clap::Args;
use stack::{Error, Result};

use crate::report;

/// How often progress is told.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);
/// The exit code if there is no verdict: one of a violation is 1.
const NOT_CHECKED: u8 = 2;

/// What `audit` can be told.
#[derive(Args)]
pub(crate) struct Options {
    /// URL of the orders database [default: that of the system that runs].
    #[arg(long, value_name = "URL", requires = "payments_database")]
    orders_database: Option<String>,
    /// URL of the payments database [default: that of the system that runs].
    #[arg(long, value_name = "URL", requires = "orders_database")]
    payments_database: Option<String>,
    /// How long an order or a message may wait before that is a violation.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience_seconds: u64,
    /// A file that keeps how far audits have come: the next one with it goes on there, after an interruption too.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print violations and the verdict as JSON, one object in a line.
    #[arg(long)]
    json: bool,
}

/// Violations and the verdict are printed, progress and errors told beside. 0: clean, 1: violations, 2: not checked.
pub(crate) async fn audit(folder: &Path, options: &Options) -> ExitCode {
    match check(folder, options).await {
        Ok(Counts { findings: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(NOT_CHECKED)
        }
    }
}

async fn check(folder: &Path, options: &Options) -> Result<Counts> {
    let mut audit = match (&options.orders_database, &options.payments_database) {
        (Some(orders), Some(payments)) => Audit::of(orders, payments),
        _ => running(folder)?,
    };
    audit.patience = Duration::from_secs(options.patience_seconds);
    let from = options.state.as_deref().map(read).transpose()?.flatten();
    let told = Cell::new(Instant::now());
    let mut unwritten = None;
    let done = audit.run(from, |event| match event {
        Event::Finding(finding) if options.json => println!("{}", json(finding)),
        Event::Finding(finding) => println!("{finding}"),
        Event::Progress { counts, position } => {
            if let Some(Err(error)) = options.state.as_deref().map(|path| write(path, position)) {
                unwritten.get_or_insert(error);
            }
            if told.get().elapsed() >= PROGRESS_INTERVAL {
                told.set(Instant::now());
                eprintln!("audit: so far {counts}");
            }
        }
    });
    let counts = done.await.map_err(|error| Error::Setup(error.to_string()))?;
    if options.json {
        println!("{}", json(&counts));
    } else {
        println!("{}: {counts}", if counts.findings == 0 { "clean" } else { "VIOLATED" });
    }
    unwritten.map_or(Ok(counts), Err)
}

fn running(folder: &Path) -> Result<Audit> {
    let addresses = report::addresses_of(folder, "--orders-database and --payments-database")?;
    Ok(Audit::of(&addresses.orders_database, &addresses.payments_database))
}

fn read(path: &Path) -> Result<Option<Position>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|source| Error::Io { doing: format!("reading {}", path.display()), source })?,
    };
    let unreadable = |error| Error::Setup(format!("{} is damaged ({error}); delete it", path.display()));
    serde_json::from_str(&text).map(Some).map_err(unreadable)
}

fn write(path: &Path, position: &Position) -> Result<()> {
    // Whenever the audit is interrupted, the file is whole.
    let draft = path.with_extension("draft");
    fs::write(&draft, json(position))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|source| Error::Io { doing: format!("writing {}", path.display()), source })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers are JSON")
}
