//! One whole system: both services, each with its database, and the gateway, on servers that others may share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::gateway::Gateway;
use crate::link::Link;
use crate::part::{Part, StopBy};
use crate::ports::free_port;
use crate::ready::Ready;
use crate::servers::Servers;
use crate::workspace;

/// A service promises to end within 10 s after SIGTERM; a little more lets a test see that it did not.
const STOP_BY: StopBy =
    StopBy { signal: Signal::SIGTERM, deadline: Duration::from_secs(15), at_once: Signal::SIGKILL };

/// How to start a [`System`].
#[derive(Clone, Debug)]
pub struct SystemOptions {
    /// Use the databases `orders` and `payments` and the virtual host `gozon`, and leave them there: for the only system
    /// on its servers. Otherwise it gets fresh ones, which [`System::stop`] deletes.
    pub is_kept: bool,
    /// How many processes of orders-service.
    pub orders_replicas: usize,
    /// How many processes of payments-service.
    pub payments_replicas: usize,
    /// Whether there is a gateway, which serves the page, too.
    pub has_gateway: bool,
    /// Where the gateway listens, on every address of the machine; if it is not said, on a free port of 127.0.0.1.
    pub gateway_port: Option<u16>,
    /// The same for the page.
    pub page_port: Option<u16>,
    /// The same for the gateway's gRPC.
    pub grpc_port: Option<u16>,
    /// Whether each process of a service reaches its database and the broker through [`Links`] of its own. What else
    /// connects to them does so directly.
    pub has_links: bool,
    /// Whether the services are those with faults built in, `<name>-service-faults`.
    pub has_fault_injection: bool,
    /// Environment variables for the services, added to those they need.
    pub environment: Vec<(String, String)>,
}

impl Default for SystemOptions {
    fn default() -> Self {
        Self {
            is_kept: false,
            orders_replicas: 1,
            payments_replicas: 1,
            has_gateway: true,
            gateway_port: None,
            page_port: None,
            grpc_port: None,
            has_links: false,
            has_fault_injection: false,
            environment: Vec::new(),
        }
    }
}

/// Where everything of a system is. This is what `cargo stack status --json` prints and what tests attach by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The gateway's base URL, if there is a gateway.
    pub gateway: Option<String>,
    /// The page's URL, if there is a gateway.
    pub page: Option<String>,
    /// The gateway's base URL for gRPC, if there is a gateway.
    pub grpc: Option<String>,
    /// The base URLs of orders-service's replicas.
    pub orders: Vec<String>,
    /// The base URLs of payments-service's replicas.
    pub payments: Vec<String>,
    /// The base URLs of orders-service's replicas for gRPC.
    pub orders_grpc: Vec<String>,
    /// The base URLs of payments-service's replicas for gRPC.
    pub payments_grpc: Vec<String>,
    /// The URL of the orders database.
    pub orders_database: String,
    /// The URL of the payments database.
    pub payments_database: String,
    /// The URL of the virtual host.
    pub amqp: String,
    /// RabbitMQ's console and management interface; user `user`, password `password`.
    pub console: String,
}

/// The lines between one process of a service and the servers.
pub struct Links {
    /// To its database.
    pub database: Link,
    /// To RabbitMQ.
    pub broker: Link,
}

/// A running system.
///
/// A part is reached by [`Self::orders`], [`Self::payments`] and [`Self::gateway`], the servers' by
/// `system.servers().postgres()` and `.rabbitmq()`; the verbs are [`Part`]'s. Whatever is done to the servers happens to
/// every system on them. When it is dropped, its processes end.
pub struct System {
    gateway: Option<Part>,
    orders: Vec<Part>,
    payments: Vec<Part>,
    /// By the part's name.
    links: HashMap<String, Links>,
    addresses: Addresses,
    names: Names,
    is_kept: bool,
    // Ends last.
    servers: Arc<Servers>,
}

