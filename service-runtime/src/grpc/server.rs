use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tracing::{info, warn};

use crate::Health;
use crate::shutdown::GRACE;
use crate::telemetry::request_span;

/// A client is asked this often whether it is there, and is let go if it does not say so in time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Between two tries when the machine has no room for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);
/// The name by which clients ask for the health of all services of a server.
const WHOLE: &str = "";
/// How often health is looked at for those who ask.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

/// What a service serves by gRPC.
pub struct Services {
    routes: RoutesBuilder,
    names: Vec<&'static str>,
    descriptors: &'static [u8],
}

impl Services {
    /// Nothing yet; `descriptors` is the `google.protobuf.FileDescriptorSet` that reflection tells of.
    pub fn new(descriptors: &'static [u8]) -> Self {
        Self { routes: Routes::builder(), names: Vec::new(), descriptors }
    }

    /// And this service.
    pub fn with<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME);
        self.routes.add_service(service);
        self
    }
}

/// Serves `services`, health and reflection until `shutdown`, then finishes the calls in hand.
pub(crate) async fn serve(
    address: SocketAddr,
    services: Services,
    health: Health,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let Services { mut routes, names, descriptors } = services;
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Most clients ask by the older name.
    routes
        .add_service(health_service)
        .add_service(reflection().build_v1().map_err(io::Error::other)?)
        .add_service(reflection().build_v1alpha().map_err(io::Error::other)?);
    let names: Vec<_> = names.into_iter().chain([WHOLE]).collect();
    set_all(&reporter, &names, ServingStatus::NotServing).await;
    let incoming = TcpIncoming::from(TcpListener::bind(address).await?).with_nodelay(Some(true));
    // The server tries again at once, and says nothing: without a pause it would do nothing else.
    let incoming = incoming.then(async |connection| {
        if let Err(error) = &connection {
            warn!(%error, "gRPC: no connection can be taken");
            sleep(ACCEPT_PAUSE).await;
        }
        connection
    });
    info!(%address, "gRPC: listening");
    tokio::spawn(report(reporter, names, health, shutdown.clone()));
    let serve = Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE))
        .trace_fn(|call| request_span(call.headers().get("x-request-id").and_then(|id| id.to_str().ok())))
        .add_routes(routes.routes())
        .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned());
    tokio::pin!(serve);
    let outcome = tokio::select! {
        outcome = &mut serve => outcome,
        () = async {
            shutdown.cancelled().await;
            sleep(GRACE).await;
        } => {
            warn!("gRPC: clients are still connected, and are not waited for");
            Ok(())
        }
    };
    outcome.map_err(io::Error::other)
}

/// Says of the whole and of each service whether it is ready, and lets those go who watch that when the service ends.
async fn report(
    mut reporter: HealthReporter,
    names: Vec<&'static str>,
    health: Health,
    shutdown: CancellationToken,
) {
    let look = async {
        let mut interval = interval(HEALTH_INTERVAL);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let is_ready = health.report().await.ready();
            let status = if is_ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            set_all(&reporter, &names, status).await;
        }
    };
    shutdown.run_until_cancelled(look).await;
    for name in names {
        reporter.clear_service_status(name).await;
    }
}

async fn set_all(reporter: &HealthReporter, names: &[&'static str], status: ServingStatus) {
    for name in names {
        reporter.set_service_status(*name, status).await;
    }
}
