//! Logs and metrics: set up once, used everywhere through `tracing` and `metrics`.

use std::io::IsTerminal;
use std::sync::OnceLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{HttpMessage, HttpResponse};
use metrics::counter;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::prelude::*;

use crate::config::LogFormat;
use crate::domain::request::RequestId;

/// Starts logging to standard error. `RUST_LOG` chooses what, the rest is warnings and our own
/// news.
pub fn init(format: Option<LogFormat>) {
    let chosen = std::env::var(EnvFilter::DEFAULT_ENV).ok();
    let filter = chosen
        .filter(|filter| !filter.is_empty())
        .and_then(|filter| EnvFilter::try_new(filter).ok())
        .unwrap_or_else(|| EnvFilter::new("warn,api_status_page=info"));
    let pretty = match format {
        Some(format) => format == LogFormat::Pretty,
        None => std::io::stderr().is_terminal(),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second call, as tests make, keeps the first.
    let _ = if pretty {
        registry.with(layer.compact()).try_init()
    } else {
        registry.with(layer.json().flatten_event(true)).try_init()
    };
}

/// The metrics of this process, installed when first asked for.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let seconds = [
            0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ];
        let rows = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0];
        let group_rows = Matcher::Full("recorder_group_rows".to_owned());
        let handle = PrometheusBuilder::new()
            .set_buckets(&seconds)
            .and_then(|builder| builder.set_buckets_for_metric(group_rows, &rows))
            .and_then(PrometheusBuilder::install_recorder)
            .expect("the only recorder of this process");
        begin_at_zero();
        handle
    })
}

/// Shows what alarms watch before it happens: of a series that begins with a 1 Prometheus sees no
/// increase.
fn begin_at_zero() {
    counter!("recorder_groups_lost_total").increment(0);
    counter!("recorder_queue_refused_total").increment(0);
    for status in ["500", "503"] {
        counter!("requests_answered_total", "status" => status).increment(0);
    }
}

/// `GET /metrics`: the metrics in Prometheus' text format.
pub async fn show_metrics() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics().render())
}

/// The span around the call of a page: our id, no header, no query (it may hold an e-mail). What is
/// logged of a sender's call names it itself: to make a span costs a tenth of what the call does.
pub struct CallSpan;

impl RootSpanBuilder for CallSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().copied();
        let route = request.match_pattern().unwrap_or_default();
        tracing::info_span!(
            "call",
            request.id = id.map(tracing::field::display),
            http.method = %request.method(),
            http.route = route,
            company.id = tracing::field::Empty,
        )
    }

    /// Nothing is logged in the span any more.
    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, actix_web::Error>) {}
}