impl System {
    /// Starts it and waits until every part is ready.
    pub async fn start(servers: &Arc<Servers>, options: SystemOptions) -> Result<Self> {
        let system = Self::prepare(servers, options).await?;
        for part in system.own_parts() {
            part.launch()?;
        }
        for part in system.own_parts() {
            part.wait_ready().await?;
        }
        let queues: Vec<String> = contracts::topology()
            .queues
            .into_iter()
            .flat_map(|queue| [messaging::topology::dead_letter_queue(&queue.name), queue.name])
            .collect();
        servers.until_queues_are_noted(&system.names.virtual_host, &queues).await;
        Ok(system)
    }

    /// Creates what the parts need; none is started.
    async fn prepare(servers: &Arc<Servers>, options: SystemOptions) -> Result<Self> {
        let names = if options.is_kept { Names::kept() } else { Names::fresh(servers) };
        let (orders_database, payments_database, amqp) = tokio::try_join!(
            servers.create_database(&names.orders_database),
            servers.create_database(&names.payments_database),
            servers.create_virtual_host(&names.virtual_host),
        )?;
        let orders_ports = Ports::free(options.orders_replicas)?;
        let payments_ports = Ports::free(options.payments_replicas)?;
        let gateway_port = options.gateway_port.map_or_else(free_port, Ok)?;
        let page_port = options.page_port.map_or_else(free_port, Ok)?;
        let grpc_port = options.grpc_port.map_or_else(free_port, Ok)?;

        let mut links = HashMap::new();
        let mut services =
            Services { servers, names: &names, amqp: &amqp, options: &options, links: &mut links };
        let orders = services.parts("orders", &orders_database, &orders_ports).await?;
        let payments = services.parts("payments", &payments_database, &payments_ports).await?;
        let gateway = Gateway {
            gateway_port,
            page_port,
            grpc_port,
            is_public: options.gateway_port.is_some(),
            orders: &orders_ports,
            payments: &payments_ports,
        };
        let folder = names.folder(servers);
        let start_gateway =
            || gateway.part(&folder, &names.log(servers, "gateway"), Arc::clone(servers.watchdog()));
        let gateway = options.has_gateway.then(start_gateway).transpose()?;

        let addresses = Addresses {
            gateway: options.has_gateway.then(|| local_url(gateway_port)),
            page: options.has_gateway.then(|| local_url(page_port)),
            grpc: options.has_gateway.then(|| local_url(grpc_port)),
            orders: orders_ports.iter().map(|ports| local_url(ports.http)).collect(),
            payments: payments_ports.iter().map(|ports| local_url(ports.http)).collect(),
            orders_grpc: orders_ports.iter().map(|ports| local_url(ports.grpc)).collect(),
            payments_grpc: payments_ports.iter().map(|ports| local_url(ports.grpc)).collect(),
            orders_database,
            payments_database,
            amqp,
            console: servers.console_url(),
        };
        let is_kept = options.is_kept;
        Ok(Self { gateway, orders, payments, links, addresses, names, is_kept, servers: Arc::clone(servers) })
    }

    /// Where everything is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The servers it runs on.
    pub fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    /// A replica of orders-service, counted from 0.
    pub fn orders(&self, replica: usize) -> &Part {
        &self.orders[replica]
    }

    /// A replica of payments-service, counted from 0.
    pub fn payments(&self, replica: usize) -> &Part {
        &self.payments[replica]
    }

    /// The lines of a process of a service to the servers. That it is killed and started again does not change them.
    ///
    /// # Panics
    ///
    /// If the system was started without them, or the part is no service.
    pub fn links(&self, part: &Part) -> &Links {
        self.links.get(part.name()).expect("a service of a system that was started with has_links")
    }

    /// The gateway, which also serves the page.
    ///
    /// # Panics
    ///
    /// If the system was started without one.
    pub fn gateway(&self) -> &Part {
        self.gateway.as_ref().expect("the system was started with has_gateway")
    }

    /// Every process, in the order of starting: first the servers', then its own.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.servers.parts().into_iter().chain(self.own_parts())
    }

    /// Stops its own processes in good order: no more requests come in, then the services finish what they have. If it is
    /// not kept, its databases and its virtual host are deleted. The servers run on.
    pub async fn stop(&self) -> Result<()> {
        if let Some(gateway) = &self.gateway {
            gateway.stop().await;
        }
        join_all(self.orders.iter().chain(&self.payments).map(Part::stop)).await;
        if self.is_kept {
            return Ok(());
        }
        tokio::try_join!(
            self.servers.drop_database(&self.names.orders_database),
            self.servers.drop_database(&self.names.payments_database),
            self.servers.delete_virtual_host(&self.names.virtual_host),
        )?;
        Ok(())
    }

    fn own_parts(&self) -> impl Iterator<Item = &Part> {
        self.orders.iter().chain(&self.payments).chain(&self.gateway)
    }
}

