//! The sandbox under the platform's own names: a certificate authority of its own, and a listener that speaks TLS.

mod names;
mod authority;
mod keep;
mod handshake;
mod door;

pub use authority::{Authority, AuthorityError};

pub(crate) use door::{HandOver, Stream, accept, front};
pub(crate) use handshake::{Greeter, PATIENCE};
pub(crate) use names::{Names, is_platform, refusal};

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Serves the sandbox in TLS until it closes.
pub(crate) fn serve(
    listener: TcpListener,
    authority: &Authority,
    app: Router,
    closing: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, AuthorityError> {
    let greeter = Greeter::new(authority)?;
    let (door, hand_over) = front(listener.local_addr()?);
    tokio::spawn(accept(listener, closing.clone(), move |stream| {
        let (greeter, hand_over) = (greeter.clone(), hand_over.clone());
        async move {
            if let Some(stream) = greeter.greet(stream).await {
                // A door that is gone means that the sandbox closes.
                let _ = hand_over.send(Box::new(stream)).await;
            }
        }
    }));
    Ok(door.serve(Names::PlatformAndLoopback.guard(app), closing))
}
