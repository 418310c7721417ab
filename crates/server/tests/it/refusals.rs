//! Everything that is turned away: the right status, no run, one line that names the likely cause.

use bytes::Bytes;
use hongyan_server::{Account, Limits, Mode, Policy};
use hongyan_wire::Secret;
use http::Request;
use http_body_util::Full;

use crate::logs::Logs;
use crate::world::*;

/// Sends it to an account, and checks that it is refused for this reason.
async fn refused(account: Account, request: Request<Full<Bytes>>, status: u16, reason: &str) {
    let (logs, _guard) = Logs::listen();
    let handler = Counting::default();
    let policy = Policy { limits: Limits { max_body: 4096, ..Limits::default() }, ..Policy::default() };
    let callback = with(account, handler.clone(), policy, Late::default());
    let what = format!("{} {:?}", request.uri(), request.body());
    let got = send(&callback, request).await;
    assert_eq!(got.status.as_u16(), status, "{reason}: {what}");
    assert!(!got.body.contains("xml") && !got.body.contains("success"), "{}", got.body);
    assert_eq!(handler.runs(), 0, "{reason}: a handler ran");
    assert_eq!(callback.stats().refused, [(reason, 1)], "{what}");
    let lines = logs.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let fields = &lines[0].fields;
    assert_eq!(lines[0].level, tracing::Level::WARN);
    assert_eq!((fields["account"].as_str(), fields["reason"].as_str()), ("main", reason));
    assert!(!fields["exchange"].is_empty() && fields["message"].len() > 30, "{fields:?}");
    let all = format!("{fields:?}");
    assert!(!all.contains(TOKEN) && !all.contains(KEY) && !all.contains("oUser"), "{all}");
}

async fn plain_refused(request: Request<Full<Bytes>>, status: u16, reason: &str) {
    refused(account(Mode::Plain), request, status, reason).await;
}

/// A push that is right in every way but what the caller changes about it.
fn sealed_parts() -> (String, String) {
    let encrypt = seal(KEY, APP_ID, &message(1));
    (sealed_query("1732000000", "1", &encrypt), envelope_xml(&encrypt))
}

#[tokio::test]
async fn signatures_that_are_missing_or_wrong() {
    let right = query("1732000000", "1");
    plain_refused(post("", message(1)), 403, "unsigned").await;
    plain_refused(post(&right.replace("signature=", "sig="), message(1)), 403, "unsigned").await;
    plain_refused(post(&right.replace("nonce=1", "nonce="), message(1)), 403, "unsigned").await;
    plain_refused(post(&right.replace("nonce=1", "nonce=2"), message(1)), 403, "signature").await;
    plain_refused(
        post(&right.replace("timestamp=1732000000", "timestamp=1732000001"), message(1)),
        403,
        "signature",
    )
    .await;
    let short = post("signature=ab&timestamp=1732000000&nonce=1", message(1));
    plain_refused(short, 403, "signature").await;
}

#[tokio::test]
async fn an_account_without_a_token_takes_nothing() {
    let signature = hongyan_wire::signature::signature("", "1732000000", "1");
    let request = post(&format!("signature={signature}&timestamp=1732000000&nonce=1"), message(1));
    let account = Account { token: Secret::new(""), ..account(Mode::Plain) };
    refused(account, request, 403, "no_token").await;
}

#[tokio::test]
async fn pushes_signed_too_long_ago_or_ahead() {
    for mode in [Mode::Plain, Mode::Secure] {
        refused(account(mode), post(&query("1731999399", "1"), message(1)), 403, "stale").await;
        refused(account(mode), post(&query("1732000601", "1"), message(1)), 403, "early").await;
        refused(account(mode), post(&query("tomorrow", "1"), message(1)), 403, "timestamp").await;
    }
    let callback = callback(account(Mode::Plain), Counting::default());
    assert_eq!(send(&callback, post(&query("1731999400", "1"), message(1))).await.status, 200);
}