/// What a system's things are called on servers that it shares with others.
struct Names {
    orders_database: String,
    payments_database: String,
    virtual_host: String,
    /// Comes before the names of its logs.
    prefix: String,
}

impl Names {
    fn kept() -> Self {
        Self {
            orders_database: "orders".into(),
            payments_database: "payments".into(),
            virtual_host: "gozon".into(),
            prefix: String::new(),
        }
    }

    fn fresh(servers: &Servers) -> Self {
        let name = servers.fresh_name();
        Self {
            orders_database: format!("orders_{name}"),
            payments_database: format!("payments_{name}"),
            prefix: format!("{name}-"),
            virtual_host: name,
        }
    }

    fn folder(&self, servers: &Servers) -> PathBuf {
        servers.folder().join(format!("{}gateway", self.prefix))
    }

    fn log(&self, servers: &Servers, part: &str) -> PathBuf {
        servers.folder().join(format!("logs/{}{part}.log", self.prefix))
    }
}

/// What the processes of both services share.
struct Services<'a> {
    servers: &'a Servers,
    names: &'a Names,
    amqp: &'a str,
    options: &'a SystemOptions,
    links: &'a mut HashMap<String, Links>,
}

/// Where a process of a service listens.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) grpc: u16,
}

impl Ports {
    fn free(count: usize) -> Result<Vec<Self>> {
        (0..count).map(|_| Ok(Self { http: free_port()?, grpc: free_port()? })).collect()
    }
}

impl Services<'_> {
    /// One part per port, running `<name>-service`.
    async fn parts(&mut self, name: &str, database: &str, ports: &[Ports]) -> Result<Vec<Part>> {
        let suffix = if self.options.has_fault_injection { "-faults" } else { "" };
        let program = workspace::binary(&format!("{name}-service{suffix}"))?;
        let mut parts = Vec::new();
        for (replica, ports) in ports.iter().enumerate() {
            let name = format!("{name}-{replica}");
            let (database, amqp) = self.lines(&name, database).await?;
            let mut command = Command::new(&program);
            command
                .env("HTTP_ADDRESS", local_address(ports.http))
                .env("GRPC_ADDRESS", local_address(ports.grpc))
                .env("DATABASE_URL", database)
                .env("AMQP_URL", amqp)
                // The gateway does it, and a header must not be there twice.
                .env_remove("CORS_ALLOWED_ORIGINS")
                .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
                .current_dir(self.servers.folder());
            let log = self.names.log(self.servers, &name);
            let ready = Ready::Http { port: ports.http, path: "/health/ready" };
            parts.push(Part::new(name, command, log, ready, STOP_BY, Arc::clone(self.servers.watchdog()))?);
        }
        Ok(parts)
    }

    /// The URLs of its database and of the virtual host for a part, by which they are reached through its links if the
    /// system has such. The database's sessions bear the part's name.
    async fn lines(&mut self, part: &str, database: &str) -> Result<(String, String)> {
        let database = format!("{database}?application_name={part}");
        if !self.options.has_links {
            return Ok((database, self.amqp.to_owned()));
        }
        let [postgres, rabbitmq] = self.servers.sockets();
        let (database_link, broker_link) = tokio::try_join!(Link::start(postgres), Link::start(rabbitmq))?;
        let database = database.replacen(&postgres.to_string(), &local_address(database_link.port()), 1);
        let amqp = self.amqp.replacen(&rabbitmq.to_string(), &local_address(broker_link.port()), 1);
        self.links.insert(part.to_owned(), Links { database: database_link, broker: broker_link });
        Ok((database, amqp))
    }
}

fn local_address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn local_url(port: u16) -> String {
    format!("http://{}", local_address(port))
}
