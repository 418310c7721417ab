//! Reads TOML tables key by key, so that every mistake can be shown where it stands.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::Source;
use super::{ConfigError, Place, Words};

/// One table of the file.
pub(crate) struct Reader<'a> {
    source: &'a Source<'a>,
    table: &'a DeTable<'a>,
    at: std::ops::Range<usize>,
    /// The table's name as written in the file, such as `accounts.main`; empty at the top.
    pub(crate) path: String,
}

/// One value with its key.
pub(crate) struct Item<'a> {
    source: &'a Source<'a>,
    pub(crate) key: String,
    key_at: std::ops::Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
    path: String,
}

impl<'a> Reader<'a> {
    pub(crate) fn top(source: &'a Source<'a>, table: &'a Spanned<DeTable<'a>>) -> Reader<'a> {
        Reader { source, table: table.get_ref(), at: 0..0, path: String::new() }
    }

    /// Refuses every key that is not among the allowed ones.
    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), ConfigError> {
        let Some(item) = self.items().into_iter().find(|item| !allowed.contains(&item.key.as_str())) else {
            return Ok(());
        };
        let (en, zh) = match self.path.as_str() {
            "" => (String::new(), String::new()),
            path => (format!(" in [{path}]"), format!("（在 [{path}] 中）")),
        };
        let key = &item.key;
        let place = item.key_place().without_value();
        let nearest = nearest(key, allowed);
        let list = allowed.join(", ");
        let hint = Words::new(
            match nearest {
                Some(near) => format!("did you mean `{near}`? Allowed here: {list}"),
                None => format!("allowed here: {list}"),
            },
            match nearest {
                Some(near) => format!("是否想写 `{near}`？此处允许的键：{list}"),
                None => format!("此处允许的键：{list}"),
            },
        );
        let what = Words::new(format!("unknown key `{key}`{en}"), format!("未知的键 `{key}`{zh}"));
        Err(ConfigError::at(place, what).hint(hint))
    }

    pub(crate) fn get(&self, key: &str) -> Option<Item<'a>> {
        self.table.get_key_value(key).map(|(key, value)| self.item(key, value))
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&self, key: &str, what_for: &Words) -> Result<Item<'a>, ConfigError> {
        self.get(key).ok_or_else(|| {
            ConfigError::at(
                self.place(),
                Words::new(
                    format!("`{key}` is missing in [{}]", self.path),
                    format!("[{}] 中缺少 `{key}`", self.path),
                ),
            )
            .hint(what_for.clone())
        })
    }

    /// All values in the order of the file.
    pub(crate) fn items(&self) -> Vec<Item<'a>> {
        let mut items: Vec<_> = self.table.iter().map(|(key, value)| self.item(key, value)).collect();
        items.sort_by_key(|item| item.key_at.start);
        items
    }

    pub(crate) fn place(&self) -> Place {
        self.source.place(self.at.clone())
    }

    pub(crate) fn string(&self, key: &str) -> Result<Option<String>, ConfigError> {
        self.get(key).map(|item| item.string().map(str::to_owned)).transpose()
    }

    pub(crate) fn bool(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.get(key).map(|item| item.bool()).transpose()
    }

    pub(crate) fn duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
        self.get(key).map(|item| item.duration()).transpose()
    }

    fn item(&self, key: &'a Spanned<std::borrow::Cow<'a, str>>, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        Item {
            source: self.source,
            key: key.get_ref().to_string(),
            key_at: key.span(),
            value,
            path: self.path.clone(),
        }
    }
}

