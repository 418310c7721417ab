//! People for a test: they act, and the test stops with the chat's transcript when the account does not answer.

use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::scenario::Words;
use crate::scenario::describe;
use crate::scenario::link::Link;
use crate::scenario::pattern::Pattern;
use crate::start::Running;

/// How long an expectation waits when nothing else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// For tests. These methods panic with a plain sentence when something is not possible.
impl Running {
    /// A new person with a phone, who does not follow yet.
    #[track_caller]
    pub fn user(&self, nickname: &str) -> impl Future<Output = User> {
        let (url, body, place) = (self.url(), json!({ "nickname": nickname }), Location::caller());
        async move {
            let link = must(Link::connect(&url).await, place);
            let made = must(link.post("users", body).await, place);
            let openid = made["openid"].as_str().unwrap_or_default().to_owned();
            User { openid, patience: PATIENCE, chat: Mutex::new(Chat { link, met: 0 }) }
        }
    }

    /// Points pushes at this address, and waits until its handshake has succeeded.
    #[track_caller]
    pub fn point_to(&self, callback: &str) -> impl Future<Output = ()> {
        let (url, body, place) = (self.url(), json!({ "url": callback }), Location::caller());
        async move {
            let mut link = must(Link::connect(&url).await, place);
            must(link.send("PUT", "callback", Some(body)).await, place);
            must(link.ready("", PATIENCE).await, place);
        }
    }

    /// Moves the clock ahead.
    #[track_caller]
    pub fn advance(&self, by: Duration) -> impl Future<Output = ()> {
        let (url, place) = (self.url(), Location::caller());
        async move {
            let link = must(Link::connect(&url).await, place);
            must(link.post("clock/advance", json!({ "seconds": by.as_secs_f64() })).await, place);
        }
    }
}

/// Somebody with a phone, played by a test.
///
/// Actions come back when their pushes are over, with the finished exchange as JSON. Expectations wait for what
/// has not been met yet; a text between slashes, such as `/你好|hello/`, is a regular expression.
#[derive(Debug)]
pub struct User {
    openid: String,
    patience: Duration,
    chat: Mutex<Chat>,
}

/// The chat, and the last message of it that an expectation has met.
struct Chat {
    link: Link,
    met: u64,
}

impl std::fmt::Debug for Chat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chat").field("met", &self.met).finish_non_exhaustive()
    }
}

impl User {
    /// The person's OpenID with the account.
    pub fn openid(&self) -> &str {
        &self.openid
    }

