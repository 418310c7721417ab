//! The TLS greeting, with what to do when a program does not trust us.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio_rustls::server::TlsStream;

use super::authority::{Authority, AuthorityError};

/// How long a program may take for its part of a greeting.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Greets programs with a certificate of the authority.
#[derive(Clone)]
pub(crate) struct Greeter(TlsAcceptor);

impl Greeter {
    pub(crate) fn new(authority: &Authority) -> Result<Self, AuthorityError> {
        let (chain, key) = authority.leaf()?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
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
