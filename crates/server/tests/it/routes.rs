//! The router: first match answers.

use hongyan_server::{Answer, Context, HandlerError, Mode, Regex, Router};
use hongyan_wire::Reply;

use crate::world::*;

fn router() -> Router {
    async fn parcel(context: Context) -> Result<String, HandlerError> {
        let number = context.capture("number").unwrap_or_default();
        if number == "0" { Err(HandlerError::new("no such parcel")) } else { Ok(format!("parcel {number}")) }
    }
    Router::new()
        .text("hi", async |_: Context| "hello")
        .regex(Regex::new(r"^parcel (?<number>\w+)$").unwrap(), parcel)
        .contains("weather", async |context: Context| {
            tokio::task::yield_now().await;
            format!("weather for {}", context.openid())
        })
        .scene("poster-7", async |_: Context| "poster seven")
        .subscribe(async |_: Context| Reply::Text("welcome".into()))
        .scan(async |context: Context| context.scene().map(|scene| format!("scene {scene}")))
        .click("ABOUT", async |context: Context| context.key().unwrap_or_default().to_owned())
        .event("view", async |_: Context| ())
        .kind("image", async |_: Context| Answer::none())
        .any(async |context: Context| context.text().map(str::to_owned))
}

/// What the user reads; `None` is silence.
async fn answer(body: &str) -> Option<String> {
    let callback = callback(account(Mode::Plain), router());
    let got = send(&callback, plain("1", body)).await;
    (got.body != "success").then(|| got.content().to_owned())
}

#[tokio::test]
async fn texts() {
    assert_eq!(answer(&saying(1, " hi ")).await.as_deref(), Some("hello"));
    assert_eq!(answer(&saying(1, "parcel 42")).await.as_deref(), Some("parcel 42"));
    assert_eq!(answer(&saying(1, "parcel 0")).await, None, "an error is silence");
    assert_eq!(answer(&saying(1, "the weather")).await.as_deref(), Some("weather for oUser"));
    assert_eq!(answer(&saying(1, "else")).await.as_deref(), Some("else"));
}

#[tokio::test]
async fn follows_and_scans() {
    let follow = |key: &str| event(&format!("<Event>subscribe</Event><EventKey>{key}</EventKey>"));
    let scan = |key: &str| event(&format!("<Event>SCAN</Event><EventKey>{key}</EventKey><Ticket>t</Ticket>"));
    assert_eq!(answer(&follow("")).await.as_deref(), Some("welcome"));
    assert_eq!(answer(&follow("qrscene_poster-7")).await.as_deref(), Some("poster seven"));
    assert_eq!(answer(&follow("qrscene_42")).await.as_deref(), Some("scene 42"), "scan routes go first");
    assert_eq!(answer(&scan("poster-7")).await.as_deref(), Some("poster seven"));
    assert_eq!(answer(&scan("42")).await.as_deref(), Some("scene 42"));
}

#[tokio::test]
async fn taps_and_kinds() {
    assert_eq!(
        answer(&event("<Event>CLICK</Event><EventKey>ABOUT</EventKey>")).await.as_deref(),
        Some("ABOUT")
    );
    assert_eq!(answer(&event("<Event>CLICK</Event><EventKey>OTHER</EventKey>")).await, None);
    assert_eq!(answer(&event("<Event>VIEW</Event><EventKey>https://example.test/</EventKey>")).await, None);
}

#[tokio::test]
async fn without_routes_there_is_silence() {
    let callback = callback(account(Mode::Plain), Router::new());
    assert_eq!(send(&callback, plain("1", &message(1))).await.body, "success");
    assert_eq!(callback.stats().failed, 0);
}
