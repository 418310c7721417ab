//! Web logins by any program: the browser goes to the platform and comes back with a ticket that works once.

use hongyan_gateway::{Gateway, Parts};
use hongyan_sandbox::Options;
use reqwest::{Method, Response, redirect};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::stage::{Person, Stage};

const SHOP: &str = "http://127.0.0.1:3000/shop";

fn config(scope: &str) -> String {
    format!("[accounts.main.oauth]\nreturn = [\"{SHOP}\"]\nscope = \"{scope}\"\n")
}

async fn stage(scope: &str) -> Stage {
    Stage::with(Options::default(), "", &config(scope)).await
}

/// A browser that follows nothing by itself and keeps the cookies of the gateway.
#[derive(Clone)]
struct Browser {
    http: reqwest::Client,
    gateway: String,
    cookies: Vec<String>,
}

impl Browser {
    fn new(gateway: &str) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, gateway: gateway.to_owned(), cookies: Vec::new() }
    }

    fn of(stage: &Stage) -> Self {
        Self::new(&stage.gateway.as_ref().unwrap().url())
    }

    async fn open(&mut self, url: &str) -> Response {
        let answer = self.http.get(url).header("cookie", self.cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
            self.cookies.push(cookie.split(';').next().unwrap().to_owned());
        }
        answer
    }

    /// Begins a login; gives the platform's address.
    async fn begin(&mut self, back_to: &str) -> String {
        let back_to: String = url::form_urlencoded::byte_serialize(back_to.as_bytes()).collect();
        let answer = self.open(&format!("{}/oauth/main?return={back_to}", self.gateway)).await;
        location(answer).await
    }

    /// Agrees, or does not, as this person; gives the gateway's address with the code.
    async fn decide(&self, authorize: &str, person: &Person<'_>, answer: &str) -> String {
        let mut url = Url::parse(authorize).unwrap();
        url.query_pairs_mut().append_pair("sandbox_user", &person.openid);
        let shown = self.http.get(url.clone()).send().await.unwrap();
        if shown.status() == 302 {
            return location(shown).await;
        }
        let pressed = self.http.post(url).form(&[("answer", answer)]).send().await.unwrap();
        location(pressed).await
    }

    /// The whole login; gives the shop's address with the ticket.
    async fn log_in(&mut self, person: &Person<'_>, answer: &str) -> Url {
        let authorize = self.begin(&format!("{SHOP}?cart=1")).await;
        let back = self.decide(&authorize, person, answer).await;
        Url::parse(&location(self.open(&back).await).await).unwrap()
    }
}

async fn location(answer: Response) -> String {
    let status = answer.status();
    let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    match to {
        Some(to) if status == 302 => to,
        _ => panic!("{status}: {}", answer.text().await.unwrap()),
    }
}

fn value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn redeem(stage: &Stage, ticket: &str) -> (u16, Value) {
    stage.api(Method::POST, &format!("/api/v1/accounts/main/oauth/tickets/{ticket}"), None).await
}

