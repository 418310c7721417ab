//! Menus as the platform gives them back.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Button, MatchRule, NewMenu};

/// The menus that were made through the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurrentMenu {
    /// The default menu.
    pub menu: NewMenu,
    /// The menus for some people only, as the platform lists them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditionalmenu: Vec<ConditionalMenu>,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl CurrentMenu {
    /// The answer as JSON in the platform's own shape, without the empty lists below leaves.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A menu for some people only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionalMenu {
    /// The buttons, left to right.
    pub button: Vec<Button>,
    /// Who sees them.
    pub matchrule: MatchRule,
    /// Its number, for deleting it.
    #[serde(deserialize_with = "crate::api::number::as_text")]
    pub menuid: String,
}

/// The number of a conditional menu that was added.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConditionalMenuId {
    /// The number, for deleting it.
    #[serde(deserialize_with = "crate::api::number::as_text")]
    pub menuid: String,
}

/// The menu that a person sees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// The buttons, left to right.
    #[serde(default)]
    pub button: Vec<Button>,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The menu in force, wherever it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownMenu {
    /// Whether the menu is switched on.
    #[serde(deserialize_with = "crate::api::number::as_truth")]
    pub is_menu_open: bool,
    /// The menu; missing when there is none.
    #[serde(default)]
    pub selfmenu_info: SelfMenu,
    /// Other fields.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The buttons of the menu in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SelfMenu {
    /// The buttons as they come: those made on the web site have types and fields of their own (`text`, `img`,
    /// `voice`, `video`, `news` with `value` and `news_info`), and buttons below one stand in `sub_button.list`.
    #[serde(default)]
    pub button: Vec<Map<String, Value>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_platforms_answer_is_read_with_its_oddities() {
        let answer: CurrentMenu = serde_json::from_value(json!({
            "menu": {"button": [{"type": "click", "name": "a", "key": "k", "sub_button": []}], "menuid": 208_379_533},
            "conditionalmenu": [{
                "button": [{"type": "view", "name": "b", "url": "u", "sub_button": []}],
                "matchrule": {"group_id": 2, "language": "zh_CN"}, "menuid": 208_396_938,
            }],
        }))
        .unwrap();
        let conditional = &answer.conditionalmenu[0];
        assert_eq!(
            (conditional.menuid.as_str(), conditional.matchrule.tag_id.as_deref()),
            ("208396938", Some("2"))
        );
        assert_eq!(conditional.matchrule.more["language"], "zh_CN");
        assert_eq!(answer.to_value()["menu"]["button"][0], json!({"name": "a", "type": "click", "key": "k"}));
    }

    #[test]
    fn a_menu_of_the_web_site_is_kept_as_it_is() {
        let answer: ShownMenu = serde_json::from_value(json!({
            "is_menu_open": 1,
            "selfmenu_info": {"button": [{"name": "a", "sub_button": {"list": [{"type": "text", "name": "b", "value": "hi"}]}}]},
        }))
        .unwrap();
        assert!(answer.is_menu_open);
        assert_eq!(answer.selfmenu_info.button[0]["sub_button"]["list"][0]["value"], "hi");
    }
}
