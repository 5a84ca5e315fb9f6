//! `up`: builds what is missing, starts everything, keeps it running, stops it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use stack::{
    Error, Part, PartProcess, ProcessId, Program, Result, Servers, ServersOptions, Status, System,
    SystemOptions, kept_folder,
};
use tokio::time::sleep;

use crate::install::install;
use crate::report;
use crate::runner::{Lock, end_leftovers};
use crate::signals::StopSignals;
use crate::{background, make};

/// How often it is looked whether every part still runs.
const WATCH_INTERVAL: Duration = Duration::from_millis(200);

/// A part that ends by itself is started again after this time, which doubles up to the longest while that goes on.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What `up` can be told.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Return when everything is ready; it runs on until `cargo stack down`.
    #[arg(long)]
    pub(crate) detach: bool,
    /// Port of the gateway, on every address of this machine.
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Port of the page, on every address of this machine.
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    pub(crate) page_port: u16,
    /// Port of the gateway's gRPC, on every address of this machine.
    #[arg(long, value_name = "PORT", default_value_t = 9090)]
    pub(crate) grpc_port: u16,
    /// Port of RabbitMQ's console, on 127.0.0.1 only.
    #[arg(long, value_name = "PORT", default_value_t = 15672)]
    pub(crate) console_port: u16,
    /// Processes of orders-service.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) orders_replicas: u16,
    /// Processes of payments-service.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) payments_replicas: u16,
    /// Set by `--detach` for the process that stays.
    #[arg(long, hide = true)]
    pub(crate) background: bool,
}

/// Runs the system until a signal asks to stop it.
pub(crate) async fn up(folder: &Path, options: &Options) -> Result<ExitCode> {
    if options.background {
        background::leave_terminal();
    }
    let mut stop = StopSignals::listen()?;
    let Some(_lock) = Lock::take(folder)? else {
        return report::already_running(folder);
    };
    end_leftovers(folder)?;

    let mut run = Run { folder, options, servers: None, system: None };
    let done = match stop.or(run.start()).await {
        None => Ok(()),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => {
            if !options.background {
                report::addresses(&run.status()?);
                println!("\nCtrl-C stops everything.");
            }
            stop.or(run.watch()).await.unwrap_or(Ok(()))
        }
    };
    if run.servers.is_some() {
        println!("\nStopping");
        // A second signal does not wait: whatever still runs is killed when `run` is dropped.
        stop.or(run.stop()).await;
        drop(run);
        println!("Everything is stopped.");
    }
    Status::remove(folder)?;
    done.map(|()| ExitCode::SUCCESS)
}

/// What is running, as far as it was started.
struct Run<'a> {
    folder: &'a Path,
    options: &'a Options,
    servers: Option<Arc<Servers>>,
    system: Option<System>,
}

impl Run<'_> {
    async fn start(&mut self) -> Result<()> {
        self.write_status()?;
        check_ports(self.options)?;
        install(&Program::SERVERS)?;
        make::services().await?;
        make::page().await?;

        let begun = Instant::now();
        println!("Starting PostgreSQL and RabbitMQ");
        let servers = ServersOptions {
            folder: Some(self.folder.to_owned()),
            console_port: Some(self.options.console_port),
        };
        let servers = self.servers.insert(Arc::new(Servers::start(servers).await?)).clone();
        self.write_status()?;

        println!("Starting the services and the gateway");
        let system = SystemOptions {
            is_kept: true,
            orders_replicas: self.options.orders_replicas.into(),
            payments_replicas: self.options.payments_replicas.into(),
            gateway_port: Some(self.options.port),
            page_port: Some(self.options.page_port),
            grpc_port: Some(self.options.grpc_port),
            ..SystemOptions::default()
        };
        self.system = Some(System::start(&servers, system).await?);
        println!("Everything is ready after {:.1} s.\n", begun.elapsed().as_secs_f32());
        self.write_status()
    }

    /// Starts parts again that end by themselves; returns only when that cannot even be tried.
    async fn watch(&self) -> Result<()> {
        let mut restarts: HashMap<&str, Restart> = HashMap::new();
        loop {
            sleep(WATCH_INTERVAL).await;
            for part in self.parts().filter(|part| part.process().is_none()) {
                let restart = restarts.entry(part.name()).or_insert_with(Restart::new);
                if restart.is_due(part) {
                    part.launch()?;
                    self.write_status()?;
                }
            }
        }
    }

    async fn stop(&mut self) {
        if let Some(system) = self.system.take() {
            // A system that is kept has nothing to delete, which alone could fail.
            let _ = system.stop().await;
        }
        if let Some(servers) = self.servers.take() {
            servers.stop().await;
        }
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        let servers =
            self.servers.iter().filter(|_| self.system.is_none()).flat_map(|servers| servers.parts());
        servers.chain(self.system.iter().flat_map(System::parts))
    }

    fn status(&self) -> Result<Status> {
        Ok(Status {
            runner: ProcessId::current(),
            addresses: self.system.as_ref().map(|system| system.addresses().clone()),
            processes: PartProcess::of(self.parts()),
            folder: self.folder.to_owned(),
            postgres_folder: kept_folder(self.folder)?,
        })
    }

    fn write_status(&self) -> Result<()> {
        self.status()?.write()
    }
}

/// When a part that ended is started again.
struct Restart {
    /// When it was, or will be, started again.
    at: Instant,
    pause: Duration,
    is_waiting: bool,
}

impl Restart {
    fn new() -> Self {
        Self { at: Instant::now(), pause: Duration::ZERO, is_waiting: false }
    }

    /// Says once that the part has ended, and from then on whether its time has come.
    fn is_due(&mut self, part: &Part) -> bool {
        let now = Instant::now();
        if !self.is_waiting {
            let ran_well = now.duration_since(self.at) > LONGEST_PAUSE;
            self.pause =
                if ran_well { SHORTEST_PAUSE } else { (2 * self.pause).clamp(SHORTEST_PAUSE, LONGEST_PAUSE) };
            self.at = now + self.pause;
            self.is_waiting = true;
            let (name, pause, log) = (part.name(), self.pause.as_secs(), part.log().display());
            println!("{name} has ended by itself and is started again in {pause} s; its log is {log}");
        }
        let is_due = now >= self.at;
        if is_due {
            println!("Starting {} again", part.name());
            self.is_waiting = false;
        }
        is_due
    }
}

/// The public ports must be free and differ. Others are chosen among free ones.
fn check_ports(options: &Options) -> Result<()> {
    let ports = [
        ("the gateway", "--port", options.port),
        ("the page", "--page-port", options.page_port),
        ("gRPC", "--grpc-port", options.grpc_port),
        ("RabbitMQ's console", "--console-port", options.console_port),
    ];
    let mut listeners = Vec::new();
    for (what, option, port) in ports {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::AddrInUse => "is taken".into(),
                _ => format!("cannot be used ({error})"),
            };
            Error::Setup(format!(
                "port {port}, meant for {what}, {reason}; choose another with `cargo stack up {option} <PORT>`"
            ))
        })?;
        listeners.push(listener);
    }
    Ok(())
}