    /// Expectations wait this long from now on; five seconds otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Follows the account.
    #[track_caller]
    pub fn follow(&self) -> impl Future<Output = Value> + '_ {
        self.act("follow", json!({}))
    }

    /// Stops following it.
    #[track_caller]
    pub fn unfollow(&self) -> impl Future<Output = Value> + '_ {
        self.act("unfollow", json!({}))
    }

    /// Writes a text.
    #[track_caller]
    pub fn say(&self, text: &str) -> impl Future<Output = Value> + '_ {
        self.act("say", json!({ "text": text }))
    }

    /// Taps a menu button, named with the one above it: `关于我们/公司简介`.
    #[track_caller]
    pub fn tap(&self, button: &str) -> impl Future<Output = Value> + '_ {
        self.act("tap", json!({ "button": button }))
    }

    /// Taps an item of a msgmenu.
    #[track_caller]
    pub fn menu_click(&self, id: &str) -> impl Future<Output = Value> + '_ {
        self.act("menu_click", json!({ "id": id }))
    }

    /// Scans a QR code, by its ticket or by the address in its picture.
    #[track_caller]
    pub fn scan(&self, code: &str) -> impl Future<Output = Value> + '_ {
        let name = if code.starts_with("http") { "url" } else { "ticket" };
        self.act("scan", json!({ name: code }))
    }

    /// Sends a message of any kind, such as `{"msgtype": "image"}`.
    #[track_caller]
    pub fn send(&self, message: Value) -> impl Future<Output = Value> + '_ {
        self.act("send", message)
    }

    /// Sends a place.
    #[track_caller]
    pub fn locate(&self, latitude: f64, longitude: f64, label: &str) -> impl Future<Output = Value> + '_ {
        self.act("locate", json!({"latitude": latitude, "longitude": longitude, "label": label}))
    }

    /// Pays, which opens a window and pushes nothing.
    #[track_caller]
    pub fn pay(&self) -> impl Future<Output = Value> + '_ {
        self.act("pay", json!({}))
    }

    #[track_caller]
    fn act(&self, verb: &'static str, body: Value) -> impl Future<Output = Value> + '_ {
        let place = Location::caller();
        async move {
            let chat = self.chat.lock().await;
            must(chat.link.post(&format!("users/{}/{verb}", self.openid), body).await, place)
        }
    }

    /// Waits for a text of the account; gives the whole message.
    #[track_caller]
    pub fn expect_text(&self, text: &str) -> impl Future<Output = Value> + '_ {
        let place = Location::caller();
        let pattern = must(Pattern::parse(text).map_err(|error| Words::same(error.to_string())), place);
        let what = format!("the text {pattern}");
        self.expect(what, place, move |message| {
            message["from"] == "account" && message["type"] == "text" && pattern.fits(describe::text(message))
        })
    }

    /// Waits for a message of this kind, such as `music`; gives the whole message.
    #[track_caller]
    pub fn expect_type(&self, kind: &str) -> impl Future<Output = Value> + '_ {
        let kind = kind.to_owned();
        self.expect(format!("a message of type {kind}"), Location::caller(), move |message| {
            message["from"] == "account" && message["type"] == kind.as_str()
        })
    }

    /// Waits for any message of the account.
    #[track_caller]
    pub fn expect_message(&self) -> impl Future<Output = Value> + '_ {
        self.expect("a message".to_owned(), Location::caller(), |message| message["from"] == "account")
    }

    /// Waits for a notice, such as the one that the account's service has failed.
    #[track_caller]
    pub fn expect_notice(&self) -> impl Future<Output = Value> + '_ {
        self.expect("a notice".to_owned(), Location::caller(), |message| message["from"] == "notice")
    }

    /// Nothing is there that no expectation has met, neither a message nor a notice.
    #[track_caller]
    pub fn expect_nothing_more(&self) -> impl Future<Output = ()> + '_ {
        let place = Location::caller();
        async move {
            let chat = self.chat.lock().await;
            let messages = must(chat.link.chat("", &self.openid, chat.met).await, place);
            if let Some(more) = messages.iter().find(|message| message["from"] != "user") {
                let got = describe::messages(std::slice::from_ref(more)).en;
                let transcript = must(transcript(&chat, &self.openid).await, place);
                fail(place, format!("nothing more was expected, got {got}\nthe chat:\n{transcript}"));
            }
        }
    }

    async fn expect(
        &self,
        what: String,
        place: &'static Location<'static>,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut chat = self.chat.lock().await;
        let until = Instant::now() + self.patience;
        loop {
            chat.link.mark();
            let messages = must(chat.link.chat("", &self.openid, chat.met).await, place);
            if let Some(message) = messages.into_iter().find(|message| fits(message)) {
                chat.met = message["id"].as_u64().unwrap_or(chat.met);
                return message;
            }
            if !chat.link.change_before(until).await {
                let transcript = must(transcript(&chat, &self.openid).await, place);
                let waited = self.patience;
                fail(place, format!("{what} did not come within {waited:?}\nthe chat:\n{transcript}"));
            }
        }
    }

    /// The chat as text, one line a message.
    #[track_caller]
    pub fn transcript(&self) -> impl Future<Output = String> + '_ {
        let place = Location::caller();
        async move {
            let chat = self.chat.lock().await;
            must(transcript(&chat, &self.openid).await, place)
        }
    }
}

async fn transcript(chat: &Chat, openid: &str) -> Result<String, Words> {
    let text = chat.link.text(&format!("users/{openid}/chat?format=text")).await?;
    Ok(if text.is_empty() { "(nothing)\n".to_owned() } else { text })
}

fn must<T>(outcome: Result<T, Words>, place: &Location<'_>) -> T {
    match outcome {
        Ok(value) => value,
        Err(words) => fail(place, words.en),
    }
}

/// Stops the test at the line that asked.
#[expect(clippy::panic, reason = "these methods are for tests, which end with the first surprise")]
fn fail(place: &Location<'_>, what: impl Display) -> ! {
    panic!("{place}: {what}")
}
