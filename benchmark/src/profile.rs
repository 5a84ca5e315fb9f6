//! Where the CPU time of a window goes, function by function: `perf` on the whole machine, as a flame graph.
//!
//! Neither our programs nor PostgreSQL keep frame pointers. perf therefore copies a piece of each stack, which is
//! unwound afterwards by the tables that every program has for its panics and exceptions; that takes about as long as
//! the window itself. Samples are taken by a clock, since virtual machines rarely have the counters of a processor.

use std::collections::HashMap;
use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use inferno::collapse::Collapse;
use inferno::collapse::perf::{Folder, Options as FoldOptions};
use inferno::flamegraph::{self, Options as GraphOptions, TextTruncateDirection};

use crate::error::{Doing, Error, Result};
use crate::experiment;
use crate::options::Options;
use crate::progress::say;
use crate::report::Report;
use crate::run::start_servers;
use crate::usage::Group;

/// Samples per second and core; not a divisor of anything that happens regularly.
const FREQUENCY: &str = "499";
/// Bytes of each stack that are copied: room for the many frames of asynchronous code.
const CALL_GRAPH: &str = "dwarf,16384";

/// One run, recorded.
#[derive(Clone, Debug, Args)]
pub struct ProfileOptions {
    /// The run. There is no yardstick: recording costs so much that the ratio would be worth nothing.
    #[command(flatten)]
    pub run: Options,
    /// Where the flame graph and the folded stacks go.
    #[arg(long, value_name = "FOLDER", default_value = "target/profile")]
    pub out: PathBuf,
}

/// Runs a load and writes what the machine did in the window: `flame.svg`, and as text `stacks.folded`.
///
/// # Errors
/// perf is not installed or may not look at other processes, or nothing could be measured.
#[tokio::main(flavor = "current_thread")]
pub async fn profile(options: &ProfileOptions) -> Result<Report> {
    require_perf()?;
    fs::create_dir_all(&options.out).doing(&format!("creating {}", options.out.display()))?;
    let data = options.out.join("perf.data");
    let servers = start_servers(options.run.seconds).await?;
    let mut recording = None;
    let report = experiment::measure(&servers, &options.run, |meter| {
        recording = Some((record(&data, options.run.seconds)?, meter.groups()));
        Ok(())
    });
    let report = report.await?;
    servers.stop().await;
    report.write_json()?;
    let (mut perf, groups) = recording.ok_or_else(|| Error::Other("nothing was recorded".into()))?;
    if !perf.wait().doing("waiting for perf")?.success() {
        return Err(Error::Other("perf could not record; what it said is above".into()));
    }
    say("unwinding stacks");
    let stacks = by_group(&fold(&data)?, &groups);
    let _ = fs::remove_file(&data);
    write(&options.out.join("stacks.folded"), stacks.as_bytes())?;
    let graph = options.out.join("flame.svg");
    write(&graph, &draw(&stacks)?)?;
    say(&format!("the flame graph is {}", graph.display()));
    Ok(report)
}

fn require_perf() -> Result<()> {
    let version = Command::new("perf").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match version {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Error::Other("there is no perf here: Debian has it in the package linux-perf".into())),
    }
}

/// Starts to record the whole machine for so long.
fn record(data: &Path, seconds: u64) -> Result<Child> {
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--all-cpus", "--event", "cpu-clock", "--freq", FREQUENCY])
        .args(["--call-graph", CALL_GRAPH, "--output"])
        .arg(data)
        .args(["--", "sleep", &seconds.to_string()]);
    perf.stdin(Stdio::null()).stdout(Stdio::null()).spawn().doing("starting perf")
}

/// A line for each different stack: its frames, separated by semicolons, a space, and how often it was seen. The first
/// frame is `thread-process/thread`, by name and ids.
fn fold(data: &Path) -> Result<String> {
    let unwinding = "reading what perf recorded";
    let mut perf = Command::new("perf");
    perf.args(["script", "--no-inline", "--fields", "comm,pid,tid,cpu,time,event,ip,sym,dso", "--input"])
        .arg(data);
    let mut perf =
        perf.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().doing(unwinding)?;
    let mut folded = Vec::new();
    if let Some(script) = perf.stdout.take() {
        let mut options = FoldOptions::default();
        options.include_tid = true;
        Folder::from(options).collapse(BufReader::new(script), &mut folded).doing(unwinding)?;
    }
    if !perf.wait().doing(unwinding)?.success() {
        return Err(Error::Other("perf script failed".into()));
    }
    Ok(String::from_utf8_lossy(&folded).into_owned())
}

/// The same with the process's group and the thread's name as first frames, without the time in which a core had nothing
/// to do.
fn by_group(folded: &str, groups: &HashMap<i32, Group>) -> String {
    let mut counts: HashMap<String, u64> = HashMap::new();
    for line in folded.lines() {
        let Some((stack, count)) = line.rsplit_once(' ') else { continue };
        let (first, rest) = stack.split_once(';').unwrap_or((stack, ""));
        let (thread, ids) = first.rsplit_once('-').unwrap_or((first, ""));
        if thread == "swapper" {
            continue;
        }
        let process = ids.split('/').next().and_then(|id| id.parse().ok());
        let group =
            process.and_then(|id: i32| groups.get(&id)).map_or("others on this machine", |it| it.name());
        *counts.entry(format!("{group};{thread};{rest}")).or_default() += count.parse::<u64>().unwrap_or(0);
    }
    let mut lines: Vec<String> = counts.iter().map(|(stack, count)| format!("{stack} {count}\n")).collect();
    lines.sort_unstable();
    lines.concat()
}

fn draw(stacks: &str) -> Result<Vec<u8>> {
    let mut options = GraphOptions::default();
    options.title = "CPU time in the window".into();
    options.count_name = "samples".into();
    options.deterministic = true;
    options.text_truncate_direction = TextTruncateDirection::Right;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, stacks.lines(), &mut svg).doing("drawing the flame graph")?;
    Ok(svg)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).doing(&format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_begin_with_the_group_and_idle_time_is_left_out() {
        let groups = HashMap::from([(7, Group::OrdersService)]);
        let folded = "tokio-rt-worker-7/8;main;poll 3\ntokio-rt-worker-7/9;main;poll 2\nswapper-0/0;idle 9\ncron-5/5;main 1\n";
        let expected = "orders-service;tokio-rt-worker;main;poll 5\nothers on this machine;cron;main 1\n";
        assert_eq!(by_group(folded, &groups), expected);
    }
}
