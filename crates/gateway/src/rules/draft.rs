//! A message of a rule before its values are known.

use std::path::{Component, Path};

use serde_json::{Map, Value};

use super::http::literal_origin;
use super::template::{Encode, Engine, NoText, Text};
use super::tree::Tree;
use crate::config::{ConfigError, MessageConfig, Place, Words};
use crate::message::{BadMessage, Message, full, is_template, is_upload};

/// A message with its templates read.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    message: Tree,
    /// The media ids among its fields, checked once more when they are made.
    media: Vec<(String, Media)>,
    kind: String,
}

/// A media id of a draft.
#[derive(Clone, Debug)]
struct Media {
    text: Text,
    /// Whether it may turn out to be a file or an address to upload.
    upload: bool,
}

impl Draft {
    /// Reads a message of a rule; `folder` is where files are looked for.
    pub(crate) fn read(
        config: &MessageConfig,
        rule_place: &Place,
        engine: &mut Engine,
        names: &[String],
        folder: &Path,
    ) -> Result<Draft, ConfigError> {
        let at = |pointer: &str, what: Words| {
            ConfigError::at(config.place(pointer).unwrap_or(rule_place).clone(), what)
        };
        let mut full = full(&config.value).map_err(|BadMessage { pointer, what }| at(&pointer, what))?;
        let kind = full.get("msgtype").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut media = Vec::new();
        if let Some(Value::Object(body)) = full.get_mut(&kind) {
            for name in ["media_id", "thumb_media_id"] {
                if let Some(Value::String(source)) = body.get(name) {
                    let pointer = format!("/{kind}/{name}");
                    let read =
                        read_media(source, engine, names, folder).map_err(|what| at(&pointer, what))?;
                    if !read.text.is_fixed() {
                        media.push((name.to_owned(), read));
                        body.remove(name);
                    }
                }
            }
        }
        let mut message = Vec::new();
        for (key, value) in &full {
            message.push((key.clone(), read_tree(value, &format!("/{key}"), engine, names, &at)?));
        }
        Ok(Draft { message: Tree::Object(message), media, kind })
    }

    /// Whether it is the same for every message.
    pub(crate) fn is_fixed(&self) -> bool {
        self.media.is_empty() && self.message.is_fixed()
    }

    /// Whether it uses a name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.message.uses(name) || self.media.iter().any(|(_, media)| media.text.uses(name))
    }

    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    pub(crate) fn render(&self, engine: &Engine, values: &minijinja::Value) -> Result<Message, NoText> {
        let Value::Object(mut full) = self.message.render(engine, values)? else {
            return Ok(Message::from_full(Map::new()));
        };
        for (name, media) in &self.media {
            let text = engine.render(&media.text, values)?;
            if is_upload(&text) && !(media.upload && stays_inside(&text)) {
                return Err(NoText(Words::new(
                    "a media id came out as a file or an address, which the rule does not permit",
                    "媒体 ID 变成了文件或地址，规则不允许",
                )));
            }
            if let Some(Value::Object(body)) = full.get_mut(&self.kind) {
                body.insert(name.clone(), Value::String(text));
            }
        }
        Ok(Message::from_full(full))
    }
}

/// Reads strings one by one, so that an error shows the string it is about.
fn read_tree(
    value: &Value,
    pointer: &str,
    engine: &mut Engine,
    names: &[String],
    at: &dyn Fn(&str, Words) -> ConfigError,
) -> Result<Tree, ConfigError> {
    match value {
        Value::Array(list) => {
            let parts = list.iter().enumerate();
            let read =
                parts.map(|(index, one)| read_tree(one, &format!("{pointer}/{index}"), engine, names, at));
            read.collect::<Result<_, _>>().map(Tree::List)
        }
        Value::Object(object) => {
            let read = object.iter().map(|(key, one)| {
                Ok((key.clone(), read_tree(one, &format!("{pointer}/{key}"), engine, names, at)?))
            });
            read.collect::<Result<_, _>>().map(Tree::Object)
        }
        other => Tree::read(other, engine, names).map_err(|what| at(pointer, what)),
    }
}

/// A person's words must not choose which file or address is uploaded; what the operator's own database says may.
fn read_media(source: &str, engine: &mut Engine, names: &[String], folder: &Path) -> Result<Media, Words> {
    if !is_template(source) {
        if let Some(file) = source.strip_prefix("file:") {
            let path = folder.join(file);
            if !path.is_file() {
                let path = path.display();
                return Err(Words::new(format!("there is no file {path}"), format!("文件 {path} 不存在")));
            }
        }
        return Ok(Media { text: Text::Fixed(source.to_owned()), upload: is_upload(source) });
    }
    let address = source.starts_with("https:");
    let text = engine.read(source, if address { Encode::Address } else { Encode::Nothing }, names)?;
    if address {
        literal_origin(source)?;
    }
    let upload = is_upload(source) || text.only_fetched();
    Ok(Media { text, upload })
}

/// A file whose name was made from values stays in the folder of the configuration.
fn stays_inside(text: &str) -> bool {
    text.strip_prefix("file:")
        .is_none_or(|file| Path::new(file).components().all(|part| matches!(part, Component::Normal(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_file_names_stay_in_the_folder() {
        assert!(stays_inside("file:covers/1.jpg"));
        assert!(stays_inside("https://a.example/../x"));
        for outside in ["file:../x.jpg", "file:/etc/passwd", "file:a/../../b", "file:./a"] {
            assert!(!stays_inside(outside), "{outside}");
        }
    }
}
