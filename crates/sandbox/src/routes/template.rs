//! Template messages and the account's templates.

use serde_json::{Map, Value, json};

use super::desk::{Answer, Desk, Refused, Result};
use crate::push::fields::Fields;
use crate::world::chat::From;
use crate::world::template::{self, Template};
use crate::world::{Bubble, Outgoing, industry};

/// Sends one; how it ended is pushed afterwards.
pub(crate) fn send(desk: &mut Desk<'_>) -> Result {
    let body = desk.raw_json()?;
    let openid = desk.openid(&body["touser"])?;
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
    let id = text("template_id").ok_or(40036)?;
    let template = desk.account().templates.find(id).cloned().ok_or(40037)?;
    let data = template::data(&body["data"])
        .map_err(|why| Refused { code: 47003, text: Some(format!("argument invalid! {why}")) })?;
    if !desk.account().follower(&openid).is_some_and(|follower| follower.following) {
        return Err(43004.into());
    }
    let (settings, now_ms, at) = (desk.settings(), desk.now_ms, desk.at);
    let (number, repeated) = desk.account().templates.number(text("client_msg_id"), now_ms, &settings);
    if !repeated {
        let shut = desk.account().follower(&openid).is_some_and(|one| one.muted || one.blacklisted);
        let outcome = if shut { "failed:user block" } else { settings.template_outcome.as_str() };
        if outcome == "success" {
            let fields = shown(&template, &data, &body);
            let bubble = Bubble::new(From::Account, "template", Value::Object(fields));
            desk.world.show(at, &openid, bubble, now_ms);
        }
        let own = Fields::default()
            .text("Event", "TEMPLATESENDJOBFINISH")
            .number("MsgID", number)
            .text("Status", outcome);
        let planned = desk.world.plan_news(at, &openid, "event", own, now_ms);
        desk.world.outgoing.push(Outgoing { at, openid, planned });
    }
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "msgid": number})))
}

/// What the phone shows of it.
fn shown(template: &Template, data: &Map<String, Value>, body: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("template_id".to_owned(), Value::from(template.id.as_str()));
    fields.insert("title".to_owned(), Value::from(template.title.as_str()));
    fields.insert("content".to_owned(), Value::from(template.filled(data)));
    fields.insert("data".to_owned(), Value::Object(data.clone()));
    for name in ["url", "miniprogram"] {
        if !body[name].is_null() {
            fields.insert(name.to_owned(), body[name].clone());
        }
    }
    fields
}

/// Adds a template made of the keywords that are named.
pub(crate) fn add(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let short = body["template_id_short"].as_str().filter(|text| !text.is_empty()).ok_or(40176)?;
    let names = body["keyword_name_list"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<String> = names
        .iter()
        .filter_map(Value::as_str)
        .enumerate()
        .map(|(index, name)| format!("{name}：{{{{keyword{}.DATA}}}}", index + 1))
        .collect();
    let content =
        if lines.is_empty() { "{{first.DATA}}\n{{remark.DATA}}".to_owned() } else { lines.join("\n") };
    let settings = desk.settings();
    let template = desk.account().templates.add(None, short.to_owned(), content, &settings)?;
    Ok(Answer::Json(json!({"errcode": 0, "errmsg": "ok", "template_id": template.id})))
}

/// Sets the two trades of the account.
pub(crate) fn set_industry(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    let number = |name: &str| {
        let given = body[name].as_u64().or_else(|| body[name].as_str()?.parse().ok());
        given
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| industry::trade(*number).is_some())
    };
    let (first, second) = (number("industry_id1").ok_or(40102)?, number("industry_id2").ok_or(40102)?);
    let now_ms = desk.now_ms;
    desk.account().templates.set_trades(first, second, now_ms)?;
    Ok(Answer::done())
}

/// The two trades of the account.
pub(crate) fn get_industry(desk: &mut Desk<'_>) -> Result {
    let (first, second) = desk.account().templates.trades();
    let described = |number| {
        let (first_class, second_class) = industry::trade(number).unwrap_or_default();
        json!({"first_class": first_class, "second_class": second_class})
    };
    Ok(Answer::Json(json!({
        "primary_industry": described(first),
        "secondary_industry": described(second),
    })))
}

/// All templates of the account.
pub(crate) fn list(desk: &mut Desk<'_>) -> Result {
    let list: Vec<Value> = desk.account().templates.iter().map(Template::to_json).collect();
    Ok(Answer::Json(json!({ "template_list": list })))
}

/// Removes one.
pub(crate) fn remove(desk: &mut Desk<'_>) -> Result {
    let body = desk.json()?;
    desk.account().templates.remove(body["template_id"].as_str().unwrap_or_default())?;
    Ok(Answer::done())
}
