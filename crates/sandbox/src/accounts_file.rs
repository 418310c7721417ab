//! Reads an accounts file, TOML or JSON.

use serde::Deserialize;

use crate::options::AccountOptions;

/// Why an accounts file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// It looks like JSON and cannot be read.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It cannot be read as TOML.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// Nothing is in it.
    #[error("it lists no account; give it one [[accounts]] table, or a JSON list with one object")]
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    accounts: Vec<AccountOptions>,
}

/// The accounts of a file in their order.
pub(crate) fn read(text: &str) -> Result<Vec<AccountOptions>, AccountsError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut signs = text.chars().filter(|c| !c.is_whitespace());
    match (signs.next(), signs.next()) {
        (Some('{'), _) => Ok(serde_json::from_str::<Whole>(text)?.accounts),
        (Some('['), Some('{' | ']')) => Ok(serde_json::from_str(text)?),
        // A file of nothing but comments is TOML without accounts.
        _ if text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#')) => {
            Ok(Vec::new())
        }
        _ => Ok(toml::from_str::<Whole>(text)?.accounts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Kind, Mode, Options};

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "# two\n[[accounts]]\napp_id = \"wx1\"\nkind = \"subscription\"\nverified = false\n\n[[accounts]]\napp_id = \"wx2\"\nmode = \"secure\"\nip_list = [\"10.0.0.0/8\"]\n";
        let json = r#"[{"app_id": "wx1", "kind": "subscription", "verified": false},
            {"app_id": "wx2", "mode": "secure", "ip_list": ["10.0.0.0/8"]}]"#;
        let wrapped = format!("{{\"accounts\": {json}}}");
        for text in [toml, json, wrapped.as_str()] {
            let accounts = read(text).unwrap();
            assert_eq!(accounts.len(), 2, "{text}");
            assert_eq!((accounts[0].app_id.as_str(), accounts[0].kind), ("wx1", Kind::Subscription));
            assert!(!accounts[0].verified && accounts[1].verified);
            assert_eq!(accounts[1].mode, Mode::Secure);
            assert_eq!(accounts[1].ip_list.as_deref(), Some(&["10.0.0.0/8".to_owned()][..]));
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let unknown = read("[[accounts]]\napp_idd = \"wx1\"\n").unwrap_err().to_string();
        assert!(unknown.contains("app_idd") && unknown.contains("line 2"), "{unknown}");
        let json = read(r#"[{"kind": "shop"}]"#).unwrap_err().to_string();
        assert!(json.contains("shop") && json.contains("line 1"), "{json}");
        for empty in ["", "# nothing\n", "[]", "accounts = []"] {
            let error = Options::default().with_accounts(empty).unwrap_err();
            assert!(matches!(error, AccountsError::Empty), "{empty:?}: {error}");
        }
    }
}
