//! The menu under the chat: what there is, what a change would do, the change.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use hongyan::menu::{Action, Button, NewMenu, diff};
use hongyan::{Call, Client, Error};
use hongyan_wire::ErrCode;
use serde_json::{Value, json};

use super::ask::object;
use super::problem::Problem;
use super::routes::Routes;
use super::{Answer, Api};

/// The platform's code for an account without a menu made by API.
const NO_MENU: ErrCode = ErrCode(46003);

pub(super) fn routes() -> Routes {
    Routes::new().get("/menu", get).put("/menu", put).delete("/menu", delete).post("/menu/plan", plan)
}

async fn get(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap) -> Answer {
    let account = api.account(&headers, "menu", &account)?;
    let menu = current(account.client()).await?;
    let menu = menu.ok_or_else(|| {
        Problem::not_found("the account has no menu made by the API; PUT one here, in the platform's JSON")
    })?;
    let mut answer = bare(&menu);
    if let Some(conditional) = menu.get("conditionalmenu").filter(|list| list.is_array()) {
        answer["conditionalmenu"] = conditional.clone();
    }
    Ok(Json(answer).into_response())
}

async fn put(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap, body: Bytes) -> Answer {
    let account = api.account(&headers, "menu", &account)?;
    let wanted = read(&body)?;
    account.client().menu().create(&wanted).await?;
    tracing::info!(account = %account.name(), "the menu was changed by the API");
    Ok(Json(wanted).into_response())
}

async fn delete(State(api): State<Api>, Path(account): Path<String>, headers: HeaderMap) -> Answer {
    let account = api.account(&headers, "menu", &account)?;
    account.client().menu().delete().await?;
    Ok(Json(json!({"deleted": true})).into_response())
}

async fn plan(
    State(api): State<Api>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let account = api.account(&headers, "menu", &account)?;
    let wanted = read(&body)?;
    let had = current(account.client()).await?.unwrap_or_default();
    let changes: Vec<String> = diff(&had, &wanted).iter().map(ToString::to_string).collect();
    Ok(Json(json!({"same": changes.is_empty(), "changes": changes})).into_response())
}

/// The platform's answer; nothing where the account has no menu.
async fn current(client: &Client) -> Result<Option<Value>, Problem> {
    match client.send::<Value>(Call::get("/cgi-bin/menu/get").safe()).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Refused(refusal)) if refusal.code == NO_MENU => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The menu of a body, within the platform's limits. What `GET` gives can be given back.
fn read(body: &[u8]) -> Result<Value, Problem> {
    let menu = bare(&Value::Object(object(body)?));
    if menu["button"].as_array().is_none_or(Vec::is_empty) {
        let detail =
            "the body must have a `button` list with at least one button, as the platform's menu JSON has";
        return Err(Problem::bad_request(detail));
    }
    let typed = NewMenu::from_value(&menu)?;
    match incomplete(&typed.button) {
        Some(problem) => Err(problem),
        None => Ok(menu),
    }
}

/// A button whose type is known and whose fields are not those of the type. A type that is newer than we are is the
/// platform's to judge.
fn incomplete(buttons: &[Button]) -> Option<Problem> {
    buttons.iter().find_map(|button| match &button.action {
        Action::Sub { sub_button } => incomplete(sub_button),
        Action::Other(fields) => {
            let kind = fields.get("type").and_then(Value::as_str);
            let new = kind.is_some_and(|kind| !KNOWN.contains(&kind));
            (!new).then(|| {
                let kind = kind.unwrap_or("none");
                let detail = format!(
                    "the button \"{}\" of type {kind} has not the fields of its type, such as `key` of click or `url` of view",
                    button.name
                );
                Problem::bad_request(detail)
            })
        }
        _ => None,
    })
}

/// Types whose fields the SDK knows.
const KNOWN: [&str; 13] = [
    "click",
    "view",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "media_id",
    "view_limited",
    "article_id",
    "article_view_limited",
    "miniprogram",
];

/// The menu as it is sent: without the platform's wrapping and without the empty lists that it adds to each button.
fn bare(answer: &Value) -> Value {
    let menu = answer.get("menu").filter(|menu| menu.is_object()).unwrap_or(answer);
    let mut buttons = menu.get("button").cloned().unwrap_or_else(|| json!([]));
    without_empty_lists(&mut buttons);
    json!({"button": buttons})
}

fn without_empty_lists(value: &mut Value) {
    for button in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if button.get("sub_button").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            button.remove("sub_button");
        }
        if let Some(below) = button.get_mut("sub_button") {
            without_empty_lists(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_get_gives_can_be_put_back() {
        let given = json!({"menu": {"button": [
            {"name": "A", "sub_button": [{"type": "click", "name": "x", "key": "x", "sub_button": []}]},
        ], "menuid": 7}});
        let read = read(given.to_string().as_bytes()).unwrap();
        let kept =
            json!({"button": [{"name": "A", "sub_button": [{"type": "click", "name": "x", "key": "x"}]}]});
        assert_eq!(read, kept);
    }

    #[test]
    fn what_is_no_menu_is_refused_and_a_new_type_is_not() {
        let said = |menu: Value| read(menu.to_string().as_bytes()).map_err(|problem| format!("{problem:?}"));
        assert!(said(json!({"button": []})).is_err());
        assert!(said(json!({"button": [{"name": "A", "type": "click"}]})).is_err());
        assert!(said(json!({"button": [{"type": "click", "key": "k"}]})).is_err());
        let long = json!({"button": [{"name": "这个名字太长了吧", "type": "click", "key": "k"}]});
        assert!(said(long).unwrap_err().contains("16"));
        assert!(said(json!({"button": [{"name": "A", "type": "from_2030", "what": 1}]})).is_ok());
    }
}
