//! A menu's JSON as people keep it in a file.

use serde_json::{Value, json};

/// The menu as it is sent: without the platform's wrapping and without the empty lists that it adds to each button.
pub(super) fn bare(answer: &Value) -> Value {
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

/// How many buttons do something.
pub(super) fn leaves(menu: &Value) -> usize {
    let below = |button: &Value| button["sub_button"].as_array().map_or(1, Vec::len);
    menu["button"].as_array().into_iter().flatten().map(below).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_wrapping_and_empty_lists_go() {
        let answer = json!({"menu": {"button": [
            {"name": "A", "sub_button": [{"type": "click", "name": "x", "key": "x", "sub_button": []}]},
            {"name": "B", "type": "click", "key": "b", "sub_button": []},
        ]}, "conditionalmenu": []});
        let kept = json!({"button": [
            {"name": "A", "sub_button": [{"name": "x", "type": "click", "key": "x"}]},
            {"name": "B", "type": "click", "key": "b"},
        ]});
        assert_eq!(bare(&answer), kept);
        assert_eq!(bare(&kept), kept);
        assert_eq!(leaves(&kept), 2);
    }

    #[test]
    fn what_is_no_menu_has_no_buttons() {
        assert_eq!(bare(&json!([1])), json!({"button": []}));
    }
}
