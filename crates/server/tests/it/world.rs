//! A platform that signs, an account that answers, and a clock that stands still.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use hongyan_server::{Account, Answer, Callback, Handler, Handling, LateSink, Mode, Policy, Push, ReplyBody};
use hongyan_wire::{AesKey, AppId, Clock, Reply, Secret, Timestamp, envelope, signature};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};

/// The reference's first vector was signed at this second.
pub(crate) const NOW: i64 = 1_732_000_000;
pub(crate) const TOKEN: &str = "emuToken2026";
pub(crate) const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub(crate) const OLD_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const APP_ID: &str = "wx0123456789abcdef";

/// A clock that says what it was told.
pub(crate) struct At(pub(crate) i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0)
    }
}

pub(crate) fn key(text: &str) -> AesKey {
    AesKey::parse(text).unwrap()
}

pub(crate) fn account(mode: Mode) -> Account {
    Account {
        name: "main".into(),
        app_id: AppId::new(APP_ID),
        token: Secret::new(TOKEN),
        keys: vec![key(KEY)],
        mode,
        max_age: Account::MAX_AGE,
    }
}

/// A handler made of a function.
pub(crate) struct By<F>(pub(crate) F);

impl<F: Fn(Push) -> Handling + Send + Sync + 'static> Handler for By<F> {
    fn handle(&self, push: Push) -> Handling {
        (self.0)(push)
    }
}

/// Answers every push at once with the number of pushes so far.
#[derive(Clone, Default)]
pub(crate) struct Counting(pub(crate) Arc<AtomicUsize>);

impl Counting {
    pub(crate) fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Handler for Counting {
    fn handle(&self, _: Push) -> Handling {
        let run = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Handling::Now(text(&format!("answer {run}")))
    }
}

pub(crate) fn text(content: &str) -> Answer {
    Reply::Text(content.into()).into()
}

/// Answers after this many milliseconds of the test's time.
pub(crate) fn after(millis: u64, answer: impl Fn() -> Answer + Send + Sync + 'static) -> impl Handler {
    let answer = Arc::new(answer);
    By(move |_| {
        let answer = Arc::clone(&answer);
        Handling::later(async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Ok(answer())
        })
    })
}

/// Late replies, as they came.
#[derive(Clone, Default)]
pub(crate) struct Late(Arc<Mutex<Vec<Reply>>>);

impl Late {
    pub(crate) fn replies(&self) -> Vec<Reply> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |reply| if let Reply::Text(text) = reply { text } else { panic!("{reply:?}") };
        self.replies().into_iter().map(text).collect()
    }
}

impl LateSink for Late {
    fn late(&self, _: Push, answer: Answer) -> BoxFuture<'static, ()> {
        self.0.lock().unwrap().push(answer.reply);
        if let Some(delivered) = answer.delivered {
            delivered();
        }
        ready(()).boxed()
    }
}

pub(crate) fn callback<H: Handler>(account: Account, handler: H) -> Callback<H> {
    with(account, handler, Policy::default(), Late::default())
}

pub(crate) fn with<H: Handler>(account: Account, handler: H, policy: Policy, late: Late) -> Callback<H> {
    let clock = Arc::new(At(NOW));
    Callback::builder(account, handler)
        .clock(clock.clone())
        .signing_clock(clock)
        .policy(policy)
        .late(Arc::new(late))
        .build()
}

/// A text message with this number.
pub(crate) fn message(id: u64) -> String {
    saying(id, "hello")
}

pub(crate) fn saying(id: u64, content: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oUser]]></FromUserName>\
         <CreateTime>1732000000</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[{content}]]></Content><MsgId>{id}</MsgId></xml>"
    )
}

/// An event of a user's.
pub(crate) fn event(inner: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName><CreateTime>1732000000</CreateTime>\
         <MsgType>event</MsgType>{inner}</xml>"
    )
}

pub(crate) fn post(query: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(format!("/callback/main?{query}")).body(Full::new(body.into())).unwrap()
}

/// The query of a plain push.
pub(crate) fn query(timestamp: &str, nonce: &str) -> String {
    let signature = signature::signature(TOKEN, timestamp, nonce);
    format!("signature={signature}&timestamp={timestamp}&nonce={nonce}&openid=oUser")
}

/// A plain push, signed now.
pub(crate) fn plain(nonce: &str, body: &str) -> Request<Full<Bytes>> {
    post(&query(&NOW.to_string(), nonce), body.to_owned())
}

/// The text of an `Encrypt` element.
pub(crate) fn seal(with: &str, app_id: &str, message: &str) -> String {
    envelope::seal(&key(with), &AppId::new(app_id), *b"0123456789abcdef", message.as_bytes())
}

pub(crate) fn envelope_xml(encrypt: &str) -> String {
    format!("<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>")
}

pub(crate) fn sealed_query(timestamp: &str, nonce: &str, encrypt: &str) -> String {
    let signature = signature::msg_signature(TOKEN, timestamp, nonce, encrypt);
    format!("{}&encrypt_type=aes&msg_signature={signature}", query(timestamp, nonce))
}

/// A sealed push, signed now.
pub(crate) fn sealed(nonce: &str, message: &str) -> Request<Full<Bytes>> {
    let encrypt = seal(KEY, APP_ID, message);
    post(&sealed_query(&NOW.to_string(), nonce, &encrypt), envelope_xml(&encrypt))
}

/// What came back, read to the end.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) body: String,
}

impl Got {
    pub(crate) async fn read(response: Response<ReplyBody>) -> Self {
        let (head, body) = response.into_parts();
        let kind = head.headers[http::header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: head.status, kind, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// The first element of this name.
    pub(crate) fn element(&self, name: &str) -> &str {
        let (_, rest) =
            self.body.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} in {self:?}"));
        let (inner, _) = rest.split_once(&format!("</{name}>")).unwrap();
        inner.strip_prefix("<![CDATA[").and_then(|inner| inner.strip_suffix("]]>")).unwrap_or(inner)
    }

    pub(crate) fn content(&self) -> &str {
        self.element("Content")
    }

    /// The answer inside the envelope, whose own signature must be right.
    pub(crate) fn opened(&self, with: &str) -> Self {
        let (encrypt, nonce, at) =
            (self.element("Encrypt"), self.element("Nonce"), self.element("TimeStamp"));
        let signature = signature::msg_signature(TOKEN, at, nonce, encrypt);
        assert_eq!(self.element("MsgSignature"), signature.as_str());
        let opened = envelope::open(&[key(with)], &AppId::new(APP_ID), encrypt).unwrap();
        let body = String::from_utf8(opened.message).unwrap();
        Self { status: self.status, kind: self.kind.clone(), body }
    }
}

/// Sends a request and reads the answer.
pub(crate) async fn send<H: Handler>(callback: &Callback<H>, request: Request<Full<Bytes>>) -> Got {
    Got::read(callback.answer(request).await).await
}

/// Sends as the platform does: it gives up after five seconds. `None` is a cut connection.
pub(crate) async fn send_as_platform<H: Handler>(
    callback: &Callback<H>,
    request: Request<Full<Bytes>>,
) -> Option<Got> {
    tokio::time::timeout(Duration::from_secs(5), send(callback, request)).await.ok()
}
