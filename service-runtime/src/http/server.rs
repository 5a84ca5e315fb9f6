use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Service;
use actix_web::http::header;
use actix_web::middleware::Condition;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use metrics_exporter_prometheus::PrometheusHandle;
use socket2::SockRef;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, warn};

use super::{IDEMPOTENT_REPLAYED, Problem, Routes, get};
use crate::live::AllowedOrigins;
use crate::shutdown::GRACE;
use crate::telemetry::request_span;
use crate::{Config, Health};

/// Far above any request of the API, by gRPC too; the gateway has a limit of its own.
pub(crate) const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// Longer than the gateway keeps an idle connection, so that it never sends a request on one that is closing.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// A request's head must be there within this. Long, because after a process was halted its own pause counts, and the
/// answer, a bare 408, is the one error here without a problem document; the gateway keeps slow clients away.
const HEAD_LIMIT: Duration = Duration::from_secs(120);

/// A client that leaves what it is sent unread for longer is gone.
const UNREAD_LIMIT: Duration = Duration::from_secs(20);

/// Adds what a service routes; each worker of the server asks for it.
pub(crate) type AddRoutes = Arc<dyn Fn(&mut Routes) + Send + Sync>;

/// Serves `routes`, health and metrics until `shutdown`, then finishes the requests in hand.
pub(crate) async fn serve(
    config: &Config,
    health: Health,
    metrics: PrometheusHandle,
    routes: AddRoutes,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let origins = config.cors_allowed_origins.clone();
    let health = Data::new(health);
    let metrics = Data::new(metrics);
    let watching = Data::new(AllowedOrigins(config.cors_allowed_origins.clone()));
    let server = HttpServer::new(move || {
        App::new()
            .wrap_fn(|request, service| {
                let id = request.headers().get("X-Request-Id").and_then(|id| id.to_str().ok());
                let span = request_span(id);
                service.call(request).instrument(span)
            })
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .app_data(health.clone())
            .app_data(metrics.clone())
            .app_data(watching.clone())
            .app_data(extractor_errors())
            .app_data(web::PathConfig::default().error_handler(|error, _| Problem::from(error).into()))
            .app_data(web::QueryConfig::default().error_handler(|error, _| Problem::from(error).into()))
            .configure(|config| {
                let mut known = Routes::new(config);
                routes(&mut known);
                known.list();
                operations(&mut known);
            })
            .default_service(web::to(|| async { Err::<(), _>(Problem::not_found()) }))
    })
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_LIMIT)
    .on_connect(|connection, _| {
        if let Some(stream) = connection.downcast_ref::<TcpStream>()
            && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_LIMIT))
        {
            warn!(%error, "http: a client that stops reading may stay");
        }
    })
    .workers(config.http_workers.get().into())
    .shutdown_timeout(GRACE.as_secs())
    .disable_signals()
    .bind(config.http_address)?
    .run();
    info!(address = %config.http_address, "http: listening");
    let handle = server.handle();
    tokio::spawn(async move {
        shutdown.cancelled().await;
        handle.stop(true).await;
    });
    server.await
}

fn extractor_errors() -> web::JsonConfig {
    web::JsonConfig::default().limit(BODY_LIMIT_BYTES).error_handler(|error, _| Problem::from(error).into())
}

/// For use without the gateway, which answers for CORS itself.
fn cors(origins: &[String]) -> Cors {
    let allowed = [header::CONTENT_TYPE.as_str(), "Idempotency-Key", "X-Request-Id"];
    let exposed = ["Location", "Link", "Retry-After", IDEMPOTENT_REPLAYED];
    origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "POST"])
        .allowed_headers(allowed)
        .expose_headers(exposed)
        .max_age(600)
}

/// Routes for operators; the gateway does not lead to them.
fn operations(routes: &mut Routes) {
    routes
        .at("/health/live", get(async || HttpResponse::Ok().body("alive\n")))
        .at("/health/ready", get(ready))
        .at("/metrics", get(render));
}

async fn ready(health: Data<Health>) -> HttpResponse {
    let report = health.report().await;
    if report.ready() {
        HttpResponse::Ok().json(report)
    } else {
        HttpResponse::ServiceUnavailable().json(report)
    }
}

async fn render(metrics: Data<PrometheusHandle>) -> HttpResponse {
    metrics.run_upkeep();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(metrics.render())
}
