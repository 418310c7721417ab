//! What goes in and what comes out, by mode and format.

use hongyan_server::{Account, Answer, Callback, Handling, Mode, Push};
use hongyan_wire::{AesKey, Reply};

use crate::world::*;

/// The reference's vector A as it travels.
const VECTOR_A: &str = "Q3stYC6hdFzMh9T8HCvyDCyDZoUPhQtz6HPOvcLorQwtKr3TvQ6kLi87xbZuNpBknjQTFlkkVcmNWKLWsu7mxCWZfu07WiEKDQf3yrPS4JAwfPxmlc+E1N17z2cQi7Wm7Rfa3m76frDAVpeBcY19zoiYPqWMA/U3WrDuJnYGx7KsocogsDaVFocgACr+HJE1B6WdGELCVOgplVeMX9rXSSIxB4+QSH37PaH+LT3R8UuYrmqM3YDlq+lT1zjQ4bkRZdberFeDPKfyMbPAePRgAJEu5uPmRFCbSXoJvK/UXhLPxGteHHRO7elbu9LoPo1jyv9dR6YxwAWANzaVvadtgwUYo0WiAU+4gwFyKAH5cGIiGITj+OWci6/imgkeuXuqIYLt5v1sNa1Yt/2t46q8dDToZA7OOm4rA1Oas7C/aMI=";
const QUERY_A: &str = "signature=2d5902738bc06d5453e5c2fb603ddba59a058d74&timestamp=1732000000&nonce=900913&openid=oEmuUser0000000000000000001A&encrypt_type=aes&msg_signature=f0daaea7f4f690cb5d878c9ee707c9c93af899d7";
/// The official page's own, vector B.
const VECTOR_B: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

fn echo() -> impl hongyan_server::Handler {
    By(|push: Push| Handling::Now(text(push.message.fields.text("Content").unwrap_or("?"))))
}

#[tokio::test]
async fn plain_in_plain_out() {
    let callback = callback(account(Mode::Plain), echo());
    let got = send(&callback, plain("1", &saying(1, "a]]&gt;b"))).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.kind, "text/xml; charset=utf-8");
    assert_eq!((got.element("ToUserName"), got.element("FromUserName")), ("oUser", "gh_1"));
    assert_eq!(got.element("CreateTime"), "1732000000");
    assert_eq!(callback.stats().delivered, 1);
}

