//! The whole pipeline in process, for a handler whose answer is there at once.
//!
//! `cargo bench -p hongyan-server` tells what one push costs from the request to the last byte of the answer, in plain
//! and in secure mode, and what a repeated push costs.
#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hongyan_server::{Account, Callback, Handler, Handling, Mode, Push};
use hongyan_wire::{AesKey, AppId, Clock, Reply, Timestamp, envelope, signature};
use http::Request;
use http_body_util::{BodyExt, Full};

const NOW: i64 = 1_732_000_000;
const TOKEN: &str = "emuToken2026";
const APP_ID: &str = "wx0123456789abcdef";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }
}

/// What a static rule amounts to.
struct Static;

impl Handler for Static {
    fn handle(&self, _: Push) -> Handling {
        Handling::Now(Reply::Text("Open from nine to five, every day but Sunday.".into()).into())
    }
}

fn message(id: u64) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>\
         <FromUserName><![CDATA[oEmuUser0000000000000000001A]]></FromUserName><CreateTime>1732000000</CreateTime>\
         <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[opening hours]]></Content><MsgId>{id}</MsgId></xml>"
    )
}

fn plain(id: u64) -> Request<Full<Bytes>> {
    let nonce = id.to_string();
    let signature = signature::signature(TOKEN, "1732000000", &nonce);
    let query = format!(
        "signature={signature}&timestamp=1732000000&nonce={nonce}&openid=oEmuUser0000000000000000001A"
    );
    request(&query, message(id))
}

fn sealed(key: &AesKey, id: u64) -> Request<Full<Bytes>> {
    let nonce = id.to_string();
    let encrypt = envelope::seal(key, &AppId::new(APP_ID), *b"0123456789abcdef", message(id).as_bytes());
    let signature = signature::signature(TOKEN, "1732000000", &nonce);
    let covering = signature::msg_signature(TOKEN, "1732000000", &nonce, &encrypt);
    let query = format!(
        "signature={signature}&timestamp=1732000000&nonce={nonce}&openid=oEmuUser0000000000000000001A\
         &encrypt_type=aes&msg_signature={covering}"
    );
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"
    );
    request(&query, body)
}

fn request(query: &str, body: String) -> Request<Full<Bytes>> {
    let request = Request::post(format!("/callback/main?{query}"));
    request.body(Full::new(body.into())).expect("a request")
}

fn callback(mode: Mode, key: &AesKey) -> Callback<Static> {
    let account = Account { mode, ..Account::secure(APP_ID, TOKEN, key.clone()) };
    let clock = Arc::new(Still);
    Callback::builder(account, Static).clock(clock.clone()).signing_clock(clock).build()
}

async fn answer(callback: &Callback<Static>, request: Request<Full<Bytes>>) -> Bytes {
    let response = callback.answer(request).await;
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.expect("a body").to_bytes()
}

fn pipeline(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = AesKey::parse(KEY).expect("a key");
    let mut group = criterion.benchmark_group("pipeline");
    let mut measure = |name: &str, mode: Mode, make: &dyn Fn(u64) -> Request<Full<Bytes>>| {
        let callback = callback(mode, &key);
        let mut id = 24_000_000_000_000_000;
        group.bench_function(name, |bench| {
            bench.iter_batched(
                || {
                    id += 1;
                    make(id)
                },
                |request| black_box(runtime.block_on(answer(&callback, request))),
                BatchSize::SmallInput,
            );
        });
    };
    measure("plain", Mode::Plain, &plain);
    measure("secure", Mode::Secure, &|id| sealed(&key, id));
    measure("repeated", Mode::Plain, &|_| plain(1));
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
