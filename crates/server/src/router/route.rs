//! One route: when it matches, and what it runs.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hongyan_wire::Inbound;
use hongyan_wire::inbound::{Content, Event};
use regex::Regex;

use super::{Context, IntoAnswer};
use crate::{Answer, HandlerError};

/// What a match found: groups in order, each with its name if it has one.
pub(super) type Captures = Vec<(Option<String>, Option<String>)>;

/// What a route matches.
#[derive(Debug, Clone)]
pub(super) enum When {
    Subscribe,
    Scan(Option<String>),
    Text(String),
    Contains(String),
    Regex(Regex),
    Click(String),
    Event(String),
    Kind(String),
    Any,
}

impl When {
    /// The captures if it matches: none for most, so nothing is allocated.
    pub(super) fn matches(&self, message: &Inbound) -> Option<Captures> {
        let text = || match &message.content {
            Content::Text { content, .. } => Some(content.trim()),
            _ => None,
        };
        let event = || match &message.content {
            Content::Event(event) => Some(event),
            _ => None,
        };
        let yes = match self {
            Self::Subscribe => matches!(event(), Some(Event::Subscribe { .. })),
            Self::Scan(wanted) => {
                let scene = match event() {
                    Some(Event::Subscribe { .. } | Event::Scan { .. }) => message.scene(),
                    _ => None,
                };
                scene.is_some_and(|scene| wanted.as_ref().is_none_or(|wanted| scene.to_string() == *wanted))
            }
            Self::Text(wanted) => text() == Some(wanted.trim()),
            Self::Contains(part) => text().is_some_and(|text| text.contains(part.as_str())),
            Self::Regex(regex) => return text().and_then(|text| captures(regex, text)),
            Self::Click(wanted) => {
                matches!(event(), Some(Event::Click { .. })) && event().and_then(Event::key) == Some(wanted)
            }
            Self::Event(name) => message.event().is_some_and(|event| event.eq_ignore_ascii_case(name)),
            Self::Kind(kind) => message.kind().eq_ignore_ascii_case(kind),
            Self::Any => true,
        };
        yes.then(Vec::new)
    }
}

fn captures(regex: &Regex, text: &str) -> Option<Captures> {
    let found = regex.captures(text)?;
    let names = regex.capture_names().map(|name| name.map(str::to_owned));
    Some(names.zip(found.iter().map(|group| group.map(|group| group.as_str().to_owned()))).collect())
}

type Work = BoxFuture<'static, Result<Answer, HandlerError>>;

/// An async function of a [`Context`] that returns something which becomes an answer.
pub trait RouteFn: Send + Sync + 'static {
    /// Runs it.
    fn run(&self, context: Context) -> Work;
}

impl<F, W> RouteFn for F
where
    F: Fn(Context) -> W + Send + Sync + 'static,
    W: Future<Output: IntoAnswer> + Send + 'static,
{
    fn run(&self, context: Context) -> Work {
        let work = self(context);
        Box::pin(async move { work.await.into_answer() })
    }
}

#[derive(Clone)]
pub(super) struct Route {
    pub(super) when: When,
    pub(super) run: Arc<dyn Fn(Context) -> Work + Send + Sync>,
}

impl Route {
    pub(super) fn new<F: RouteFn>(when: When, run: F) -> Self {
        Self { when, run: Arc::new(move |context| run.run(context)) }
    }
}
