//! One run: the yardstick, one experiment, the yardstick again.

use std::sync::Arc;

use stack::{Servers, ServersOptions};

use crate::error::Result;
use crate::experiment;
use crate::options::Options;
use crate::progress::say;
use crate::report::{Report, Yardstick};
use crate::{wal, yardstick};

/// Starts a system, measures it and stops it. The report may say that its figures are void.
///
/// # Errors
/// Nothing was measured: something could not be started, asked or written.
#[tokio::main(flavor = "current_thread")]
pub async fn run(options: &Options) -> Result<Report> {
    let servers = start_servers(options.seconds).await?;
    let before = measure_yardstick(&servers, options.yardstick_seconds).await?;
    let mut report = experiment::measure(&servers, options, |_| Ok(())).await?;
    let after = measure_yardstick(&servers, options.yardstick_seconds).await?;
    servers.stop().await;
    report.yardstick = Yardstick::between(before, after, options.yardstick_seconds, &report.throughput);
    report.write_json()?;
    Ok(report)
}

/// PostgreSQL and RabbitMQ with fresh data, for windows of so many seconds.
pub(crate) async fn start_servers(seconds: u64) -> Result<Arc<Servers>> {
    say("starting PostgreSQL and RabbitMQ");
    let servers = Servers::start(ServersOptions::default()).await?;
    wal::lay_out(&servers, seconds).await?;
    Ok(Arc::new(servers))
}

/// Transactions per second; nothing if no time is given for it.
pub(crate) async fn measure_yardstick(servers: &Servers, seconds: u64) -> Result<Option<f64>> {
    if seconds == 0 {
        return Ok(None);
    }
    say(&format!("yardstick, {seconds} s"));
    let rate = yardstick::measure(servers, seconds).await?;
    say(&format!("yardstick: {rate:.0} transactions/s"));
    Ok(Some(rate))
}