impl<'a> Item<'a> {
    pub(crate) fn string(&self) -> Result<&'a str, ConfigError> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong("a string in quotes", "带引号的字符串"))
    }

    pub(crate) fn bool(&self) -> Result<bool, ConfigError> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("true or false", "true 或 false"))
    }

    /// A length of time such as `300ms`, `30s`, `10m`, `48h` or `30d`.
    pub(crate) fn duration(&self) -> Result<Duration, ConfigError> {
        let text = self.string()?;
        parse_duration(text).ok_or_else(|| {
            self.fail(Words::new(
                format!("`{}` is not a length of time: \"{text}\"", self.key),
                format!("`{}` 不是有效的时长：\"{text}\"", self.key),
            ))
            .hint(Words::new(
                "write a number and a unit, such as \"300ms\", \"30s\", \"10m\", \"48h\" or \"30d\"",
                "请写数字加单位，例如 \"300ms\"、\"30s\"、\"10m\"、\"48h\"、\"30d\"",
            ))
        })
    }

    /// One of a few words.
    pub(crate) fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = self.string()?;
        choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let list = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
            self.fail(Words::new(
                format!("`{}` cannot be \"{text}\"", self.key),
                format!("`{}` 不能是 \"{text}\"", self.key),
            ))
            .hint(Words::new(format!("allowed: {list}"), format!("允许的值：{list}")))
        })
    }

    /// The strings of a list, or the only one.
    pub(crate) fn strings(&self) -> Result<Vec<&'a str>, ConfigError> {
        let value = self.value.get_ref();
        if let Some(text) = value.as_str() {
            return Ok(vec![text]);
        }
        let wrong = || self.wrong("a string or a list of strings", "字符串或字符串列表");
        let list = value.as_array().ok_or_else(wrong)?;
        if list.is_empty() {
            return Err(self.empty_list());
        }
        list.iter().map(|one| one.get_ref().as_str().ok_or_else(wrong)).collect()
    }

    pub(crate) fn table(&self) -> Result<Reader<'a>, ConfigError> {
        let table = self.value.get_ref().as_table().ok_or_else(|| self.wrong("a table", "表"))?;
        let path =
            if self.path.is_empty() { self.key.clone() } else { format!("{}.{}", self.path, self.key) };
        // An inline table is shown itself, a section by its heading.
        let at = if self.value.span().is_empty() { self.key_at.clone() } else { self.value.span() };
        Ok(Reader { source: self.source, table, at, path })
    }

    pub(crate) fn is_true(&self) -> bool {
        self.value.get_ref().as_bool() == Some(true)
    }

    pub(crate) fn is_array(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub(crate) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    /// The elements of a list, or the value itself when it is not a list.
    pub(crate) fn elements(&self) -> Vec<Item<'a>> {
        let Some(list) = self.value.get_ref().as_array() else {
            return vec![self.with(self.value)];
        };
        list.iter().map(|value| self.with(value)).collect()
    }

    fn with(&self, value: &'a Spanned<DeValue<'a>>) -> Item<'a> {
        Item {
            source: self.source,
            key: self.key.clone(),
            key_at: self.key_at.clone(),
            value,
            path: self.path.clone(),
        }
    }

    pub(crate) fn place(&self) -> Place {
        self.source.place(self.value.span())
    }

    pub(crate) fn key_place(&self) -> Place {
        self.source.place(self.key_at.clone())
    }

    /// An error under the value.
    pub(crate) fn fail(&self, what: Words) -> ConfigError {
        ConfigError::at(self.place(), what)
    }

    /// The value is of another type than it must be.
    pub(crate) fn wrong(&self, en: &str, zh: &str) -> ConfigError {
        let found = self.value.get_ref().type_str();
        self.fail(Words::new(
            format!("`{}` must be {en}, not {found}", self.key),
            format!("`{}` 必须是{zh}，而不是 {found}", self.key),
        ))
    }

    /// The list has nothing in it.
    pub(crate) fn empty_list(&self) -> ConfigError {
        let key = &self.key;
        self.fail(Words::new(format!("`{key}` is an empty list"), format!("`{key}` 是空列表")))
    }

    /// The value as JSON, in the order of the file, with the place of every string.
    pub(crate) fn json(&self) -> Result<(Value, Vec<(String, Place)>), ConfigError> {
        let mut places = Vec::new();
        let value = self.to_json(self.value, &mut String::new(), &mut places)?;
        Ok((value, places))
    }

    fn to_json(
        &self,
        value: &Spanned<DeValue<'_>>,
        pointer: &mut String,
        places: &mut Vec<(String, Place)>,
    ) -> Result<Value, ConfigError> {
        let place = self.source.place(value.span());
        places.push((pointer.clone(), place.clone()));
        let bad =
            || ConfigError::at(place.clone(), Words::new("this value is not understood", "无法理解这个值"));
        let length = pointer.len();
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Integer(number) => {
                Value::from(i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| bad())?)
            }
            DeValue::Float(number) => {
                let number: f64 = number.as_str().parse().map_err(|_| bad())?;
                Value::Number(Number::from_f64(number).ok_or_else(bad)?)
            }
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Array(list) => {
                let mut out = Vec::new();
                for (index, one) in list.iter().enumerate() {
                    let _ = write!(pointer, "/{index}");
                    out.push(self.to_json(one, pointer, places)?);
                    pointer.truncate(length);
                }
                Value::Array(out)
            }
            DeValue::Table(table) => {
                let mut entries: Vec<_> = table.iter().collect();
                entries.sort_by_key(|(key, _)| key.span().start);
                let mut out = Map::new();
                for (key, one) in entries {
                    let _ = write!(pointer, "/{}", key.get_ref());
                    out.insert(key.get_ref().to_string(), self.to_json(one, pointer, places)?);
                    pointer.truncate(length);
                }
                Value::Object(out)
            }
        })
    }
}

/// `300ms`, `30s`, `10m`, `48h`, `30d`.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..unit_at].parse().ok()?;
    let millis = match &text[unit_at..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    // A century is more than any setting means, and keeps sums of times from overflowing.
    let total = number.checked_mul(millis).filter(|total| *total <= 36_525 * 86_400_000)?;
    Some(Duration::from_millis(total))
}

/// The allowed key that differs least from the one given, if it is near enough to be a slip.
pub(crate) fn nearest<'k>(key: &str, allowed: &[&'k str]) -> Option<&'k str> {
    let key = key.to_lowercase().replace('-', "_");
    let best = allowed.iter().map(|one| (distance(&key, one), *one)).min()?;
    (best.0 <= 2.min(best.1.len() / 2)).then_some(best.1)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(parse_duration("300ms"), Some(Duration::from_millis(300)));
        assert_eq!(parse_duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse_duration("10m"), Some(Duration::from_mins(10)));
        assert_eq!(parse_duration("48h"), Some(Duration::from_hours(48)));
        assert_eq!(parse_duration("30d"), Some(Duration::from_hours(720)));
        for bad in ["", "5", "s", "-5s", "1.5h", "5 s", "5w", "99999999999999999999d", "40000d"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn slips_find_the_key_that_was_meant() {
        let allowed = ["app_id", "secret", "token", "kind"];
        assert_eq!(nearest("secrt", &allowed), Some("secret"));
        assert_eq!(nearest("app-id", &allowed), Some("app_id"));
        assert_eq!(nearest("colour", &allowed), None);
    }
}
