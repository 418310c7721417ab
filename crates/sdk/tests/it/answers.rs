//! Odd answers, and what becomes of them.

use hongyan::{Call, Client, ErrCode, Error, MediaId, Secret, TemporaryMedia, Ticket};
use serde_json::{Value, json};

use crate::stand_in::{SECRET, Say, StandIn};

const MENU: &str = "/cgi-bin/menu/get";
const DELETE: &str = "/cgi-bin/menu/delconditional";

async fn error_of(say: Say) -> Error {
    let platform = StandIn::start().await;
    platform.say(DELETE, say);
    platform.client().menu().delete_conditional("7").await.unwrap_err()
}

#[tokio::test]
async fn a_refusal_has_endpoint_code_meaning_and_rid() {
    let said = json!({"errcode": 65301, "errmsg": "this menu is not conditionalmenu rid: 5f3ded7d-22929d02-4ba1f5f6"});
    let Error::Refused(refusal) = error_of(Say::Json(said)).await else { panic!("not refused") };
    assert_eq!((refusal.endpoint.as_ref(), refusal.code), ("menu.delete_conditional", ErrCode(65301)));
    assert_eq!(refusal.rid.as_deref(), Some("5f3ded7d-22929d02-4ba1f5f6"));
    assert!(refusal.message.starts_with("this menu is not"), "{refusal}");
}

#[tokio::test]
async fn an_error_number_written_as_text_is_an_error_number() {
    let error = error_of(Say::Json(json!({"errcode": "40003", "errmsg": "invalid openid"}))).await;
    assert_eq!(error.code(), Some(ErrCode(40003)));
}

#[tokio::test]
async fn success_needs_no_error_number() {
    let platform = StandIn::start().await;
    platform.say_json(DELETE, json!({}));
    platform.client().menu().delete_conditional("7").await.unwrap();
    assert_eq!(platform.asked(DELETE)[0].json(), json!({"menuid": "7"}));
}

#[tokio::test]
async fn a_web_page_or_half_an_answer_cannot_be_read() {
    let page = Say::Raw(200, "text/html", b"<html><title>Log in</title>".to_vec());
    let Error::Undecodable { endpoint, path, source } = error_of(page).await else { panic!("read a page") };
    assert_eq!((endpoint.as_ref(), path.as_str()), ("menu.delete_conditional", "."));
    assert!(source.to_string().contains("<title>Log in"), "{source}");
    let half = Say::Raw(200, "application/json", br#"{"menu":{"button":[{"name":"a","#.to_vec());
    assert!(matches!(error_of(half).await, Error::Undecodable { .. }));
}

#[tokio::test]
async fn the_path_of_a_wrong_value_is_named() {
    let platform = StandIn::start().await;
    platform.say_json("/cgi-bin/qrcode/create", json!({"ticket": "t", "url": 7}));
    let code = hongyan::NewQrCode::permanent(hongyan::Scene::Id(1)).unwrap();
    let error = platform.client().qrcode().create(&code).await.unwrap_err();
    let Error::Undecodable { path, .. } = error else { panic!("{error}") };
    assert_eq!(path, "url");
}

#[tokio::test]
async fn a_lost_answer_is_unsure_and_not_repeated() {
    let platform = StandIn::start().await;
    for say in
        [Say::Hang, Say::Cut("{\"errcode\":0"), Say::Raw(502, "text/html", b"<html>bad gateway".to_vec())]
    {
        platform.say(DELETE, say);
    }
    for _ in 0..3 {
        let error = platform.client().menu().delete_conditional("7").await.unwrap_err();
        assert!(matches!(error, Error::Unsure { .. }), "{error}");
    }
    assert_eq!(platform.asked(DELETE).len(), 3);
}

#[tokio::test]
async fn a_lost_answer_of_a_safe_call_is_asked_for_once_more() {
    let platform = StandIn::start().await;
    platform.say(MENU, Say::Cut("{")).say_json(MENU, json!({"menu": {"button": []}}));
    platform.client().menu().get().await.unwrap();
    assert_eq!(platform.asked(MENU).len(), 2);
    let platform = StandIn::start().await;
    platform.say(MENU, Say::Cut("{"));
    platform.client().menu().get().await.unwrap_err();
    assert_eq!(platform.asked(MENU).len(), 2);
}

#[tokio::test]
async fn nobody_there_means_not_sent() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let client = Client::builder("wx0123456789abcdef", Secret::new(SECRET)).api_base(&url).build().unwrap();
    let error = client.menu().delete_conditional("7").await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. }) && error.may_repeat(), "{error:?}");
    assert!(error.to_string().contains(&url), "{error}");
}

