//! The menus of one account: the default one, the conditional ones, and who sees which.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A conditional menu.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Conditional {
    id: u64,
    buttons: Vec<Value>,
    rule: Map<String, Value>,
}

/// What a person's client is matched by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Viewer {
    /// The tag set last.
    pub(crate) tag: Option<u64>,
    /// 1 iOS, 2 Android, 3 others.
    pub(crate) platform: u8,
}

/// All menus of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Menus {
    default: Option<(u64, Vec<Value>)>,
    conditional: Vec<Conditional>,
}

const REMOVED_RULES: [&str; 5] = ["sex", "country", "province", "city", "language"];

impl Menus {
    /// Replaces the default menu.
    pub(crate) fn set(&mut self, id: u64, buttons: Vec<Value>) {
        self.default = Some((id, buttons));
    }

    /// Removes every menu.
    pub(crate) fn delete(&mut self) {
        *self = Menus::default();
    }

    /// Checks the rule of a conditional menu.
    pub(crate) fn check_rule(&self, rule: &Value) -> Result<Map<String, Value>, i64> {
        if self.default.is_none() {
            return Err(65303);
        }
        let Some(rule) = rule.as_object() else { return Err(65304) };
        let given = |name: &str| rule.get(name).is_some_and(|value| !value.is_null() && value != "");
        if REMOVED_RULES.iter().any(|name| given(name)) {
            return Err(65320);
        }
        if !["tag_id", "group_id", "client_platform_type"].iter().any(|name| given(name)) {
            return Err(65304);
        }
        Ok(rule.clone())
    }

    /// Adds a conditional menu; at most three outside hosts in all of them.
    pub(crate) fn add(&mut self, id: u64, buttons: Vec<Value>, rule: Map<String, Value>) -> Result<(), i64> {
        let mut hosts = super::menu_check::hosts(&buttons);
        hosts.extend(self.conditional.iter().flat_map(|menu| super::menu_check::hosts(&menu.buttons)));
        hosts.sort();
        hosts.dedup();
        if hosts.len() > 3 {
            return Err(65316);
        }
        self.conditional.push(Conditional { id, buttons, rule });
        Ok(())
    }

    /// Removes one conditional menu.
    pub(crate) fn remove(&mut self, id: &str) -> Result<(), i64> {
        let before = self.conditional.len();
        self.conditional.retain(|menu| menu.id.to_string() != id);
        if self.conditional.len() == before { Err(65301) } else { Ok(()) }
    }

    /// The menu a person sees, with its id: the newest that matches, else the default.
    pub(crate) fn seen_by(&self, viewer: &Viewer) -> Option<(u64, &[Value])> {
        let matching = self.conditional.iter().rev().find(|menu| matches(&menu.rule, viewer));
        match (matching, &self.default) {
            (Some(menu), Some(_)) => Some((menu.id, &menu.buttons)),
            (_, Some((id, buttons))) => Some((*id, buttons)),
            (_, None) => None,
        }
    }

    /// `menu/get`.
    pub(crate) fn get(&self) -> Option<Value> {
        let (id, buttons) = self.default.as_ref()?;
        if self.conditional.is_empty() {
            return Some(json!({"menu": {"button": shown(buttons)}}));
        }
        let conditional: Vec<Value> = self
            .conditional
            .iter()
            .rev()
            .map(|menu| {
                json!({"button": shown(&menu.buttons), "matchrule": answered_rule(&menu.rule), "menuid": menu.id})
            })
            .collect();
        Some(json!({"menu": {"button": shown(buttons), "menuid": id}, "conditionalmenu": conditional}))
    }

    /// `get_current_selfmenu_info`.
    pub(crate) fn self_info(&self) -> Value {
        let Some((_, buttons)) = &self.default else {
            return json!({"is_menu_open": 0, "selfmenu_info": {"button": []}});
        };
        let buttons: Vec<Value> = buttons
            .iter()
            .map(|button| {
                let mut button = without_empty_list(button);
                if let Some(Value::Array(list)) = button.get_mut("sub_button").map(Value::take) {
                    let list: Vec<Value> = list.iter().map(without_empty_list).collect();
                    button["sub_button"] = json!({ "list": list });
                }
                button
            })
            .collect();
        json!({"is_menu_open": 1, "selfmenu_info": {"button": buttons}})
    }
}

