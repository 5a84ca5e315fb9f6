//! The two servers that any number of systems can share: one PostgreSQL, one RabbitMQ.

use std::fs::{self, DirBuilder};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::error::{Doing, Error, Result};
use crate::part::Part;
use crate::ports::free_port;
use crate::watchdog::Watchdog;
use crate::{postgres, rabbitmq, ready};

/// A broker that notes its queues elsewhere is not waited for any longer: it matters only to one that is killed.
const NOTE_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// How to start [`Servers`].
#[derive(Clone, Debug, Default)]
pub struct ServersOptions {
    /// Where the servers keep their data, for good. Without it they get a fresh folder, which is deleted in the end.
    pub folder: Option<PathBuf>,
    /// Where RabbitMQ's console listens; a free port if it is not said.
    pub console_port: Option<u16>,
}

/// One PostgreSQL and one RabbitMQ of our own, on private ports and in private folders.
///
/// When it is dropped, or when the program ends in whatever way, the servers end with it.
pub struct Servers {
    postgres: Part,
    rabbitmq: Part,
    // Ends after the node that is registered with it.
    registry: Part,
    postgres_port: u16,
    rabbitmq_ports: rabbitmq::Ports,
    virtual_hosts: Arc<Mutex<Vec<String>>>,
    folder: PathBuf,
    watchdog: Arc<Watchdog>,
    names_given: AtomicUsize,
}

impl Servers {
    /// Starts both and waits until they are ready.
    pub async fn start(options: ServersOptions) -> Result<Self> {
        let servers = Self::launch(options)?;
        tokio::try_join!(servers.postgres.wait_ready(), servers.rabbitmq.wait_ready())?;
        Ok(servers)
    }

    fn launch(options: ServersOptions) -> Result<Self> {
        let is_kept = options.folder.is_some();
        let folder = match options.folder {
            Some(folder) => folder,
            None => fresh_folder()?,
        };
        let logs = folder.join("logs");
        fs::create_dir_all(&logs).doing(format!("creating {}", logs.display()))?;
        let watchdog = Arc::new(Watchdog::start(&folder, !is_kept)?);

        let virtual_hosts = Arc::default();
        let console = options.console_port.map_or_else(free_port, Ok)?;
        let rabbitmq_ports = rabbitmq::Ports { amqp: free_port()?, console, registry: free_port()? };
        // The slower one first: it starts while PostgreSQL's cluster is created.
        let (registry, rabbitmq) = rabbitmq::launch(
            &rabbitmq_folder(&folder),
            rabbitmq_ports,
            Arc::clone(&virtual_hosts),
            &logs,
            &watchdog,
        )?;
        let postgres_port = free_port()?;
        let postgres = postgres::launch(
            &postgres::kept_folder(&folder)?,
            postgres_port,
            logs.join("postgres.log"),
            Arc::clone(&watchdog),
        )?;
        let names_given = AtomicUsize::new(0);
        Ok(Self {
            postgres,
            rabbitmq,
            registry,
            postgres_port,
            rabbitmq_ports,
            virtual_hosts,
            folder,
            watchdog,
            names_given,
        })
    }

    /// PostgreSQL.
    pub fn postgres(&self) -> &Part {
        &self.postgres
    }

    /// RabbitMQ.
    pub fn rabbitmq(&self) -> &Part {
        &self.rabbitmq
    }

    /// The folder below which the servers keep their data, logs and configuration.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every process of the servers.
    pub fn parts(&self) -> [&Part; 3] {
        [&self.postgres, &self.registry, &self.rabbitmq]
    }

    /// A name that nobody else got, to make databases and virtual hosts from.
    pub fn fresh_name(&self) -> String {
        format!("t{}", self.names_given.fetch_add(1, Ordering::Relaxed))
    }

