//! Where a secret's value comes from: the environment, a file, or the configuration itself.

use std::path::Path;

use hongyan_wire::Secret;

use super::reader::Item;
use super::{ConfigError, Words};

/// Looks up environment variables and relative files.
pub(crate) struct Lookup<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) env: &'a dyn Fn(&str) -> Option<String>,
}

impl Lookup<'_> {
    /// `env:NAME`, `file:PATH` (one trailing line end is dropped) or the value itself.
    pub(crate) fn resolve(&self, item: &Item<'_>) -> Result<String, ConfigError> {
        self.resolve_text(item, item.string()?)
    }

    pub(crate) fn resolve_text(&self, item: &Item<'_>, text: &str) -> Result<String, ConfigError> {
        let value = if let Some(name) = text.strip_prefix("env:") {
            (self.env)(name).ok_or_else(|| missing_variable(item, name))?
        } else if let Some(path) = text.strip_prefix("file:") {
            let path = self.folder.join(path);
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(item, &path, &error))?;
            text.strip_suffix('\n').map_or(text.as_str(), |text| text.trim_end_matches('\r')).to_owned()
        } else {
            text.to_owned()
        };
        if value.is_empty() {
            let key = &item.key;
            return Err(ConfigError::at(
                item.key_place(),
                Words::new(format!("`{key}` is empty"), format!("`{key}` 是空的")),
            ));
        }
        Ok(value)
    }

    pub(crate) fn secret(&self, item: &Item<'_>) -> Result<Secret, ConfigError> {
        self.resolve(item).map(Secret::new)
    }
}

fn missing_variable(item: &Item<'_>, name: &str) -> ConfigError {
    let key = &item.key;
    ConfigError::at(
        item.key_place(),
        Words::new(
            format!("`{key}` wants the environment variable {name}, which is not set"),
            format!("`{key}` 需要环境变量 {name}，但它没有设置"),
        ),
    )
    .hint(Words::new(
        format!("set it first: export {name}=…  (or write \"file:PATH\" to read it from a file)"),
        format!("请先设置：export {name}=…（或者写 \"file:路径\" 从文件读取）"),
    ))
}

fn unreadable(item: &Item<'_>, path: &Path, error: &std::io::Error) -> ConfigError {
    let key = &item.key;
    let path = path.display();
    ConfigError::at(
        item.key_place(),
        Words::new(
            format!("`{key}` cannot be read from {path}: {error}"),
            format!("无法从 {path} 读取 `{key}`：{error}"),
        ),
    )
    .hint(Words::new(
        "a relative path starts at the folder of the configuration file",
        "相对路径从配置文件所在的文件夹算起",
    ))
}
