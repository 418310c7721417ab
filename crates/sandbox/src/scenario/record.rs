//! Records what people do and writes it as a scenario, with what happened as expectations.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::write;
use super::{keys, when};

/// Something that was done while recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Done {
    /// A person acted; the last message of their chat before it, and the exchange.
    Act {
        openid: String,
        verb: String,
        body: Value,
        before: u64,
        exchange: Value,
    },
    Advance(i64),
    Faults(Vec<Value>),
    ExpireToken,
}

/// Somebody in the recording.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) openid: String,
    pub(crate) nickname: String,
    pub(crate) platform: u8,
    /// Whether they followed when they first did something.
    pub(crate) following: bool,
}

#[derive(Clone, Debug, Default)]
struct Tape {
    began_ms: i64,
    people: Vec<Seen>,
    done: Vec<Done>,
}

/// The recorder: running or not.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Option<Tape>>);

/// What is needed of the world when the file is written.
pub(crate) trait Witness {
    /// The messages of a chat.
    fn chat(&self, openid: &str) -> Vec<Value>;
    /// The scene of a QR code, by its ticket or its address.
    fn scene(&self, code: &str) -> Option<String>;
}

impl Recorder {
    fn with<R>(&self, f: impl FnOnce(&mut Option<Tape>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins anew.
    pub(crate) fn start(&self, began_ms: i64) {
        self.with(|tape| *tape = Some(Tape { began_ms, ..Tape::default() }));
    }

    pub(crate) fn running(&self) -> bool {
        self.with(|tape| tape.is_some())
    }

    pub(crate) fn state(&self) -> Value {
        self.with(|tape| match tape {
            Some(tape) => json!({"recording": true, "steps": tape.done.len(), "since_ms": tape.began_ms}),
            None => json!({"recording": false, "steps": 0}),
        })
    }

    /// Keeps what was done; gives its place, to be completed.
    pub(crate) fn note(&self, done: Done, who: Option<Seen>) -> Option<usize> {
        self.with(|tape| {
            let tape = tape.as_mut()?;
            if let Some(who) = who
                && !tape.people.iter().any(|known| known.openid == who.openid)
            {
                tape.people.push(who);
            }
            tape.done.push(done);
            Some(tape.done.len() - 1)
        })
    }

    /// The exchange of an action that has ended, or none for one that was refused.
    pub(crate) fn complete(&self, at: usize, answer: Option<Value>) {
        self.with(|tape| {
            let Some(done) = tape.as_mut().and_then(|tape| tape.done.get_mut(at)) else { return };
            match (done, answer) {
                (Done::Act { exchange, .. }, Some(answer)) => *exchange = answer,
                (_, Some(_)) => {}
                // Removing it would move the places of others.
                (done, None) => *done = Done::Advance(0),
            }
        });
    }

    /// The file as far as it has grown; none when nothing is being recorded.
    pub(crate) fn written(&self, witness: &impl Witness) -> Option<String> {
        let tape = self.with(|tape| tape.clone())?;
        Some(tape.file(witness))
    }

    /// Ends the recording and writes the file; none when there was none.
    pub(crate) fn stop(&self, witness: &impl Witness) -> Option<String> {
        let tape = self.with(Option::take)?;
        Some(tape.file(witness))
    }
}

impl Tape {
    fn file(&self, witness: &impl Witness) -> String {
        let mut out = String::from("name: recorded\n");
        out.extend([format!(
            "# Take the # away to play it at the time it was recorded:\n# clock: {}\n",
            when::written(self.began_ms)
        )]);
        let ids = self.ids();
        let people: Vec<String> = self
            .people
            .iter()
            .zip(&ids)
            .map(|(person, id)| {
                let mut user = json!({ "id": id });
                if person.nickname != *id {
                    user["nickname"] = person.nickname.as_str().into();
                }
                if person.following {
                    user["following"] = true.into();
                }
                if person.platform != 2 {
                    user["platform"] = person.platform.into();
                }
                write::value(&user)
            })
            .collect();
        out.extend([format!("users: [{}]\nsteps:\n", people.join(", "))]);
        for (index, done) in self.done.iter().enumerate() {
            match done {
                Done::Advance(0) => {}
                Done::Advance(ms) => out.extend([format!("  - clock: +{}\n", when::written_length(*ms))]),
                Done::ExpireToken => out += "  - token: expire\n",
                Done::Faults(list) => out.extend([format!("  - fault: {}\n", self.faults(list, &ids))]),
                Done::Act { openid, verb, body, before, exchange } => {
                    let id = self.id(openid, &ids);
                    out.extend([format!("  - {}: {}\n", write::text(id), act(verb, body, witness))]);
                    out += &push(exchange, id);
                    let chat = witness.chat(openid);
                    let until = self.next_act(index, openid);
                    let shown = chat.iter().filter(|message| {
                        let at = message["id"].as_u64().unwrap_or_default();
                        at > *before && until.is_none_or(|until| at <= until)
                    });
                    shown.for_each(|message| out += &phone(message, id));
                }
            }
        }
        if self.done.iter().all(|done| *done == Done::Advance(0)) {
            out.truncate(out.len() - "steps:\n".len());
            out += "steps: []\n";
        }
        out
    }

    /// Nicknames, made different and no kind of step.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        for person in &self.people {
            let mut id = person.nickname.clone();
            let mut number = 2;
            while id.is_empty() || keys::STEP.contains(&id.as_str()) || ids.contains(&id) {
                id = format!("{}{number}", person.nickname);
                number += 1;
            }
            ids.push(id);
        }
        ids
    }

