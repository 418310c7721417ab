//! The client: one account's way to the platform.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hongyan_wire::{AppId, Clock, Secret, SystemClock};
use serde_json::json;

use crate::answer::{Answer, Received};
use crate::api::{NewToken, Tokens};
use crate::call::Call;
use crate::error::Error;
use crate::host::{Bases, Host};
use crate::token::{
    AccessToken, Keeper, MemoryTokens, StoreError, StoredToken, TokenEndpoint, TokenSource, TokenStore,
};
use crate::transport::{Transport, hidden};

/// One account's way to the platform. Cloning it is cheap; the clones share connections and the token.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    app_id: AppId,
    secret: Secret,
    endpoint: TokenEndpoint,
    source: Option<TokenSource>,
    keeper: Keeper,
    transport: Transport,
    bases: Bases,
}

impl Client {
    /// Begins a client for an account.
    ///
    /// ```
    /// # fn main() -> Result<(), hongyan::Error> {
    /// use hongyan::{Client, Secret};
    /// let client = Client::builder("wx0123456789abcdef", Secret::new("…"))
    ///     .api_base("http://127.0.0.1:7070")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(app_id: impl Into<AppId>, secret: Secret) -> ClientBuilder {
        ClientBuilder {
            app_id: app_id.into(),
            secret,
            api: None,
            mp: None,
            open: None,
            endpoint: TokenEndpoint::Stable,
            source: None,
            store: None,
            clock: Arc::new(SystemClock),
            proxy: None,
            timeout: Duration::from_secs(15),
        }
    }

    /// The account.
    pub fn app_id(&self) -> &AppId {
        &self.inner.app_id
    }

    /// The base address of one of the platform's hosts, without a slash at its end.
    pub fn base(&self, host: Host) -> &str {
        self.inner.bases.of(host)
    }

    /// A valid access token, fetched only when the one at hand is missing or near its end.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        Ok(self.given(self.stored_token(None).await?))
    }

    /// A token other than `failed`, which the platform has refused; the very same when it knows no other.
    pub async fn another_token(&self, failed: &Secret) -> Result<AccessToken, Error> {
        Ok(self.given(self.stored_token(Some(failed)).await?))
    }

    fn given(&self, stored: StoredToken) -> AccessToken {
        let expires_in = stored.expires_at.saturating_since(self.inner.keeper.now());
        AccessToken { token: stored.token, expires_in }
    }

    /// Makes a call: any endpoint, with the same token, retry and errors as those of the table.
    ///
    /// Refused for its token, the call is repeated once with a new one.
    pub async fn send<T: Answer>(&self, call: Call) -> Result<T, Error> {
        if let Some(problem) = &call.problem {
            return Err(problem.copy());
        }
        let file = match &call.file {
            Some(upload) => Some(upload.load().await?),
            None => None,
        };
        if !call.token {
            return self.attempt(&call, file.as_ref(), None).await;
        }
        let first = self.stored_token(None).await?;
        match self.attempt(&call, file.as_ref(), Some(&first.token)).await {
            Err(Error::Refused(refusal)) if refusal.is_token() => {
                tracing::debug!(endpoint = %refusal.endpoint, code = refusal.code.0, "token refused, asking for another");
                let second = self.stored_token(Some(&first.token)).await?;
                self.attempt(&call, file.as_ref(), Some(&second.token)).await
            }
            other => other,
        }
    }

    async fn attempt<T: Answer>(
        &self,
        call: &Call,
        file: Option<&Bytes>,
        token: Option<&Secret>,
    ) -> Result<T, Error> {
        let mut hide = vec![&self.inner.secret];
        hide.extend(token);
        let received: Received = match self.inner.transport.exchange(call, file, token, &hide).await {
            Err(Error::Unsure { .. }) if call.safe => {
                self.inner.transport.exchange(call, file, token, &hide).await?
            }
            other => other?,
        };
        T::read(received).map_err(|error| hidden(error, &hide))
    }

    async fn stored_token(&self, failed: Option<&Secret>) -> Result<StoredToken, Error> {
        if let Some(token) = self.inner.keeper.at_hand(failed) {
            return Ok(token);
        }
        // A task of its own: a caller that gives up half-way must not leave a lease behind for others to wait for.
        let (client, failed) = (self.clone(), failed.cloned());
        let renewal = tokio::spawn(async move {
            client.inner.keeper.token(&client.inner.app_id, failed.as_ref(), || client.fetch()).await
        });
        renewal.await.map_err(|_| {
            StoreError::said("the renewal of the access token was stopped", "access_token 的刷新被中止")
        })?
    }

    async fn fetch(&self) -> Result<(Secret, Duration), Error> {
        let inner = &*self.inner;
        if let Some(source) = &inner.source {
            return source().await;
        }
        let [stable, classic] = Tokens::ENDPOINTS else {
            return Err(Error::invalid("the token table", "two endpoints", "token 的接口表应有两项"));
        };
        let endpoint = match inner.endpoint {
            TokenEndpoint::Stable => stable,
            TokenEndpoint::Classic => classic,
        };
        // Never `force_refresh`: it would kill the token of every other program of this account.
        let call = endpoint.call(json!({
            "grant_type": "client_credential", "appid": inner.app_id, "secret": inner.secret.expose(),
        }))?;
        let answer: NewToken = self.attempt(&call, None, None).await.map_err(|error| match error {
            // What serde says about a token of the wrong shape may hold the token.
            Error::Undecodable { endpoint, path, .. } => {
                Error::Undecodable { endpoint, path, source: "it is not an access token".into() }
            }
            other => other,
        })?;
        tracing::debug!(app_id = %inner.app_id, expires_in_s = answer.expires_in, "access token fetched");
        Ok((answer.access_token, Duration::from_secs(answer.expires_in)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("app_id", &self.inner.app_id)
            .field("endpoint", &self.inner.endpoint)
            .finish_non_exhaustive()
    }
}

/// A client's settings; all have a default.
#[derive(Clone)]
pub struct ClientBuilder {
    app_id: AppId,
    secret: Secret,
    api: Option<String>,
    mp: Option<String>,
    open: Option<String>,
    endpoint: TokenEndpoint,
    source: Option<TokenSource>,
    store: Option<Arc<dyn TokenStore>>,
    clock: Arc<dyn Clock>,
    proxy: Option<String>,
    timeout: Duration,
}

impl ClientBuilder {
    /// Where the API is. A stand-in, such as the sandbox, then serves the other hosts too; a regional host of
    /// the platform leaves them alone.
    pub fn api_base(mut self, url: impl Into<String>) -> Self {
        self.api = Some(url.into());
        self
    }

    /// Where pictures of QR codes are.
    pub fn mp_base(mut self, url: impl Into<String>) -> Self {
        self.mp = Some(url.into());
        self
    }

    /// Where login pages are.
    pub fn open_base(mut self, url: impl Into<String>) -> Self {
        self.open = Some(url.into());
        self
    }

    /// Which endpoint gives the tokens; stable unless told otherwise.
    pub fn token_endpoint(mut self, endpoint: TokenEndpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Who gives the tokens in the platform's place, such as a token service that exists already. The client then
    /// never fetches one of its own.
    pub fn token_source(mut self, source: TokenSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Where tokens are kept; in this process's memory unless told otherwise.
    pub fn token_store(mut self, store: Arc<dyn TokenStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Where wall time comes from; the machine's clock unless told otherwise.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The proxy through which calls leave, for a fixed address on the platform's IP whitelist.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// How long a call may take; 15 s unless told otherwise, and four times as long when it moves a file.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The client. Opens no connection yet.
    pub fn build(self) -> Result<Client, Error> {
        if self.app_id.is_empty() {
            return Err(Error::invalid(
                "the AppID is empty",
                "it is wx and sixteen hex digits",
                "AppID 是空的：应为 wx 加十六位十六进制数字",
            ));
        }
        let bases = Bases::new(self.api.as_deref(), self.mp.as_deref(), self.open.as_deref())?;
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryTokens::default()));
        Ok(Client {
            inner: Arc::new(Inner {
                transport: Transport::new(bases.clone(), self.proxy.as_deref(), self.timeout)?,
                keeper: Keeper::new(store, self.clock),
                app_id: self.app_id,
                secret: self.secret,
                endpoint: self.endpoint,
                source: self.source,
                bases,
            }),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}