#[tokio::test]
async fn a_seen_nonce_with_another_message() {
    for mode in [Mode::Plain, Mode::Secure] {
        let handler = Counting::default();
        let callback = callback(account(mode), handler.clone());
        let request =
            |id| if mode == Mode::Plain { plain("7", &message(id)) } else { sealed("7", &message(id)) };
        assert_eq!(send(&callback, request(1)).await.status, 200);
        assert_eq!(send(&callback, request(1)).await.status, 200, "the same push again is a further try");
        assert_eq!(send(&callback, request(2)).await.status, 403);
        assert_eq!((handler.runs(), callback.stats().refused("replayed")), (1, 1));
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    for body in ["", "<xml>", "hello", "<xml><ToUserName>gh_1</ToUserName></xml>", "{\"ToUserName\":"] {
        plain_refused(plain("1", body), 400, "body").await;
    }
    let entity = message(1).replace("<xml>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml>");
    plain_refused(plain("1", &entity), 400, "body").await;
    plain_refused(plain("1", &saying(1, &"x".repeat(5000))), 400, "too_large").await;
    let encrypt = seal(KEY, APP_ID, "<xml><broken");
    let inside = post(&sealed_query("1732000000", "1", &encrypt), envelope_xml(&encrypt));
    refused(account(Mode::Secure), inside, 400, "body").await;
}

#[tokio::test]
async fn only_get_and_post() {
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS"] {
        let uri = format!("/?{}", query("1732000000", "1"));
        let request = Request::builder().method(method).uri(uri).body(Full::default()).unwrap();
        plain_refused(request, 405, "method").await;
    }
}

#[tokio::test]
async fn plain_bodies_where_sealed_ones_are_due() {
    for mode in [Mode::Secure, Mode::Compatible] {
        refused(account(mode), plain("1", &message(1)), 400, "plain").await;
        // What the request says about itself changes nothing.
        let claims = post(&format!("{}&encrypt_type=raw", query("1732000000", "1")), message(1));
        refused(account(mode), claims, 400, "plain").await;
    }
    let (query, body) = sealed_parts();
    plain_refused(post(&query, body), 400, "encrypted").await;
}

#[tokio::test]
async fn sealed_bodies_need_both_signatures() {
    let (query, body) = sealed_parts();
    for mode in [Mode::Secure, Mode::Compatible] {
        let (plain_part, _) = query.split_once("&encrypt_type").unwrap();
        refused(account(mode), post(plain_part, body.clone()), 403, "no_msg_signature").await;
        let other = query.replace("msg_signature=", "msg_signature=0");
        refused(account(mode), post(&other, body.clone()), 403, "msg_signature").await;
        let (_, sealed_part) = query.split_once("&timestamp").unwrap();
        let only_sealed = format!("timestamp{sealed_part}");
        refused(account(mode), post(&only_sealed, body.clone()), 403, "unsigned").await;
        let wrong = query.replacen("signature=", "signature=0", 1);
        refused(account(mode), post(&wrong, body.clone()), 403, "signature").await;
    }
    let changed = envelope_xml(&seal(KEY, APP_ID, &message(2)));
    refused(account(Mode::Secure), post(&query, changed), 403, "msg_signature").await;
}

#[tokio::test]
async fn sealed_for_another_account_or_with_another_key() {
    let encrypt = seal(KEY, "wxother", &message(1));
    let request = post(&sealed_query("1732000000", "1", &encrypt), envelope_xml(&encrypt));
    refused(account(Mode::Secure), request, 400, "app_id").await;
    let encrypt = seal(OLD_KEY, APP_ID, &message(1));
    let request = post(&sealed_query("1732000000", "1", &encrypt), envelope_xml(&encrypt));
    refused(account(Mode::Secure), request, 400, "key").await;
    let (query, body) = sealed_parts();
    let keyless = Account { keys: Vec::new(), ..account(Mode::Secure) };
    refused(keyless, post(&query, body), 400, "key").await;
    let cut = &seal(KEY, APP_ID, &message(1))[..41];
    let request = post(&sealed_query("1732000000", "1", cut), envelope_xml(cut));
    refused(account(Mode::Secure), request, 400, "envelope").await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let handler = Counting::default();
    let callback = callback(account(Mode::Plain), handler.clone());
    let chunks = futures_util::stream::pending::<Result<http_body::Frame<Bytes>, std::convert::Infallible>>();
    let body = http_body_util::StreamBody::new(chunks);
    let request = Request::post(format!("/?{}", query("1732000000", "1"))).body(body).unwrap();
    let got = Got::read(callback.answer(request).await).await;
    assert_eq!((got.status.as_u16(), handler.runs()), (400, 0));
    assert_eq!(callback.stats().refused("unfinished"), 1);
}
