//! `token_from`: the token service that a company has already.

use hongyan_wire::Secret;

use super::reader::{Item, Reader};
use super::secrets::Lookup;
use super::{ConfigError, Words};

/// Where the access token comes from when it is not the platform.
#[derive(Clone, Debug)]
pub struct TokenFrom {
    /// The address that is asked; its query may hold a secret.
    pub http: Secret,
    /// Where in the answer the token stands, as a JSON pointer.
    pub pointer: String,
    /// Where in the answer the seconds stand that the token is still good for.
    pub expires_in: Option<String>,
    /// Headers that go with the question.
    pub headers: Vec<(String, Secret)>,
}

const KEYS: [&str; 5] = ["http", "pointer", "expires_in", "headers", "bearer"];

pub(super) fn token_from(item: &Item<'_>, lookup: &Lookup<'_>) -> Result<TokenFrom, ConfigError> {
    let table = item.table()?;
    table.only(&KEYS)?;
    let example = Words::new(
        "for example { http = \"https://tokens.example/wx\", pointer = \"/access_token\" }",
        "例如 { http = \"https://tokens.example/wx\", pointer = \"/access_token\" }",
    );
    let http = table.need("http", &example)?;
    let address = lookup.resolve(&http)?;
    let good =
        url::Url::parse(&address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !good {
        let what = Words::new("`http` is not an address", "`http` 不是有效的地址");
        return Err(ConfigError::at(http.key_place(), what).hint(example));
    }
    let mut headers = Vec::new();
    if let Some(bearer) = table.get("bearer") {
        let secret = lookup.secret(&bearer)?;
        headers.push(("authorization".to_owned(), Secret::new(format!("Bearer {}", secret.expose()))));
    }
    for header in table.get("headers").map(|item| item.table()).transpose()?.iter().flat_map(Reader::items) {
        let value = lookup.secret(&header)?;
        let known = reqwest::header::HeaderName::try_from(header.key.as_str()).is_ok()
            && reqwest::header::HeaderValue::try_from(value.expose()).is_ok();
        if !known {
            let what = Words::new(
                format!("`{}` is no header that can be sent", header.key),
                format!("`{}` 不是可以发送的请求头", header.key),
            );
            return Err(ConfigError::at(header.key_place(), what));
        }
        headers.push((header.key.clone(), value));
    }
    let pointer =
        table.get("pointer").map_or_else(|| Ok("/access_token".to_owned()), |item| pointer(&item))?;
    let expires_in = table.get("expires_in").map(|item| self::pointer(&item)).transpose()?;
    Ok(TokenFrom { http: Secret::new(address), pointer, expires_in, headers })
}

/// A JSON pointer: empty for the whole answer, or beginning with a slash.
fn pointer(item: &Item<'_>) -> Result<String, ConfigError> {
    let text = item.string()?;
    if text.is_empty() || text.starts_with('/') {
        return Ok(text.to_owned());
    }
    let key = &item.key;
    Err(item
        .fail(Words::new(
            format!("`{key}` is not a place in a JSON answer: \"{text}\""),
            format!("`{key}` 不是 JSON 应答中的位置：\"{text}\""),
        ))
        .hint(Words::new(
            format!("write a JSON pointer, which begins with a slash: \"/{text}\""),
            format!("请写 JSON 指针，以斜杠开头：\"/{text}\""),
        )))
}
