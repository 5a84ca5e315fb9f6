//! `cargo stack`: runs the whole system on this machine, without containers, and tests and measures it.

mod up;

mod command;
mod install;
mod make;
mod runner;
mod signals;

mod audit;
mod background;
mod dead_letters;
mod down;
mod logs;
mod report;

use std::panic;
use std::path::PathBuf;
use std::process::{self, ExitCode};

use clap::{Parser, Subcommand};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use stack::{Program, Result, workspace};

use crate::command::cargo;

/// Runs the whole system on this machine, without containers.
#[derive(Parser)]
#[command(name = "cargo stack", bin_name = "cargo stack")]
struct Arguments {
    /// Where data, logs and configuration are kept; one system per folder [default: .stack in the checkout].
    #[arg(long, global = true)]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Start everything and keep it running until Ctrl-C.
    Up(up::Options),
    /// Stop what `up` started, wherever it was started from.
    Down,
    /// Say what runs and where.
    Status {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the ends of the logs.
    Logs {
        /// One part's log only, and more of it: postgres, rabbitmq, orders-0, …
        part: Option<String>,
        /// Go on printing what is written.
        #[arg(long, short)]
        follow: bool,
    },
    /// Look at what consumers could not apply, and hand it to them again.
    DeadLetters(dead_letters::Options),
    /// Check the money and the orders in both databases; it only reads, and disturbs nothing.
    Audit(audit::Options),
    /// Stop everything and delete its data.
    Reset,
    /// Run every test there is.
    Test,
    /// Measure; the arguments are the benchmark's (`cargo stack bench --help`).
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of the benchmark.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Inject faults and check what is promised; the arguments are the suite's (`cargo stack chaos --help`).
    #[command(disable_help_flag = true)]
    Chaos {
        /// Arguments of the fault suite.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    end_quietly_without_a_reader();
    allow_many_files();
    let arguments = Arguments::parse();
    let folder = arguments.folder.unwrap_or_else(workspace::data);
    let done = match std::path::absolute(&folder) {
        Ok(folder) => run(folder, arguments.verb).await,
        Err(source) => Err(stack::Error::Io { doing: format!("finding {}", folder.display()), source }),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

async fn run(folder: PathBuf, verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Up(options) if options.detach => background::up(&folder, &options).await,
        Verb::Up(options) => up::up(&folder, &options).await,
        Verb::Down => down::down(&folder),
        Verb::Status { json } => report::status(&folder, json).await,
        Verb::Logs { part, follow } => logs::logs(&folder, part.as_deref(), follow),
        Verb::DeadLetters(options) => dead_letters::dead_letters(&folder, options).await,
        Verb::Audit(options) => Ok(audit::audit(&folder, &options).await),
        Verb::Reset => down::reset(&folder),
        Verb::Test => test().await,
        Verb::Bench { arguments } => bench(&arguments).await,
        Verb::Chaos { arguments } => chaos(&arguments).await,
    }
}

/// Every test there is: of the crates, then of the page.
async fn test() -> Result<ExitCode> {
    install::install(&[Program::SERVERS, Program::FOR_TESTS].concat())?;
    make::services().await?;
    make::page().await?;
    make::page_packages().await?;
    command::run("Testing the crates", make::in_this_profile(cargo().args(["test", "--workspace"]))).await?;
    command::run("Testing the page", make::npm().arg("test")).await?;
    make::services_with_faults().await?;
    command::run("Injecting faults", make::program("chaos")?.args(["--seconds", "120"])).await?;
    println!("Every test passed.");
    Ok(ExitCode::SUCCESS)
}

async fn bench(arguments: &[String]) -> Result<ExitCode> {
    install::install(&Program::SERVERS)?;
    make::services().await?;
    make::page().await?;
    command::run("Measuring", make::program("benchmark")?.args(arguments)).await?;
    Ok(ExitCode::SUCCESS)
}

/// The suite says by its status what it found.
async fn chaos(arguments: &[String]) -> Result<ExitCode> {
    install::install(&Program::SERVERS)?;
    make::services().await?;
    make::page().await?;
    make::services_with_faults().await?;
    let status = command::run_for_status("Injecting faults", make::program("chaos")?.args(arguments)).await?;
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)))
}

/// A reader that has seen enough, such as `head`, is no reason for a backtrace.
fn end_quietly_without_a_reader() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info
            .payload_as_str()
            .is_some_and(|text| text.starts_with("failed printing to stdout: Broken pipe"))
        {
            process::exit(128 + Signal::SIGPIPE as i32);
        }
        report(info);
    }));
}

/// Raises the limit of open files, which every process here inherits, to what the machine allows: the usual 1024 is
/// fewer connections than the gateway may have.
fn allow_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // It is of no consequence until there are that many connections, and then nginx logs it.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}