#[tokio::test]
async fn a_file_answer_may_be_a_file_an_error_or_a_videos_address() {
    let platform = StandIn::start().await;
    let path = "/cgi-bin/media/get";
    platform
        .say(path, Say::Raw(200, "image/jpeg", b"\xff\xd8\xffpicture".to_vec()))
        .say_json(path, json!({"video_url": "http://v/1"}))
        .say(path, Say::Raw(200, "text/plain", br#"{"errcode":40007,"errmsg":"invalid media_id"}"#.to_vec()));
    let client = platform.client();
    let id = MediaId::from("m");
    let file = client.media().get(&id).await.unwrap().file().unwrap();
    assert_eq!((file.content_type.as_deref(), &file.bytes[3..]), (Some("image/jpeg"), &b"picture"[..]));
    assert_eq!(
        client.media().get(&id).await.unwrap(),
        TemporaryMedia::Video { video_url: "http://v/1".into() }
    );
    assert_eq!(client.media().get(&id).await.unwrap_err().code(), Some(ErrCode(40007)));
}

#[tokio::test]
async fn a_ticket_that_is_not_known_is_a_status() {
    let platform = StandIn::start().await;
    platform.say("/cgi-bin/showqrcode", Say::Raw(404, "text/plain", Vec::new()));
    let error = platform.client().qrcode().picture(&Ticket::from("gone")).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 404, .. }), "{error}");
}

#[tokio::test]
async fn no_error_shows_the_secret_or_the_token() {
    let token = "token-number-1";
    let echo = format!("<html>no /x?access_token={token}&secret={SECRET}");
    let numbers =
        Say::Json(json!({"errcode": 40066, "errmsg": format!("bad url access_token={token} rid: {token}")}));
    let mut errors = vec![
        error_of(numbers).await,
        error_of(Say::Raw(200, "text/html", echo.clone().into_bytes())).await,
        error_of(Say::Raw(404, "text/html", echo.clone().into_bytes())).await,
        error_of(Say::Raw(502, "text/html", echo.into_bytes())).await,
        error_of(Say::Hang).await,
        error_of(Say::Cut("{")).await,
        error_of(Say::Raw(302, "text/plain", token.into())).await,
    ];
    for endpoint in [hongyan::TokenEndpoint::Stable, hongyan::TokenEndpoint::Classic] {
        for say in
            [Say::Hang, Say::Cut("{"), Say::Json(json!({"access_token": 5_555_555, "expires_in": 7200}))]
        {
            let platform = StandIn::start().await;
            platform.say("/cgi-bin/token", say.clone()).say("/cgi-bin/stable_token", say);
            errors.push(
                platform.builder().token_endpoint(endpoint).build().unwrap().token().await.unwrap_err(),
            );
        }
        // The address of a classic token call holds the secret.
        let client =
            Client::builder("wx0123456789abcdef", Secret::new(SECRET)).api_base("http://127.0.0.1:1");
        errors.push(client.token_endpoint(endpoint).build().unwrap().token().await.unwrap_err());
    }
    for error in errors {
        let shown =
            format!("{error} {error:?} {} {}", error.text(hongyan::Lang::En), error.text(hongyan::Lang::Zh));
        for hidden in [SECRET, token, "5555555"] {
            assert!(!shown.contains(hidden), "{hidden} in {shown}");
        }
    }
    let client = StandIn::start().await.client();
    assert!(!format!("{client:?}").contains(SECRET));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = StandIn::start().await;
    let platform = StandIn::start().await;
    platform.say("/cgi-bin/x", Say::Raw(307, "text/plain", format!("see {}", elsewhere.url).into_bytes()));
    let error = platform.client().send::<Value>(Call::get("/cgi-bin/x")).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 307, .. }), "{error}");
}
