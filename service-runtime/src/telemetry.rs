use std::str::FromStr;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::{Span, info_span};
use tracing_subscriber::EnvFilter;

use crate::{StartError, env_or};

/// Batch sizes, in events: what the histograms of the message path count.
const BATCH_BUCKETS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 500.0];

/// The AMQP client warns of each returned message with its whole body; the relay says the same in a line.
const DEFAULT_FILTER: &str = "info,lapin=error";

/// How log lines look: `LOG_FORMAT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("it holds {other:?}")),
        }
    }
}

/// Logs go to standard output, filtered by `RUST_LOG` (default `info`, less of the AMQP client), as JSON if
/// `LOG_FORMAT=json`; metrics are kept for [`PrometheusHandle::render`]. Once in a process.
pub(crate) fn init() -> Result<PrometheusHandle, StartError> {
    let filter = env_or("RUST_LOG", EnvFilter::new(DEFAULT_FILTER), "a filter as info or info,lapin=error")?;
    let format = env_or("LOG_FORMAT", LogFormat::Text, "text or json")?;
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("batch_rows".to_owned()), &BATCH_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("batch_events".to_owned()), &BATCH_BUCKETS)?
        .install_recorder()?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    match format {
        LogFormat::Text => subscriber.with_ansi(false).init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(metrics)
}

/// What log lines about a request carry: its id, as the gateway has it in `X-Request-Id`.
pub(crate) fn request_span(id: Option<&str>) -> Span {
    id.map_or_else(Span::none, |id| info_span!("request", id))
}
