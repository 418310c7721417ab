//! The connection of a push: plain, or in TLS that is always verified.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig};

use crate::tls::Stream;

/// Opens connections to callbacks: no proxy, a fresh connection for each push.
#[derive(Clone)]
pub(crate) struct Dialer(Arc<Inner>);

struct Inner {
    /// Trusted besides those this machine trusts.
    roots: Vec<CertificateDer<'static>>,
    /// Made when the first callback behind TLS is called: without one nobody needs this machine's certificates.
    tls: OnceLock<Result<TlsConnector, String>>,
}

impl Dialer {
    /// Trusts this machine's certificates, and those in the PEM text; the error says what is wrong with it.
    pub(crate) fn new(pem: Option<&str>) -> Result<Self, String> {
        let mut roots = Vec::new();
        if let Some(pem) = pem {
            for root in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.push(root.map_err(|error| error.to_string())?);
            }
            if roots.is_empty() {
                return Err("it holds no certificate in PEM form".to_owned());
            }
        }
        Ok(Dialer(Arc::new(Inner { roots, tls: OnceLock::new() })))
    }

    /// A connection over which the request can be written.
    pub(crate) async fn connect(&self, url: &url::Url) -> io::Result<Stream> {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        if url.scheme() != "https" {
            return Ok(Box::new(stream));
        }
        let connector =
            self.0.tls.get_or_init(|| connector(&self.0.roots).map_err(|error| error.to_string()));
        let connector = connector.as_ref().map_err(|why| io::Error::other(why.clone()))?;
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}

fn connector(roots: &[CertificateDer<'static>]) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots.iter().cloned(), Arc::clone(&provider))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_certificate_is_refused() {
        for bad in ["", "nothing", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
            assert!(Dialer::new(Some(bad)).is_err(), "{bad:?}");
        }
        assert!(Dialer::new(None).is_ok());
    }
}
