//! `key=value,key=value` as people write it on a command line.

/// Splits `text` at each comma that is followed by one of `keys` and `=`, so that a value may hold commas and equals signs itself.
pub(crate) fn known<'a>(text: &'a str, keys: &[&str]) -> Result<Vec<(&'a str, &'a str)>, String> {
    split(text, |key| keys.contains(&key))
}

/// The same where any plain word is a key.
pub(crate) fn any(text: &str) -> Result<Vec<(&str, &str)>, String> {
    split(text, |key| {
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    })
}

fn split(text: &str, is_key: impl Fn(&str) -> bool) -> Result<Vec<(&str, &str)>, String> {
    let starts_pair = |part: &str| part.split_once('=').is_some_and(|(key, _)| is_key(key.trim()));
    if !starts_pair(text) {
        return Err(text.split('=').next().unwrap_or(text).trim().to_owned());
    }
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .match_indices(',')
            .map(|(at, _)| at)
            .find(|at| starts_pair(&rest[at + 1..]))
            .unwrap_or(rest.len());
        let (key, value) = rest[..end].split_once('=').unwrap_or((&rest[..end], ""));
        pairs.push((key.trim(), value));
        rest = rest.get(end + 1..).unwrap_or("");
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_commas_and_equals_signs() {
        let given = "title=One, two,url=http://a/?x=1,y=2,description=d";
        let pairs = known(given, &["title", "description", "url"]);
        assert_eq!(
            pairs,
            Ok(vec![("title", "One, two"), ("url", "http://a/?x=1,y=2"), ("description", "d")])
        );
    }

    #[test]
    fn an_unknown_first_key_is_named() {
        assert_eq!(known("titel=One", &["title"]), Err("titel".to_owned()));
        assert_eq!(known("", &["title"]), Err(String::new()));
    }

    #[test]
    fn any_word_is_a_key_where_the_keys_are_free() {
        assert_eq!(
            any("id=T1,first.value=你好,x=1"),
            Ok(vec![("id", "T1"), ("first.value", "你好"), ("x", "1")])
        );
    }
}
