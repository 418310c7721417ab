//! The menu's file, looked at before the start when it is to be applied then.

use std::path::Path;

use hongyan::NewMenu;
use hongyan_wire::Lang;
use serde_json::Value;

use super::place::Source;
use super::reader::Item;
use super::{ConfigError, Words};

/// Refuses a file that is missing, is not JSON, or is no menu that the platform takes.
pub(super) fn check(item: &Item<'_>, file: &Path) -> Result<(), ConfigError> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        item.fail(Words::new(
            format!("the menu {name} cannot be read: {error}"),
            format!("无法读取菜单文件 {name}：{error}"),
        ))
        .hint(Words::new(
            "write the file, or leave `menu_at_start` out",
            "请先写好该文件，或去掉 `menu_at_start`",
        ))
    })?;
    let menu: Value = serde_json::from_str(&text).map_err(|error| {
        let at = offset(&text, error.line(), error.column());
        ConfigError::at(
            Source { file, text: &text }.shown(at..at + 1),
            Words::new(format!("the menu is not JSON: {error}"), format!("菜单文件不是有效的 JSON：{error}")),
        )
    })?;
    if menu.get("button").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(item.fail(Words::new(
            format!("the menu {name} has no \"button\" list with at least one button"),
            format!("菜单文件 {name} 中没有 \"button\" 列表，或列表为空"),
        )));
    }
    // The typed menu knows the limits; what it does not know goes to the platform as it stands.
    if serde_json::from_value::<NewMenu>(menu.clone()).is_ok() {
        NewMenu::from_value(&menu).map_err(|error| {
            item.fail(Words::new(
                format!("the menu {name} cannot be applied: {error}"),
                format!("菜单文件 {name} 无法应用：{}", error.text(Lang::Zh)),
            ))
        })?;
    }
    Ok(())
}

/// The byte at a line and a column, both counted from 1; the column counts bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}
