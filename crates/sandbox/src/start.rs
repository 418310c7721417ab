//! Starts a sandbox on a listener and gives the handle that stops it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use hongyan_wire::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::handshakes::Handshakes;
use crate::options::Options;
use crate::platform::Platform;
use crate::push::dial::Dialer;
use crate::push::handshake;
use crate::start_error::{StartError, check};
use crate::tls::{self, Authority, AuthorityError};
use crate::{control, pages, proxy, routes, web};

/// The platform on a laptop.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Starts on a listener; answers as soon as this returns, whatever the callback does.
    #[expect(
        clippy::unused_async,
        reason = "callers await it, and reading an accounts file may come to wait"
    )]
    pub async fn start_on(options: Options, listener: TcpListener) -> Result<Running, StartError> {
        check(&options)?;
        let address = listener.local_addr()?;
        let url = reachable(address);
        let dialer = Dialer::new(options.callback_roots.as_deref()).map_err(StartError::CallbackRoots)?;
        let platform = Arc::new(Platform::new(options, &url, dialer));
        let hosts = control::hosts(&platform, address);
        let app: Router = Router::new()
            .nest("/_sandbox", control::router(&platform, address, &hosts))
            .merge(control::guarded(pages::router(), &hosts))
            .merge(web::router())
            .fallback(routes::entry)
            // The entry has its own limit, which answers as the platform does.
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&platform));
        let accounts = platform.with(|world, _| world.accounts.len());
        for at in 0..accounts {
            if platform.with(|world, _| world.accounts[at].callback.is_some()) {
                handshake::begin(&platform, at);
            }
        }
        let mut closing = platform.closing();
        let served = app.clone();
        let server = tokio::spawn(async move {
            let stop = async move {
                // An error means that the platform is gone, which is a reason to stop as well.
                let _ = closing.wait_for(|closing| *closing).await;
            };
            if let Err(error) =
                axum::serve(listener, served.into_make_service_with_connect_info::<SocketAddr>())
                    .with_graceful_shutdown(stop)
                    .await
            {
                tracing::error!(%error, "the sandbox's listener failed");
            }
        });
        Ok(Running { address, platform, app, listeners: vec![server] })
    }

    /// Starts the demo account on a free port of 127.0.0.1, for a test; `Running::user` gives its people.
    pub async fn start() -> Result<Running, StartError> {
        Self::start_local(Options::default()).await
    }

    /// Starts on a free port of 127.0.0.1.
    pub async fn start_local(options: Options) -> Result<Running, StartError> {
        Self::start_on(options, TcpListener::bind(("127.0.0.1", 0)).await?).await
    }
}

/// An address that a program on this machine can use: one for all interfaces is reached by loopback.
fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://127.0.0.1:{}", address.port());
    }
    format!("http://{address}")
}

/// True for an address that pushes can go to.
pub(crate) fn is_http(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A running sandbox; dropping it stops it without waiting.
pub struct Running {
    address: SocketAddr,
    platform: Arc<Platform>,
    app: Router,
    listeners: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        reachable(self.address)
    }

    /// The sandbox's clock, for programs that must agree with it.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::<crate::clock::VirtualClock>::clone(self.platform.clock())
    }

    /// How the callbacks' checks go from here on, beginning with those that are over.
    pub fn handshakes(&self) -> Handshakes {
        Handshakes::new(&self.platform)
    }

    /// Answers on this listener too, in TLS, under the platform's names and this machine's.
    pub fn serve_tls(&mut self, listener: TcpListener, authority: &Authority) -> Result<(), AuthorityError> {
        let listening = tls::serve(listener, authority, self.app.clone(), self.platform.closing())?;
        self.listeners.push(listening);
        Ok(())
    }

    /// Is a proxy on this listener, for programs that have the platform's names in them; it leads nowhere else.
    pub fn serve_proxy(
        &mut self,
        listener: TcpListener,
        authority: &Authority,
    ) -> Result<(), AuthorityError> {
        let listening = proxy::serve(listener, authority, self.app.clone(), self.platform.closing())?;
        self.listeners.push(listening);
        Ok(())
    }

    /// Stops listening, ends event streams and waits for open requests, two seconds at most.
    pub async fn stop(mut self) {
        self.platform.close();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(2);
        for mut listening in std::mem::take(&mut self.listeners) {
            if tokio::time::timeout_at(deadline, &mut listening).await.is_err() {
                listening.abort();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.platform.close();
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}
