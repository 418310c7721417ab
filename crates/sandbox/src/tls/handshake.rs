//! The TLS greeting, with what to do when a program does not trust us.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::authority::{Authority, AuthorityError};

/// How long a program may take for its part of a greeting.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Greets programs with a certificate of the authority.
#[derive(Clone)]
pub(crate) struct Greeter(TlsAcceptor);

impl Greeter {
    pub(crate) fn new(authority: &Authority) -> Result<Self, AuthorityError> {
        Ok(Self(authority.acceptor()?))
    }

    /// The stream within, or nothing when the program went away.
    pub(crate) async fn greet(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(PATIENCE, self.0.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a program ended the TLS greeting; if it does not trust the sandbox, give it the certificate that `hongyan sandbox ca` prints");
                None
            }
            Err(_elapsed) => None,
        }
    }
}