#[tokio::test]
async fn json_in_json_out() {
    let callback = callback(account(Mode::Plain), echo());
    let body = r#"{"ToUserName":"gh_1","FromUserName":"oUser","CreateTime":1732000000,"MsgType":"text","Content":"hi","MsgId":"7_1"}"#;
    let got = send(&callback, plain("1", body)).await;
    assert_eq!(got.kind, "application/json; charset=utf-8");
    assert!(got.body.starts_with('{') && got.body.contains(r#""Content":"hi""#), "{}", got.body);
}

#[tokio::test]
async fn vector_a_is_opened_and_answered_sealed_with_the_requests_nonce() {
    for mode in [Mode::Secure, Mode::Compatible] {
        let callback = callback(account(mode), echo());
        let got = send(&callback, post(QUERY_A, envelope_xml(VECTOR_A))).await;
        assert_eq!(got.status, 200, "{got:?}");
        assert_eq!((got.element("Nonce"), got.element("TimeStamp")), ("900913", "1732000000"));
        assert!(!got.body.contains("你好"));
        let opened = got.opened(KEY);
        assert_eq!(opened.content(), "你好, hello");
        assert_eq!(opened.element("ToUserName"), "oEmuUser0000000000000000001A");
    }
}

#[tokio::test]
async fn vector_b_is_opened_and_silence_stays_plain() {
    let mut account = Account::secure("wxba5fad812f8e6fb9", "AAAAA", AesKey::parse(OLD_KEY).unwrap());
    account.name = "main".into();
    let seen = By(|push: Push| {
        assert_eq!(push.message.event(), Some("debug_demo"));
        assert_eq!(push.message.from.as_str(), "o9AgO5Kd5ggOC-bXrbNODIiE3bGY");
        Handling::Now(Answer::none())
    });
    let callback =
        Callback::builder(account, seen).signing_clock(std::sync::Arc::new(At(1_714_112_445))).build();
    let signature = hongyan_wire::signature::signature("AAAAA", "1714112445", "415670741");
    let query = format!(
        "signature={signature}&timestamp=1714112445&nonce=415670741&encrypt_type=aes\
         &msg_signature=046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    );
    let body = format!(r#"{{"ToUserName":"gh_97417a04a28d","Encrypt":"{VECTOR_B}"}}"#);
    let got = send(&callback, post(&query, body)).await;
    assert_eq!((got.status.as_u16(), got.body.as_str()), (200, "success"));
    assert_eq!(callback.stats().panicked, 0);
}

#[tokio::test]
async fn a_sealed_json_push_gets_a_sealed_json_answer() {
    let callback = callback(account(Mode::Secure), echo());
    let message = r#"{"ToUserName":"gh_1","FromUserName":"oUser","CreateTime":1732000000,"MsgType":"text","Content":"hi","MsgId":"7_1"}"#;
    let encrypt = seal(KEY, APP_ID, message);
    let body = format!(r#"{{"ToUserName":"gh_1","Encrypt":"{encrypt}"}}"#);
    let got = send(&callback, post(&sealed_query("1732000000", "3", &encrypt), body)).await;
    assert!(got.body.starts_with('{') && got.body.contains(r#""TimeStamp":1732000000"#), "{}", got.body);
    assert!(!got.body.contains("Content"));
}

#[tokio::test]
async fn compatible_mode_believes_the_sealed_half_only() {
    let callback = callback(account(Mode::Compatible), echo());
    let encrypt = seal(KEY, APP_ID, &saying(1, "genuine"));
    let body =
        saying(2, "forged").replace("</xml>", &format!("<Encrypt><![CDATA[{encrypt}]]></Encrypt></xml>"));
    let got = send(&callback, post(&sealed_query("1732000000", "3", &encrypt), body)).await;
    assert_eq!(got.opened(KEY).content(), "genuine");
}

#[tokio::test]
async fn while_the_key_changes_the_answer_uses_the_one_the_push_came_with() {
    let mut account = account(Mode::Secure);
    account.keys = vec![key(KEY), key(OLD_KEY)];
    let callback = callback(account, echo());
    let encrypt = seal(OLD_KEY, APP_ID, &saying(1, "old"));
    let got = send(&callback, post(&sealed_query("1732000000", "3", &encrypt), envelope_xml(&encrypt))).await;
    assert_eq!(got.opened(OLD_KEY).content(), "old");
    assert_eq!(send(&callback, sealed("4", &saying(2, "new"))).await.opened(KEY).content(), "new");
}

#[tokio::test]
async fn what_cannot_be_sent_is_success_in_every_mode_and_logged_once() {
    let replies = [
        (Reply::None, 0),
        (Reply::Text(String::new()), 0),
        (Reply::Text("  \n".into()), 0),
        (Reply::Text("x".repeat(2049)), 1),
        (Reply::News(Vec::new()), 1),
    ];
    for mode in [Mode::Plain, Mode::Secure] {
        for (reply, lines) in replies.clone() {
            let (logs, _guard) = crate::logs::Logs::listen();
            let callback = callback(account(mode), By(move |_| Handling::Now(reply.clone().into())));
            let request =
                if mode == Mode::Plain { plain("1", &message(1)) } else { sealed("1", &message(1)) };
            let got = send(&callback, request).await;
            assert_eq!((got.status.as_u16(), got.body.as_str()), (200, "success"));
            assert!(got.kind.starts_with("text/plain"));
            assert_eq!(logs.lines().len(), lines, "{:?}", logs.lines());
        }
    }
}

#[tokio::test]
async fn an_event_that_takes_no_reply_gets_none() {
    let callback = callback(account(Mode::Plain), Counting::default());
    let got = send(&callback, plain("1", &event("<Event>unsubscribe</Event>"))).await;
    assert_eq!(got.body, "success");
    assert_eq!(callback.stats().unfit, 1);
}
