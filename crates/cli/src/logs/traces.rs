//! Spans for an OpenTelemetry collector: one for each push that is worked on, each send, each call of the API.

use std::sync::OnceLock;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that sends spans where the standard variables say; none without them.
pub(super) fn layer<S>() -> Option<impl Layer<S>>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let named = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    named.iter().find(|name| std::env::var(name).is_ok_and(|value| !value.is_empty()))?;
    let exporter = SpanExporter::builder().with_http().build().ok()?;
    let name = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "hongyan".to_owned());
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(name).build())
        .build();
    let tracer = provider.tracer("hongyan");
    let _ = PROVIDER.set(provider);
    Some(tracing_opentelemetry::layer().with_tracer(tracer))
}

/// Sends what has not been sent yet.
pub(crate) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        // A collector that is away must not keep the process.
        let _ = provider.shutdown_with_timeout(std::time::Duration::from_secs(2));
    }
}