/// Whether the page says no and sends nobody anywhere.
async fn stopped(answer: Response, word: &str) {
    assert_eq!(answer.status(), 400);
    assert!(answer.headers().get("location").is_none());
    let page = answer.text().await.unwrap();
    assert!(page.contains(word), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_login_tells_the_openid_once() {
    let stage = stage("snsapi_base").await;
    let person = stage.follower("小明").await;
    let shop = Browser::of(&stage).log_in(&person, "allow").await;
    assert_eq!((shop.path(), value(&shop, "cart").as_deref()), ("/shop", Some("1")), "{shop}");
    let ticket = value(&shop, "ticket").unwrap();
    let (status, who) = redeem(&stage, &ticket).await;
    assert_eq!((status, &who["openid"]), (200, &json!(person.openid)), "{who}");
    assert_eq!(who.get("nickname"), None, "{who}");
    assert_eq!(redeem(&stage, &ticket).await.0, 410, "a ticket works once");
    assert_eq!(redeem(&stage, "0123456789abcdef").await.0, 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agrees_tells_name_and_picture_and_who_does_not_tells_nothing() {
    let stage = stage("snsapi_userinfo").await;
    let person = stage.person("小红").await;
    let shop = Browser::of(&stage).log_in(&person, "allow").await;
    let (_, who) = redeem(&stage, &value(&shop, "ticket").unwrap()).await;
    assert_eq!(who["nickname"], "小红", "{who}");
    assert!(who["headimgurl"].is_string() && who.get("access_token").is_none(), "{who}");
    assert_eq!(who.get("is_snapshotuser"), None);

    let shop = Browser::of(&stage).log_in(&person, "deny").await;
    assert_eq!((value(&shop, "ticket"), value(&shop, "error").as_deref()), (None, Some("access_denied")));

    let shop = Browser::of(&stage).log_in(&person, "snapshot").await;
    let (_, who) = redeem(&stage, &value(&shop, "ticket").unwrap()).await;
    assert_eq!(who["is_snapshotuser"], 1, "{who}");
    assert_ne!(who["openid"], person.openid.as_str());
    let (_, users) = stage.api(Method::GET, "/api/v1/accounts/main/users", None).await;
    assert!(!users.to_string().contains(who["openid"].as_str().unwrap()), "a snapshot is no user: {users}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_an_address_that_is_not_listed() {
    let stage = stage("snsapi_base").await;
    for foreign in [
        "https://evil.example/",
        "//evil.example/",
        "http://127.0.0.1:3000@evil.example/shop",
        "http://127.0.0.1:3000/shopping",
        "http://127.0.0.1:3001/shop",
        "https://127.0.0.1:3000/shop",
        "javascript:alert(1)",
        "",
    ] {
        let foreign: String = url::form_urlencoded::byte_serialize(foreign.as_bytes()).collect();
        let mut browser = Browser::of(&stage);
        let address = format!("{}/oauth/main?return={foreign}", browser.gateway);
        stopped(browser.open(&address).await, "return").await;
    }
    let browser = Browser::of(&stage);
    let other =
        browser.http.get(format!("{}/oauth/nowhere?return={SHOP}", browser.gateway)).send().await.unwrap();
    assert_eq!(other.status(), 404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_for_its_own_browser_code_and_time() {
    let stage = stage("snsapi_base").await;
    let (person, attacker) = (stage.follower("小明").await, stage.follower("坏人").await);
    let mut browser = Browser::of(&stage);
    let authorize = browser.begin(SHOP).await;
    let back = browser.decide(&authorize, &person, "allow").await;

    // The attacker's own login, sent to somebody else as a link.
    let mut theirs = Browser::of(&stage);
    let their_authorize = theirs.begin(SHOP).await;
    let their_back = theirs.decide(&their_authorize, &attacker, "allow").await;
    stopped(browser.open(&their_back).await, "浏览器").await;
    // The attacker's code with the victim's state is a login all the same, unless the code is known already.
    location(theirs.open(&their_back).await).await;
    let their_code = value(&Url::parse(&their_back).unwrap(), "code").unwrap();
    let own_state = value(&Url::parse(&back).unwrap(), "state").unwrap();
    let callback = format!("{}/oauth/main/callback", browser.gateway);
    let mixed = format!("{callback}?code={their_code}&state={own_state}");
    stopped(browser.open(&mixed).await, "不是从这里开始").await;
    // Made up, missing, changed.
    let mut changed = own_state.clone();
    changed.replace_range(20..24, "ffff");
    for state in ["", "1", &"0".repeat(66), &changed] {
        let answer = browser.open(&format!("{callback}?code=abc&state={state}")).await;
        assert_eq!(answer.status(), 400, "{state}");
    }
    stage.control("clock/advance", &json!({"seconds": 601})).await;
    stopped(browser.open(&back).await, "超时").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_once_however_often_the_browser_comes() {
    let stage = stage("snsapi_base").await;
    let person = stage.follower("小明").await;
    let mut browser = Browser::of(&stage);
    let authorize = browser.begin(SHOP).await;
    let back = browser.decide(&authorize, &person, "allow").await;
    let visits = (0..5).map(|_| {
        let (mut browser, back) = (browser.clone(), back.clone());
        async move { location(browser.open(&back).await).await }
    });
    let mut ends = futures_util::future::join_all(visits).await;
    ends.push(location(browser.open(&back).await).await);
    ends.dedup();
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(stage.calls("/sns/oauth2/access_token").await, 1);
    let ticket = value(&Url::parse(&ends[0]).unwrap(), "ticket").unwrap();
    assert_eq!(redeem(&stage, &ticket).await.0, 200);
    // A replay gives the ticket that is used up.
    let again = Url::parse(&location(browser.open(&back).await).await).unwrap();
    assert_eq!(redeem(&stage, &value(&again, "ticket").unwrap()).await.0, 410);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_waits_five_minutes() {
    let stage = stage("snsapi_base").await;
    let person = stage.follower("小明").await;
    let shop = Browser::of(&stage).log_in(&person, "allow").await;
    stage.control("clock/advance", &json!({"seconds": 300})).await;
    assert_eq!(redeem(&stage, &value(&shop, "ticket").unwrap()).await.0, 410);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_platform_refuses_is_said_to_be_and_a_lost_answer_can_be_tried_again() {
    let stage = stage("snsapi_base").await;
    let person = stage.follower("小明").await;
    let mut browser = Browser::of(&stage);
    let authorize = browser.begin(SHOP).await;
    let back = browser.decide(&authorize, &person, "allow").await;
    let on = json!({"direction": "api", "endpoint": "/sns/oauth2/access_token"});
    stage.faults(json!([{"on": on, "do": {"errcode": -1}, "times": 1}])).await;
    assert_eq!(browser.open(&back).await.status(), 503);
    location(browser.open(&back).await).await;

    let mut browser = Browser::of(&stage);
    let authorize = browser.begin(SHOP).await;
    let state = value(&Url::parse(&authorize).unwrap(), "state").unwrap();
    let callback = format!("{}/oauth/main/callback?code=made-up&state={state}", browser.gateway);
    for _ in 0..2 {
        let answer = browser.open(&callback).await;
        assert_eq!(answer.status(), 502);
        assert!(answer.text().await.unwrap().contains("40029"));
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_public_and_tickets_are_not() {
    let head = "data = \"sqlite://hongyan.db\"\nadmin_listen = \"127.0.0.1:0\"";
    let stage = Stage::under(head, Options::default(), "", &config("snsapi_base")).await;
    let person = stage.follower("小明").await;
    let shop = Browser::of(&stage).log_in(&person, "allow").await;
    let ticket = value(&shop, "ticket").unwrap();
    let public = stage.gateway.as_ref().unwrap().url();
    let url = format!("{public}/api/v1/accounts/main/oauth/tickets/{ticket}");
    assert_eq!(reqwest::Client::new().post(url).send().await.unwrap().status(), 404);
    assert_eq!(redeem(&stage, &ticket).await.0, 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_login_begins_on_one_gateway_and_ends_on_others() {
    let head = format!("data = \"{}\"", crate::stores::mysql().await);
    let stage = Stage::under(&head, Options::default(), "", &config("snsapi_base")).await;
    let person = stage.follower("小明").await;
    let listener = Some(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let other = Box::pin(Gateway::start(stage.config(), Parts { clock: stage.sandbox.clock(), listener }))
        .await
        .unwrap();
    let mut browser = Browser::of(&stage);
    let authorize = browser.begin(SHOP).await;
    let back = browser.decide(&authorize, &person, "allow").await;
    let there = back.replace(&browser.gateway, &other.url());
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (here, there) = tokio::join!(one.open(&back), two.open(&there));
    let (here, there) = (location(here).await, location(there).await);
    assert_eq!(here, there);
    assert_eq!(stage.calls("/sns/oauth2/access_token").await, 1);
    let ticket = value(&Url::parse(&here).unwrap(), "ticket").unwrap();
    let asked = async |gateway: String| {
        let url = format!("{gateway}/api/v1/accounts/main/oauth/tickets/{ticket}");
        reqwest::Client::new().post(url).send().await.unwrap().status().as_u16()
    };
    let (first, second) = tokio::join!(asked(other.url()), asked(stage.gateway.as_ref().unwrap().url()));
    let mut both = [first, second];
    both.sort_unstable();
    assert_eq!(both, [200, 410]);
    other.stop().await;
    stage.end().await;
}
