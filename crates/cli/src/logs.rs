//! Log lines on standard error; `HONGYAN_LOG` chooses how much.

use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging at `usual` unless `HONGYAN_LOG` (such as `debug` or `hongyan_gateway=debug,info`) says otherwise.
pub(crate) fn start(usual: &str) {
    let wanted = std::env::var("HONGYAN_LOG").ok().filter(|text| !text.is_empty());
    let targets = wanted
        .as_deref()
        .and_then(|text| text.parse::<Targets>().ok())
        .or_else(|| usual.parse().ok())
        .unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A subscriber that is already there keeps its place.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
}
