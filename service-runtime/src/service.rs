use std::sync::Arc;

use diesel_migrations::EmbeddedMigrations;
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, TryFutureExt};
use messaging::broadcast::{self, Voice};
use messaging::{Backoff, Broker, Consumer, Handler, Handoff, Pool, Relay, Retention, Topology, retention};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::amqp_url_error;
use crate::database::{self, SetupError};
use crate::http::{self, AddRoutes, Routes};
use crate::live::Hub;
use crate::shutdown::Shutdown;
use crate::workers::Workers;
use crate::{Config, ConfigError, Health, grpc, telemetry};

/// Calls by gRPC have fewer connections than requests by HTTP.
const RPC_CONNECTIONS: usize = 8;
/// Relay, its vacuum, consumer, committer, sweep, delivery, retention and one to spare.
const WORKER_CONNECTIONS: usize = 8;
/// Checks of readiness wait for each other.
const HEALTH_CONNECTIONS: usize = 1;

/// A service between its start and its end.
///
/// The order of its end: not ready; no new connections; requests in hand answered; workers finish what is in
/// their hands; gone. Workers outlive requests, because requests wait for them.
pub struct Service {
    /// The settings.
    pub config: Config,
    /// Connections for HTTP requests. They end with the HTTP workers, on which they live.
    pub request_pool: Pool,
    /// Connections for calls by gRPC, which are answered on the main runtime.
    pub rpc_pool: Pool,
    /// Connections for background work. A pool of its own, so that requests can't starve it, and so that its
    /// connections live on the main runtime and survive the HTTP workers.
    pub worker_pool: Pool,
    /// The broker, for workers of the service's own.
    pub broker: Broker,
    health: Health,
    metrics: PrometheusHandle,
    shutdown: Shutdown,
    workers: Workers,
}

/// What a service is called and needs.
pub struct Blueprint {
    /// Its name, also the broker's console's.
    pub name: &'static str,
    /// The role that the migrations create for its connections.
    pub role: &'static str,
    /// Its tables; those of `messaging` come before them.
    pub migrations: EmbeddedMigrations,
    /// Exchange and queues.
    pub topology: Topology,
}

