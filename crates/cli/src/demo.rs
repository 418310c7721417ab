//! The demo: sandbox, gateway and stand-in services in one process, with one clock.

mod calendar;
mod parcel;
mod weather;
mod traffic;
mod tune;
mod songs;
mod media;
mod standins;
mod leftovers;
mod folder;
mod handshake;

use std::{path::PathBuf, time::Duration};

use hongyan_gateway::{Config, Gateway, Parts};
use hongyan_sandbox::{Mode, Options, Sandbox};
use tokio::net::TcpListener;

use crate::{failure::Failure, screen::Screen};
use folder::Folder;
use standins::Standins;

/// The account's name in the demo's configuration and in its callback address.
const ACCOUNT: &str = "demo";
/// Sandbox and gateway find each other in well under a second; a slow machine gets more.
const WIRING: Duration = Duration::from_secs(30);

/// What the demo is started with: two ports that are taken already, and how pushes are protected.
pub(crate) struct Plan {
    pub(crate) gateway: TcpListener,
    pub(crate) sandbox: TcpListener,
    pub(crate) mode: Mode,
}

/// The running demo.
pub(crate) struct Demo {
    gateway: hongyan_gateway::Running,
    sandbox: hongyan_sandbox::Running,
    standins: Standins,
    folder: Folder,
    pub(crate) app_id: String,
    pub(crate) secret: String,
}

impl Demo {
    /// Starts everything and comes back when the callback's handshake has succeeded and the menu is there.
    pub(crate) async fn start(plan: Plan, screen: Screen) -> Result<Self, Failure> {
        let failed = |what: &str, error: &dyn std::fmt::Display| Failure::Refused(format!("{what}: {error}"));
        let gateway_address = plan.gateway.local_addr().map_err(|error| failed("gateway", &error))?;
        let callback = format!("http://{gateway_address}/callback/{ACCOUNT}");
        let options = Options { mode: plan.mode, callback: Some(callback), ..Options::default() };
        let (app_id, secret) = (options.app_id.clone(), options.secret.clone());
        let values = folder::Values::new(&options, gateway_address);
        let sandbox =
            Sandbox::start_on(options, plan.sandbox).await.map_err(|error| failed("sandbox", &error))?;
        let standins = Standins::start(sandbox.clock()).await.map_err(|error| failed("stand-ins", &error))?;
        let folder = Folder::write(&values, &sandbox.url(), &standins.url).await?;
        let config =
            Config::load(&folder.config()).map_err(|error| Failure::usage(error.text(screen.lang)))?;
        let parts = Parts { clock: sandbox.clock(), listener: Some(plan.gateway) };
        let gateway =
            Gateway::start(config, parts).await.map_err(|error| Failure::usage(error.text(screen.lang)))?;
        let demo = Self { gateway, sandbox, standins, folder, app_id, secret };
        handshake::wait(&demo.sandbox.url(), WIRING, screen).await?;
        Ok(demo)
    }

    pub(crate) fn gateway_url(&self) -> String {
        self.gateway.url()
    }

    pub(crate) fn sandbox_url(&self) -> String {
        self.sandbox.url()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.config()
    }

    /// The gateway first, so that what it still has to send finds the platform there.
    pub(crate) async fn stop(self) {
        self.gateway.stop().await;
        self.sandbox.stop().await;
        drop(self.standins);
        drop(self.folder);
    }
}
