//! Log lines on standard error; `HONGYAN_LOG` chooses how much, `HONGYAN_LOG_FORMAT=json` makes them JSON.

#[cfg(feature = "otlp")]
pub(crate) mod traces;

use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging at `usual` unless `HONGYAN_LOG` (such as `debug` or `hongyan_gateway=debug,info`) says otherwise.
pub(crate) fn start(usual: &str) {
    let wanted = std::env::var("HONGYAN_LOG").ok().filter(|text| !text.is_empty());
    let targets = wanted
        .as_deref()
        .and_then(|text| text.parse::<Targets>().ok())
        .or_else(|| usual.parse().ok())
        .unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if std::env::var("HONGYAN_LOG_FORMAT").is_ok_and(|format| format == "json") {
        // One object a line, the event's own fields beside `timestamp`, `level` and `target`.
        lines.json().flatten_event(true).boxed()
    } else {
        lines.boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(targets));
    #[cfg(feature = "otlp")]
    let subscriber = subscriber
        .with(traces::layer().with_filter(Targets::new().with_target("hongyan", tracing::Level::INFO)));
    // A subscriber that is already there keeps its place.
    let _ = subscriber.try_init();
}