/// Why a service can't start, or can't go on. Everything that time may heal is waited for instead.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The topology.
    #[error(transparent)]
    Broker(#[from] messaging::Error),
    /// A pool of connections.
    #[error("database pool: {0}")]
    Pool(#[from] diesel_async::pooled_connection::deadpool::BuildError),
    /// Metrics.
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The HTTP address is taken, or not ours.
    #[error("HTTP: {0}")]
    Http(#[source] std::io::Error),
    /// The gRPC address is taken, or not ours.
    #[error("gRPC: {0}")]
    Grpc(#[source] std::io::Error),
    /// Signals can't be waited for.
    #[error("signals: {0}")]
    Signals(#[from] std::io::Error),
    /// The database would lose commits.
    #[error(transparent)]
    Database(#[from] SetupError),
    /// Background work has panicked or ended, and nobody else does it.
    #[error("{0} has ended unasked; start the service again")]
    Worker(&'static str),
}

impl Service {
    /// Sets up pools, telemetry and signals, and brings the database up to date as soon as it answers.
    ///
    /// # Errors
    /// What time will not heal. A database or a broker that is away is waited for, by a live service that is
    /// not ready.
    pub fn start(blueprint: Blueprint, config: Config) -> Result<Self, StartError> {
        let metrics = telemetry::init()?;
        let Blueprint { name, role, migrations, topology } = blueprint;
        info!(service = name, version = env!("CARGO_PKG_VERSION"), "starting");
        let request_pool =
            database::pool(&config.database_url, role, config.database_pool_size.get().into())?;
        let rpc_pool = database::pool(&config.database_url, role, RPC_CONNECTIONS)?;
        let worker_pool = database::pool(&config.database_url, role, WORKER_CONNECTIONS)?;
        let broker = Broker::new(&config.amqp_url, name, topology).map_err(|error| match error {
            messaging::Error::Address(reason) => amqp_url_error(reason).into(),
            other => StartError::from(other),
        })?;
        let (migrated, shutdown) = (CancellationToken::new(), Shutdown::on_signal()?);
        let health_pool = database::pool(&config.database_url, role, HEALTH_CONNECTIONS)?;
        let health = Health::new(health_pool, migrated.clone(), shutdown.begun().clone());
        let migrations = [messaging::MIGRATIONS, migrations];
        tokio::spawn(set_up(config.database_url.clone(), migrations, migrated.clone(), shutdown.clone()));
        let service = Self {
            config,
            request_pool,
            rpc_pool,
            worker_pool,
            broker,
            health,
            metrics,
            workers: Workers::new(migrated, shutdown.clone()),
            shutdown,
        };
        service.spawn_retention();
        Ok(service)
    }

    /// Runs background work from when the database is up to date until the token that it is given is cancelled. It
    /// must not end before: that, like a panic, ends the service.
    pub fn spawn<F>(&self, worker: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.workers.spawn(worker);
    }

    /// Runs the relay of this service's outbox, and returns the way to it.
    pub fn spawn_relay(&self) -> Handoff {
        let (handoff, handed) = messaging::handoff();
        let relay = Relay {
            pool: self.worker_pool.clone(),
            broker: self.broker.clone(),
            handed,
            connected: self.health.part(),
        };
        self.spawn(|stop| relay.run(stop));
        handoff
    }

    /// Runs the consumer of `queue`, whose answers go to the relay.
    pub fn spawn_consumer(&self, queue: &str, handoff: Handoff, handler: impl Handler) {
        let consumer = Consumer {
            pool: self.worker_pool.clone(),
            broker: self.broker.clone(),
            queue: queue.to_owned(),
            handoff,
            connected: self.health.part(),
            handler,
        };
        self.spawn(|stop| consumer.run(stop));
    }

    /// Tells what changes, and hears it from the other replicas: over `channel`, for clients who know it as `event`.
    pub fn live(&self, channel: &'static str, event: &'static str) -> (Voice, Hub) {
        let hub = Hub::new(event);
        let (voice, speaker, listener) = broadcast::join(self.broker.clone(), channel, hub.clone());
        self.spawn(|stop| speaker.run(stop));
        self.spawn(|stop| listener.run(stop));
        let (clients, begun) = (hub.clone(), self.shutdown.begun().clone());
        tokio::spawn(async move {
            begun.cancelled().await;
            clients.close();
        });
        (voice, hub)
    }

    /// Every service has an inbox to keep small.
    fn spawn_retention(&self) {
        let horizon = retention::DAY * u32::from(self.config.inbox_retention_days.get());
        let retention = Retention { pool: self.worker_pool.clone(), horizon };
        self.spawn(|stop| retention.run(stop));
    }

    /// Serves `routes`, and `services` by gRPC, until SIGTERM or SIGINT, or until the service can't go on, then ends in
    /// order.
    ///
    /// # Errors
    /// Why it can't go on.
    pub async fn serve(
        self,
        routes: impl Fn(&mut Routes) + Send + Sync + 'static,
        services: grpc::Services,
    ) -> Result<(), StartError> {
        self.serve_all(Arc::new(routes), services).await
    }

    /// Boxed, so that both servers are compiled here, once, and not with each service again.
    fn serve_all(
        self,
        routes: AddRoutes,
        services: grpc::Services,
    ) -> LocalBoxFuture<'static, Result<(), StartError>> {
        async move {
            let stop = self.shutdown.begun();
            let grpc = grpc::serve(self.config.grpc_address, services, self.health.clone(), stop.clone());
            let http = http::serve(&self.config, self.health, self.metrics, routes, stop.clone());
            tokio::try_join!(http.map_err(StartError::Http), grpc.map_err(StartError::Grpc))?;
            self.workers.stop().await;
            info!("stopped");
            // A migration may still be waiting for the database; its transaction goes with the process.
            self.shutdown.outcome()
        }
        .boxed_local()
    }
}

/// Tries until the database is reachable and up to date. A database that is not durable ends the service.
async fn set_up(
    config: tokio_postgres::Config,
    migrations: [EmbeddedMigrations; 2],
    migrated: CancellationToken,
    shutdown: Shutdown,
) {
    let mut backoff = Backoff::default();
    while !shutdown.begun().is_cancelled() {
        match database::set_up(&config, &migrations).await {
            Ok(()) => return migrated.cancel(),
            Err(error @ SetupError::NotDurable { .. }) => return shutdown.fail(error.into()),
            Err(error) => warn!(%error, "database: not ready; trying again"),
        }
        backoff.wait(shutdown.begun()).await;
    }
}
