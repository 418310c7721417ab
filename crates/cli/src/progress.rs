//! The bar that shows how much of a file has gone up or come down; only on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A hidden bar when standard error is no terminal, which is what indicatif does by itself.
pub(crate) fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes}") {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}

/// What the SDK calls with (sent, total).
pub(crate) fn follow(bar: &ProgressBar) -> impl Fn(u64, u64) + Send + Sync + 'static + use<> {
    let bar = bar.clone();
    move |sent, total| {
        bar.set_length(total);
        bar.set_position(sent);
        if sent >= total {
            bar.finish_and_clear();
        }
    }
}