/// Rules name a tag `tag_id` when asked and `group_id` when answered.
fn answered_rule(rule: &Map<String, Value>) -> Value {
    let renamed = rule.iter().map(|(name, value)| {
        if name != "tag_id" {
            return (name.clone(), value.clone());
        }
        let number = as_number(value).map_or_else(|| value.clone(), Value::from);
        ("group_id".to_owned(), number)
    });
    Value::Object(renamed.collect())
}

fn as_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn matches(rule: &Map<String, Value>, viewer: &Viewer) -> bool {
    let set = |name: &str| rule.get(name).filter(|value| !value.is_null() && *value != "");
    let tag = set("tag_id").or_else(|| set("group_id"));
    let platform = set("client_platform_type");
    tag.is_none_or(|tag| viewer.tag.is_some() && as_number(tag) == viewer.tag)
        && platform.is_none_or(|platform| as_number(platform) == Some(u64::from(viewer.platform)))
}

fn without_empty_list(button: &Value) -> Value {
    let mut button = button.clone();
    if let Value::Object(fields) = &mut button
        && fields.get("sub_button").and_then(Value::as_array).is_some_and(Vec::is_empty)
    {
        fields.shift_remove("sub_button");
    }
    button
}

fn shown(buttons: &[Value]) -> Value {
    Value::Array(buttons.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(name: &str) -> Value {
        json!({"type": "click", "name": name, "key": name, "sub_button": []})
    }

    fn menus() -> Menus {
        let mut menus = Menus::default();
        menus.set(1, vec![json!({"name": "上", "sub_button": [click("a")]}), click("b")]);
        menus
    }

    #[test]
    fn leaves_have_an_empty_list_and_ids_appear_with_conditional_menus() {
        let mut menus = menus();
        assert_eq!(
            menus.get().unwrap(),
            json!({"menu": {"button": [{"name": "上", "sub_button": [click("a")]}, click("b")]}})
        );
        let rule = menus.check_rule(&json!({"tag_id": "100"})).unwrap();
        menus.add(2, vec![click("c")], rule).unwrap();
        let got = menus.get().unwrap();
        assert_eq!(got["menu"]["menuid"], 1);
        assert_eq!(
            got["conditionalmenu"][0],
            json!({"button": [click("c")], "matchrule": {"group_id": 100}, "menuid": 2})
        );
    }

    #[test]
    fn the_other_form_has_lists_as_objects_and_only_on_parents() {
        assert_eq!(
            menus().self_info(),
            json!({"is_menu_open": 1, "selfmenu_info": {"button": [
                {"name": "上", "sub_button": {"list": [{"type": "click", "name": "a", "key": "a"}]}},
                {"type": "click", "name": "b", "key": "b"}
            ]}})
        );
        assert_eq!(Menus::default().self_info()["is_menu_open"], 0);
    }

    #[test]
    fn rules_need_a_default_menu_and_a_live_field() {
        assert_eq!(Menus::default().check_rule(&json!({"tag_id": "1"})), Err(65303));
        assert_eq!(menus().check_rule(&Value::Null), Err(65304));
        assert_eq!(menus().check_rule(&json!({"tag_id": ""})), Err(65304));
        assert_eq!(menus().check_rule(&json!({"tag_id": "1", "sex": "1"})), Err(65320));
        assert_eq!(menus().remove("9"), Err(65301));
    }

    #[test]
    fn the_newest_matching_menu_is_seen() {
        let mut menus = menus();
        let android = menus.check_rule(&json!({"client_platform_type": "2"})).unwrap();
        menus.add(2, vec![click("old")], android.clone()).unwrap();
        menus.add(3, vec![click("new")], android).unwrap();
        let seen = |platform| menus.seen_by(&Viewer { tag: None, platform }).unwrap().0;
        assert_eq!((seen(2), seen(1)), (3, 1));
    }
}