    fn id<'a>(&self, openid: &str, ids: &'a [String]) -> &'a str {
        let at = self.people.iter().position(|person| person.openid == openid);
        at.and_then(|at| ids.get(at)).map_or("", String::as_str)
    }

    /// The last message before the same person's next action.
    fn next_act(&self, index: usize, who: &str) -> Option<u64> {
        self.done[index + 1..].iter().find_map(|done| match done {
            Done::Act { openid, before, .. } if openid == who => Some(*before),
            _ => None,
        })
    }

    fn faults(&self, list: &[Value], ids: &[String]) -> String {
        let short = |fault: &Value| {
            let on = &fault["on"];
            let direction = on["direction"].as_str().unwrap_or("push");
            let target = if direction == "api" { &on["endpoint"] } else { &on["event"] };
            let mut out = json!({ direction: target.as_str().unwrap_or("any") });
            if let Some(user) = on["user"].as_str() {
                out["user"] = self.id(user, ids).into();
            }
            let rest = ["nth", "times", "probability", "seed"];
            for (from, names) in [(on, &rest[..1]), (fault, &rest[1..])] {
                for name in names.iter().filter(|name| !from[**name].is_null()) {
                    out[*name] = from[*name].clone();
                }
            }
            for (name, value) in fault["do"].as_object().into_iter().flatten() {
                out[name] = value.clone();
            }
            out
        };
        match list {
            [] => "none".to_owned(),
            [one] => write::value(&short(one)),
            many => write::value(&many.iter().map(short).collect()),
        }
    }
}

/// Bytes of a file up to this size go into the scenario; for larger ones a stand-in is sent.
const INLINE: usize = 4096;

fn act(verb: &str, body: &Value, witness: &impl Witness) -> String {
    let whole = |rest: &Value| format!("{{{verb}: {}}}", write::value(rest));
    let short = |rest: &str| {
        let line = format!("{verb} {rest}");
        // The words after the verb lose blanks at their ends and line breaks.
        if write::text(&line) == line && rest.trim() == rest { line } else { whole(&Value::from(rest)) }
    };
    match verb {
        "say" => short(body["text"].as_str().unwrap_or_default()),
        "tap" if body.as_object().is_some_and(|body| body.len() == 1 && body.contains_key("button")) => {
            short(body["button"].as_str().unwrap_or_default())
        }
        "menu_click" => short(&crate::world::chat::id_text(&body["id"])),
        "scan" => {
            let code = body["ticket"].as_str().or(body["url"].as_str()).unwrap_or_default();
            match witness.scene(code) {
                Some(scene) => whole(&Value::from(format!("poster:{scene}"))),
                None => whole(body),
            }
        }
        "send" => {
            let mut body = body.clone();
            if body["data"].as_str().is_some_and(|data| data.len() > INLINE)
                && let Value::Object(body) = &mut body
            {
                body.remove("data");
            }
            whole(&body)
        }
        "tap" | "locate" | "report_location" | "subscription" => whole(body),
        other => other.to_owned(),
    }
}

fn push(exchange: &Value, id: &str) -> String {
    let outcome = exchange["outcome"].as_str().unwrap_or("none");
    let Some(kind) = exchange["kind"].as_str().filter(|_| outcome != "none") else { return String::new() };
    let mut wanted = json!({"push": kind, "user": id});
    let key = super::describe::event_key(exchange);
    if !key.is_empty() {
        wanted["event_key"] = key.into();
    }
    wanted["outcome"] = outcome.into();
    wanted["tries"] = super::describe::tries(exchange).into();
    format!("  - expect: {}\n", write::value(&wanted))
}

/// A text word for word; of other messages the kind, because their ids differ from run to run.
fn phone(message: &Value, id: &str) -> String {
    let text = super::describe::text(message);
    match message["from"].as_str() {
        Some("notice") => format!("  - expect: {{notice: {}}}\n", write::text(id)),
        Some("account") => {
            let kind = message["type"].as_str().unwrap_or_default();
            let (exact, remark) = match kind {
                "text" => (format!(", text: {}", write::pattern(text)), String::new()),
                _ => (String::new(), format!("  # {}", text.replace('\n', " "))),
            };
            let passive = message["passive"] == true;
            format!(
                "  - expect: {{phone: {}, type: {kind}{exact}, passive: {passive}}}{remark}\n",
                write::text(id)
            )
        }
        _ => String::new(),
    }
}
