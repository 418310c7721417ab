//! Starts a sandbox on a listener and gives the handle that stops it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use hongyan_wire::{AesKey, Clock};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::options::Options;
use crate::platform::Platform;
use crate::push::{handshake, post};
use crate::tls::{self, Authority, AuthorityError};
use crate::world::address::IpList;
use crate::{control, pages, proxy, routes, web};

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An account needs an AES key and has none that can be used.
    #[error("account {app_id} is in {mode} mode and needs an aes_key of 43 letters and digits")]
    AesKey {
        /// The account.
        app_id: String,
        /// Its mode.
        mode: &'static str,
    },
    /// A callback's address cannot be used.
    #[error(
        "the callback address {url:?} of account {app_id} is wrong: it must begin with http:// or https://"
    )]
    Callback {
        /// The account.
        app_id: String,
        /// What was given.
        url: String,
    },
    /// A line of an account's list of addresses is neither an address nor a network.
    #[error(
        "the ip_list of account {app_id} has {line:?}: write an address, or a network such as 10.0.0.0/8"
    )]
    IpList {
        /// The account.
        app_id: String,
        /// What was given.
        line: String,
    },
    /// Two accounts have the same AppID.
    #[error("two accounts have the app id {0}: give each its own")]
    SameAppId(String),
    /// The address cannot be listened on.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The client for pushes cannot be made.
    #[error("cannot make the client for pushes: {0}")]
    Client(#[from] reqwest::Error),
}

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
        let platform = Arc::new(Platform::new(options, &url, post::client()?));
        let app: Router = Router::new()
            .nest("/_sandbox", control::router(&platform, address))
            .merge(pages::router())
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

fn check(options: &Options) -> Result<(), StartError> {
    let mut seen = Vec::new();
    for account in options.accounts() {
        let app_id = account.app_id.clone();
        if account.mode.encrypts() && AesKey::parse(&account.aes_key).is_err() {
            return Err(StartError::AesKey { app_id, mode: account.mode.name() });
        }
        if let Some(url) = account.callback.filter(|url| !is_http(url)) {
            return Err(StartError::Callback { app_id, url });
        }
        if let Err(line) = IpList::new(account.ip_list) {
            return Err(StartError::IpList { app_id, line });
        }
        if seen.contains(&app_id) {
            return Err(StartError::SameAppId(app_id));
        }
        seen.push(app_id);
    }
    Ok(())
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
