//! An exchange as steps of a scenario: what was done, and what is expected of it.

use serde_json::{Map, Value, json};

use crate::reply::xml;

/// The steps as YAML, ready to be put under `steps:`. `person` is the name the scenario calls the person by.
pub(crate) fn steps(exchange: &Value, person: &str) -> String {
    if exchange["direction"] == "api" { call(exchange) } else { push(exchange, person) }
}

/// JSON on one line, which YAML reads.
fn line(step: &Value) -> String {
    format!("- {step}\n")
}

fn call(exchange: &Value) -> String {
    let (path, request) = (&exchange["kind"], &exchange["request"]);
    let mut called = json!({ "api": path });
    if request["body"].is_object() {
        called["body"] = request["body"].clone();
    }
    let errcode = exchange["reply"]["body"]["errcode"].as_i64().unwrap_or(0);
    line(&json!({ "call": called })) + &line(&json!({"expect": {"api": path, "errcode": errcode}}))
}

fn push(exchange: &Value, person: &str) -> String {
    let plain = exchange["request"]["plain"].as_str().unwrap_or_default();
    let fields = Message::read(plain);
    let kind = exchange["kind"].as_str().unwrap_or_default();
    let mut out = String::new();
    if let Some(act) = act(kind, &fields) {
        out += &line(&json!({ person: act }));
    } else {
        out.extend(["# no action of a person pushes ", kind, "\n"]);
    }
    if exchange["outcome"] == "none" {
        return out;
    }
    let mut wanted = json!({"push": kind, "user": person});
    if let Some(key) = fields.get("EventKey").filter(|key| !key.is_empty()) {
        wanted["event_key"] = json!({ "is": key });
    }
    let tries = exchange["tries"].as_array().into_iter().flatten().filter(|one| one["duplicate"] != true);
    wanted["outcome"] = exchange["outcome"].clone();
    wanted["tries"] = json!(tries.count());
    if let Some(code) = exchange["findings"][0]["code"].as_str() {
        wanted["finding"] = json!(code);
    }
    out + &line(&json!({ "expect": wanted }))
}

/// What the person did.
fn act(kind: &str, fields: &Message) -> Option<Value> {
    let text = |name: &str| fields.get(name).unwrap_or_default();
    let number = |name: &str| text(name).parse::<f64>().unwrap_or_default();
    Some(match kind {
        "message.text" => match fields.get("bizmsgmenuid") {
            Some(id) => json!({ "menu_click": id }),
            None => json!({ "say": text("Content") }),
        },
        "message.location" => json!({"locate": {
            "latitude": number("Location_X"), "longitude": number("Location_Y"), "label": text("Label"),
        }}),
        "message.link" => json!({"send": {
            "msgtype": "link", "title": text("Title"), "description": text("Description"), "url": text("Url"),
        }}),
        "message.image" | "message.voice" | "message.video" | "message.shortvideo" => {
            json!({"send": {"msgtype": kind.trim_start_matches("message.")}})
        }
        "event.subscribe" => match fields.get("Ticket") {
            Some(ticket) => json!({"scan": {"ticket": ticket}}),
            None => json!("follow"),
        },
        "event.unsubscribe" => json!("unfollow"),
        "event.SCAN" => json!({"scan": {"ticket": text("Ticket")}}),
        "action.pay" => json!("pay"),
        "action.mute" => json!("mute"),
        "action.unmute" => json!("unmute"),
        "event.LOCATION" => json!({"report_location": {
            "latitude": number("Latitude"), "longitude": number("Longitude"), "precision": number("Precision"),
        }}),
        _ if !text("EventKey").is_empty() && kind != "event.TEMPLATESENDJOBFINISH" => {
            json!({"tap": {"key": text("EventKey")}})
        }
        _ => return None,
    })
}

/// The fields of a message, of XML or JSON.
struct Message(Map<String, Value>);

impl Message {
    fn read(plain: &str) -> Self {
        if let Ok(Value::Object(fields)) = serde_json::from_str(plain) {
            return Message(fields);
        }
        let root = xml::read(plain).unwrap_or_default();
        let fields = root.children.iter().map(|child| (child.name.clone(), Value::from(child.text.as_str())));
        Message(fields.collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(kind: &str, inner: &str) -> String {
        let exchange = json!({
            "direction": "push", "kind": kind, "outcome": "replied",
            "request": {"plain": format!("<xml>{inner}</xml>")},
            "tries": [{"status": 200}, {"status": 200, "duplicate": true}], "findings": [],
        });
        steps(&exchange, "小明")
    }

    #[test]
    fn what_was_said_and_what_came_of_it() {
        assert_eq!(
            pushed("message.text", "<Content><![CDATA[查: 1]]></Content>"),
            "- {\"小明\":{\"say\":\"查: 1\"}}\n- {\"expect\":{\"push\":\"message.text\",\"user\":\"小明\",\"outcome\":\"replied\",\"tries\":1}}\n"
        );
    }

    #[test]
    fn each_action_is_found_from_its_push() {
        let cases = [
            ("event.CLICK", "<EventKey>K</EventKey>", r#"{"tap":{"key":"K"}}"#),
            ("event.subscribe", "<EventKey></EventKey>", r#""follow""#),
            (
                "event.subscribe",
                "<EventKey>qrscene_1</EventKey><Ticket>T</Ticket>",
                r#"{"scan":{"ticket":"T"}}"#,
            ),
            ("event.SCAN", "<EventKey>1</EventKey><Ticket>T</Ticket>", r#"{"scan":{"ticket":"T"}}"#),
            ("event.unsubscribe", "", r#""unfollow""#),
            (
                "message.location",
                "<Location_X>1.5</Location_X><Location_Y>2</Location_Y>",
                r#""latitude":1.5"#,
            ),
            ("message.image", "<PicUrl>x</PicUrl>", r#"{"send":{"msgtype":"image"}}"#),
            (
                "message.text",
                "<Content>a</Content><bizmsgmenuid>101</bizmsgmenuid>",
                r#"{"menu_click":"101"}"#,
            ),
        ];
        for (kind, inner, step) in cases {
            let steps = pushed(kind, inner);
            assert!(steps.lines().next().unwrap().contains(step), "{kind}: {steps}");
        }
    }

    #[test]
    fn a_call_is_called_again_and_its_code_expected() {
        let exchange = json!({
            "direction": "api", "kind": "/cgi-bin/message/custom/send",
            "request": {"body": {"touser": "o1"}}, "reply": {"body": {"errcode": 45015}},
        });
        let steps = steps(&exchange, "");
        assert!(steps.starts_with(
            "- {\"call\":{\"api\":\"/cgi-bin/message/custom/send\",\"body\":{\"touser\":\"o1\"}}}\n"
        ));
        assert!(steps.ends_with("\"errcode\":45015}}\n"), "{steps}");
    }
}
