//! The callback of one account, as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hongyan_wire::{Clock, OsRandom, Random, SystemClock};
use http::{Request, Response};
use http_body::Body;
use tokio::time::Instant;

use crate::engine::{Engine, Parts};
use crate::replay::Replays;
use crate::stats::Counters;
use crate::{Account, DedupStore, DropLate, Handler, LateSink, Policy, ReplyBody, Stats, pipeline};

/// The callback of one account: checks what comes, runs the handler, and answers in time.
///
/// It is a `tower` service over `http` requests, so it mounts in axum (`route_service`) and stands behind hyper alike.
/// Cloning is cheap, and all clones are the same callback. It needs a tokio runtime with time.
pub struct Callback<H> {
    inner: Arc<Inner<H>>,
}

/// What all clones of a callback share.
pub(crate) struct Inner<H> {
    pub(crate) account: Account,
    pub(crate) name: Arc<str>,
    pub(crate) handler: H,
    pub(crate) engine: Arc<Engine>,
    pub(crate) replays: Replays,
    pub(crate) store: Option<Arc<dyn DedupStore>>,
    pub(crate) signing_clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) counters: Arc<Counters>,
    process: String,
    exchanges: AtomicU64,
}

impl<H> Inner<H> {
    /// A number of our own for a request: unlike that of any other process, most likely.
    pub(crate) fn exchange(&self) -> String {
        format!("{}-{}", self.process, self.exchanges.fetch_add(1, Ordering::Relaxed))
    }
}

impl<H: Handler> Callback<H> {
    /// Begins a callback for an account, answered by a handler.
    pub fn builder(account: Account, handler: H) -> Builder<H> {
        Builder {
            account,
            handler,
            policy: Policy::default(),
            clock: Arc::new(SystemClock),
            signing_clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            late: Arc::new(DropLate),
            store: None,
        }
    }

    /// Answers one request. Dropping the future tells the callback that the connection was cut.
    ///
    /// The same as calling the service, without the box around the future.
    pub fn answer<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<ReplyBody>> + Send + use<H, B>
    where
        B: Body + Send + 'static,
        B::Data: Send,
    {
        pipeline::answer(Arc::clone(&self.inner), request)
    }

    /// Begins no new runs (503), and waits until every push is answered or with the late sink, at most `limit`.
    pub async fn drain(&self, limit: Duration) -> Drained {
        Drained { left: self.inner.engine.drain(limit).await }
    }

    /// How often each outcome occurred.
    pub fn stats(&self) -> Stats {
        self.inner.counters.read()
    }

    /// Handlers that run at this moment.
    pub fn running(&self) -> usize {
        self.inner.engine.gauge.running()
    }
}

/// How a stop went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Drained {
    /// Pushes that were not decided when the time was up.
    pub left: usize,
}

/// Puts a [`Callback`] together.
pub struct Builder<H> {
    account: Account,
    handler: H,
    policy: Policy,
    clock: Arc<dyn Clock>,
    signing_clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    late: Arc<dyn LateSink>,
    store: Option<Arc<dyn DedupStore>>,
}

impl<H: Handler> Builder<H> {
    /// Wall time, as it is written into replies.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Wall time, as the age of signatures is measured. It stays the system's unless set here: whoever sends a push
    /// signs it with real time, even where the rest of the world has a clock of its own.
    pub fn signing_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.signing_clock = clock;
        self
    }

    /// Where random bytes come from.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Where late replies go.
    pub fn late(mut self, late: Arc<dyn LateSink>) -> Self {
        self.late = late;
        self
    }

    /// How long to wait, and how much to take on.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// What other processes know about the account's pushes. Without it this process remembers for itself.
    pub fn dedup(mut self, store: Arc<dyn DedupStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// The callback.
    pub fn build(self) -> Callback<H> {
        let counters = Arc::<Counters>::default();
        // As long as a signature can be replayed: it may be dated ahead by max_age and used until max_age after.
        let kept = self.account.max_age.saturating_mul(2).max(Duration::from_mins(1));
        let node = self.store.as_ref().map(|_| self.random.hex(8));
        let engine = Engine::new(Parts {
            policy: self.policy,
            node,
            kept,
            clock: self.clock,
            late: self.late,
            counters: Arc::clone(&counters),
        });
        Callback {
            inner: Arc::new(Inner {
                name: self.account.name.as_str().into(),
                replays: Replays::new(self.account.max_age, Instant::now()),
                process: self.random.hex(4),
                account: self.account,
                handler: self.handler,
                engine: Arc::new(engine),
                store: self.store,
                signing_clock: self.signing_clock,
                random: self.random,
                counters,
                exchanges: AtomicU64::new(1),
            }),
        }
    }
}

impl<H, B> tower_service::Service<Request<B>> for Callback<H>
where
    H: Handler,
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answer = self.answer(request);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<H> Clone for Callback<H> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<H> fmt::Debug for Callback<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("account", &self.inner.account).finish_non_exhaustive()
    }
}

impl<H> fmt::Debug for Builder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("account", &self.account).finish_non_exhaustive()
    }
}
