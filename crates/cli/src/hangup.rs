//! The wish to read the configuration again: SIGHUP.

use hongyan_gateway::Reloader;

/// Reloads at every SIGHUP. What came of it stands in the log.
#[cfg(unix)]
pub(crate) fn reloads(reloader: Reloader) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let _ = reloader.reload().await;
        }
    });
}

/// There is no such signal here; a changed file is noticed by itself.
#[cfg(not(unix))]
pub(crate) fn reloads(_: Reloader) {}
