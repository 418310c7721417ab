//! The check of the address when it is saved on the platform's page.

use bytes::Bytes;
use hongyan_server::{Account, Callback, Mode};
use http::Request;
use http_body_util::Full;

use crate::world::{Counting, account, callback, send};

fn get(query: &str) -> Request<Full<Bytes>> {
    Request::get(format!("/callback/main?{query}")).body(Full::default()).unwrap()
}

#[tokio::test]
async fn the_official_check_is_answered_with_its_own_text() {
    // The platform's published values, for the token AAAAA. Their age does not matter here.
    let callback =
        Callback::builder(Account::plain("wxba5fad812f8e6fb9", "AAAAA"), Counting::default()).build();
    let got = send(
        &callback,
        get("signature=f464b24fc39322e44b38aa78f5edd27bd1441696&echostr=4375120948345356249\
             &timestamp=1714036504&nonce=1514711492"),
    )
    .await;
    assert_eq!((got.status.as_u16(), got.body.as_str()), (200, "4375120948345356249"));
    assert!(got.kind.starts_with("text/plain"), "{}", got.kind);
    assert_eq!(callback.stats().handshakes, 1);
}

#[tokio::test]
async fn a_wrong_signature_gets_no_echo() {
    for mode in [Mode::Plain, Mode::Compatible, Mode::Secure] {
        let handler = Counting::default();
        let callback = callback(account(mode), handler.clone());
        for query in [
            "signature=f464b24fc39322e44b38aa78f5edd27bd1441697&echostr=77&timestamp=1714036504&nonce=1514711492",
            "echostr=77&timestamp=1714036504&nonce=1514711492",
            "signature=&echostr=77&timestamp=&nonce=",
            "echostr=77",
        ] {
            let got = send(&callback, get(query)).await;
            assert_eq!(got.status.as_u16(), 403, "{query}");
            assert!(!got.body.contains("77"), "{}", got.body);
        }
        assert_eq!((callback.stats().handshakes, handler.runs()), (0, 0));
    }
}

#[tokio::test]
async fn an_echo_that_looks_like_a_page_stays_plain_text() {
    let callback = callback(account(Mode::Secure), Counting::default());
    let query = crate::world::query("1732000000", "5");
    let response = callback.answer(get(&format!("{query}&echostr=%3Cscript%3Ea%2Bb%3C/script%3E"))).await;
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let got = crate::world::Got::read(response).await;
    assert_eq!(got.body, "<script>a+b</script>");
    assert!(got.kind.starts_with("text/plain"));
}
