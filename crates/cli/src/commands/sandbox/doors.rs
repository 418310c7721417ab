//! The sandbox's other addresses: in TLS, and as a proxy.

use hongyan_sandbox::Running;
use tokio::net::TcpListener;

use super::{folder::CaFolder, serve::ServeArgs};
use crate::{failure::Failure, port, screen::Screen};

/// Ports that are taken already, and the certificate authority for them.
pub(super) struct Doors {
    tls: Option<TcpListener>,
    proxy: Option<TcpListener>,
    authority: hongyan_sandbox::Authority,
    certificate: std::path::PathBuf,
}

impl Doors {
    /// Takes the ports that are asked for; nothing when there is none.
    pub(super) async fn bind(args: &ServeArgs, screen: Screen) -> Result<Option<Self>, Failure> {
        if args.tls.is_none() && args.proxy.is_none() {
            return Ok(None);
        }
        let ca: &CaFolder = &args.ca;
        let (authority, certificate) = (ca.open(screen)?, ca.certificate_file(screen)?);
        let tls = match &args.tls {
            Some(address) => Some(port::bind(address, "--tls", screen).await?),
            None => None,
        };
        let proxy = match &args.proxy {
            Some(address) => Some(port::bind(address, "--proxy", screen).await?),
            None => None,
        };
        Ok(Some(Self { tls, proxy, authority, certificate }))
    }

    /// Opens them, and says where they are and what a program must trust.
    pub(super) fn open(self, sandbox: &mut Running, screen: Screen) -> Result<(), Failure> {
        if let Some(listener) = self.tls {
            let address = listener.local_addr().map_err(Failure::usage)?;
            sandbox.serve_tls(listener, &self.authority).map_err(Failure::usage)?;
            screen.data(&format!("tls https://{address}"))?;
        }
        if let Some(listener) = self.proxy {
            let address = listener.local_addr().map_err(Failure::usage)?;
            sandbox.serve_proxy(listener, &self.authority).map_err(Failure::usage)?;
            screen.data(&format!("proxy http://{address}"))?;
        }
        screen.data(&format!("ca {}", self.certificate.display()))
    }
}