    /// Creates a database unless it exists, and returns its URL. The name is used in SQL as it stands.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        postgres::create_database(self.postgres_port, name).await?;
        Ok(self.database_url(name))
    }

    /// Drops a database, whoever is connected to it.
    pub async fn drop_database(&self, name: &str) -> Result<()> {
        postgres::execute(self.postgres_port, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    /// The URL of a database.
    pub fn database_url(&self, name: &str) -> String {
        postgres::url(self.postgres_port, name)
    }

    /// Creates a virtual host of RabbitMQ unless it exists, and returns its URL. It comes back empty when the broker is
    /// wiped.
    pub async fn create_virtual_host(&self, name: &str) -> Result<String> {
        self.virtual_hosts().push(name.into());
        let created = ready::create_virtual_host(self.rabbitmq_ports.console, name).await;
        created.map_err(Error::Setup)?;
        Ok(self.amqp_url(name))
    }

    /// Deletes a virtual host with all its queues.
    pub async fn delete_virtual_host(&self, name: &str) -> Result<()> {
        self.virtual_hosts().retain(|known| known != name);
        let path = format!("/api/vhosts/{name}");
        ready::manage("DELETE", self.rabbitmq_ports.console, &path, "").await.map_err(Error::Setup)
    }

    /// The URL of a virtual host.
    pub fn amqp_url(&self, virtual_host: &str) -> String {
        rabbitmq::url(self.rabbitmq_ports.amqp, virtual_host)
    }

    /// The URL of RabbitMQ's console and management interface; the user is `user`, the password `password`.
    pub fn console_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rabbitmq_ports.console)
    }

    /// Ends the broker, deletes its disk and starts it again: same ports, user and virtual hosts, nothing in them.
    pub async fn wipe_rabbitmq(&self) -> Result<()> {
        self.rabbitmq.kill();
        let disk = rabbitmq::disk(&rabbitmq_folder(&self.folder));
        fs::remove_dir_all(&disk)
            .and_then(|()| fs::create_dir(&disk))
            .doing(format!("emptying {}", disk.display()))?;
        self.rabbitmq.start().await
    }

    /// Waits until the broker could be killed and would find these queues again, for some seconds at most.
    pub(crate) async fn until_queues_are_noted(&self, virtual_host: &str, queues: &[String]) {
        let folder = rabbitmq_folder(&self.folder);
        let deadline = Instant::now() + NOTE_LIMIT;
        while !rabbitmq::has_noted(&folder, virtual_host, queues) && Instant::now() < deadline {
            sleep(POLL).await;
        }
    }

    /// Makes RabbitMQ think that it has no memory left: it blocks every connection that publishes, until
    /// [`Self::clear_memory_alarm`] or its next start.
    pub async fn raise_memory_alarm(&self) -> Result<()> {
        self.set_memory_limit(0.000_001).await
    }

    /// Ends what [`Self::raise_memory_alarm`] began.
    pub async fn clear_memory_alarm(&self) -> Result<()> {
        self.set_memory_limit(0.6).await
    }

    /// Stops both in good order.
    pub async fn stop(&self) {
        tokio::join!(self.rabbitmq.stop(), self.postgres.stop());
        self.registry.kill();
    }

    /// The addresses of PostgreSQL and of RabbitMQ's AMQP listener.
    pub(crate) fn sockets(&self) -> [SocketAddr; 2] {
        [self.postgres_port, self.rabbitmq_ports.amqp].map(|port| (Ipv4Addr::LOCALHOST, port).into())
    }

    async fn set_memory_limit(&self, share: f64) -> Result<()> {
        let (folder, port) = (rabbitmq_folder(&self.folder), self.rabbitmq_ports.registry);
        let ask = tokio::task::spawn_blocking(move || rabbitmq::set_memory_limit(&folder, port, share));
        ask.await.unwrap_or_else(|error| Err(Error::Setup(error.to_string())))
    }

    pub(crate) fn watchdog(&self) -> &Arc<Watchdog> {
        &self.watchdog
    }

    fn virtual_hosts(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.virtual_hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where RabbitMQ's files are.
fn rabbitmq_folder(folder: &Path) -> PathBuf {
    folder.join("rabbitmq")
}

/// A new folder in /var/tmp: on a disk, which /tmp need not be, and open to whatever user PostgreSQL runs as.
fn fresh_folder() -> Result<PathBuf> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(format!("/var/tmp/gozon-{}-{count}", process::id()));
        match DirBuilder::new().mode(0o755).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => {
                return created.map(|()| folder).doing("creating a folder in /var/tmp");
            }
        }
    }
}
