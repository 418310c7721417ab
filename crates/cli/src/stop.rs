//! The wish to stop: Ctrl-C or SIGTERM.

use tokio::signal;

/// Waits for the first signal; a second Ctrl-C afterwards ends the process at once.
pub(crate) async fn asked() {
    wait().await;
    tokio::spawn(async {
        wait().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn wait() {
    use signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn wait() {
    let _ = signal::ctrl_c().await;
}
