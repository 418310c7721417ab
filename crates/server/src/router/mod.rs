//! A handler made of routes: the first that matches answers.

mod answer;
mod context;
mod route;

use std::sync::Arc;

use futures_util::FutureExt;
use hongyan_wire::inbound::{Content, Event};
use regex::Regex;

use crate::{Answer, Handler, Handling, Push};

pub use answer::IntoAnswer;
pub use context::Context;
pub use route::RouteFn;
use route::{Captures, Route, When};

/// Routes in the order they were added. What no route matches gets no reply.
///
/// Each route takes an async function of a [`Context`]; what it returns becomes the answer (see [`IntoAnswer`]). A
/// follow through a QR code tries the scan routes first, then those for follows.
///
/// ```
/// use hongyan_server::{Context, HandlerError, Regex, Router};
///
/// async fn parcel(context: Context) -> Result<String, HandlerError> {
///     let number = context.capture("number").unwrap_or_default();
///     Ok(format!("{number} is on its way"))
/// }
///
/// # fn main() -> Result<(), regex::Error> {
/// let router = Router::new()
///     .regex(Regex::new(r"^parcel (?<number>\w+)$")?, parcel)
///     .click("ABOUT", async |_: Context| "We carry letters.")
///     .subscribe(async |_: Context| "Welcome!");
/// # let _ = router; Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Router {
    routes: Arc<Vec<Route>>,
}

impl Router {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Someone follows.
    pub fn subscribe<F: RouteFn>(self, run: F) -> Self {
        self.add(When::Subscribe, run)
    }

    /// Someone scans one of the account's QR codes, or follows through one.
    pub fn scan<F: RouteFn>(self, run: F) -> Self {
        self.add(When::Scan(None), run)
    }

    /// Someone scans the QR code of this scene, or follows through it.
    pub fn scene<F: RouteFn>(self, scene: impl Into<String>, run: F) -> Self {
        self.add(When::Scan(Some(scene.into())), run)
    }

    /// A text that is exactly this, without regard to space around it.
    pub fn text<F: RouteFn>(self, text: impl Into<String>, run: F) -> Self {
        self.add(When::Text(text.into()), run)
    }

    /// A text with this in it.
    pub fn contains<F: RouteFn>(self, part: impl Into<String>, run: F) -> Self {
        self.add(When::Contains(part.into()), run)
    }

    /// A text that the expression matches; its captures are in the context.
    pub fn regex<F: RouteFn>(self, regex: Regex, run: F) -> Self {
        self.add(When::Regex(regex), run)
    }

    /// A tap on the menu button with this key.
    pub fn click<F: RouteFn>(self, key: impl Into<String>, run: F) -> Self {
        self.add(When::Click(key.into()), run)
    }

    /// Any event of this name, in whatever letter case.
    pub fn event<F: RouteFn>(self, name: impl Into<String>, run: F) -> Self {
        self.add(When::Event(name.into()), run)
    }

    /// Any message of this kind: `text`, `image`, `voice`, `location` …
    pub fn kind<F: RouteFn>(self, kind: impl Into<String>, run: F) -> Self {
        self.add(When::Kind(kind.into()), run)
    }

    /// Everything else.
    pub fn any<F: RouteFn>(self, run: F) -> Self {
        self.add(When::Any, run)
    }

    fn add<F: RouteFn>(mut self, when: When, run: F) -> Self {
        Arc::make_mut(&mut self.routes).push(Route::new(when, run));
        self
    }

    fn find(&self, push: &Push) -> Option<(&Route, Captures)> {
        let message = &*push.message;
        let found = |route: &When| route.matches(message);
        if let Content::Event(Event::Subscribe { scene: Some(_), .. }) = &message.content {
            let scan = self.routes.iter().filter(|route| matches!(route.when, When::Scan(_)));
            if let Some(hit) = scan.into_iter().find_map(|route| Some((route, found(&route.when)?))) {
                return Some(hit);
            }
        }
        self.routes.iter().find_map(|route| Some((route, found(&route.when)?)))
    }
}

impl Handler for Router {
    fn handle(&self, push: Push) -> Handling {
        let Some((route, captures)) = self.find(&push) else {
            return Handling::Now(Answer::none());
        };
        let mut work = (route.run)(Context::new(push, captures));
        // Most routes have nothing to wait for; then nothing needs to be spawned.
        match (&mut work).now_or_never() {
            Some(Ok(answer)) => Handling::Now(answer),
            Some(Err(error)) => Handling::later(std::future::ready(Err(error))),
            None => Handling::Later(work),
        }
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.routes.iter().map(|route| &route.when)).finish()
    }
}
