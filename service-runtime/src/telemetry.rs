use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Batch sizes, in events: what the histograms of the message path count.
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 500.0];

/// The AMQP client warns of each returned message with its whole body; the relay says the same in a line.
const DEFAULT_FILTER: &str = "info,lapin=error";

/// Logs go to standard output, filtered by `RUST_LOG` (default `info`, less of the AMQP client), as JSON if
/// `LOG_FORMAT=json`; metrics are kept for [`PrometheusHandle::render`].
pub(crate) fn init() -> Result<PrometheusHandle, BuildError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    let json = std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json");
    // A second initialisation, as in tests that start several services in one process, changes nothing.
    let _ = if json { subscriber.json().try_init() } else { subscriber.with_ansi(false).try_init() };
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("batch_rows".to_owned()), &BATCH_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("batch_events".to_owned()), &BATCH_BUCKETS)?
        .install_recorder()
}
