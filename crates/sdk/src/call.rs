//! One call as data: where it goes and what it carries.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::endpoint::Method;
use crate::error::Error;
use crate::host::Host;
use crate::upload::{Progress, Upload};

/// A call of the platform's API that is not in the table, or is about to be sent by it.
///
/// ```no_run
/// # async fn example(client: hongyan::Client) -> Result<(), hongyan::Error> {
/// use hongyan::Call;
/// let answer = client.send::<serde_json::Value>(
///     Call::post("/cgi-bin/openapi/quota/get").field("cgi_path", "/cgi-bin/message/custom/send"),
/// ).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) host: Host,
    pub(crate) path: Cow<'static, str>,
    pub(crate) name: Option<&'static str>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
    pub(crate) fields: Map<String, Value>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) file: Option<Upload>,
    pub(crate) token: bool,
    pub(crate) safe: bool,
    pub(crate) progress: Option<Progress>,
    pub(crate) problem: Option<Arc<Error>>,
}

impl Call {
    /// A GET of a path such as `/cgi-bin/menu/get`.
    pub fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::Get, path)
    }

    /// A POST to a path such as `/cgi-bin/menu/create`.
    pub fn post(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::Post, path)
    }

    /// A call of either method.
    pub fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        let path = path.into();
        let bad = !path.starts_with('/')
            || path.contains(['#', '\\'])
            || path.split(['/', '?']).any(|part| part == "..");
        Self {
            problem: bad.then(|| {
                Arc::new(Error::invalid(
                    "the path of the call is wrong",
                    "it begins with / and has no .. in it",
                    "调用的路径不对：应以 / 开头，且不含 ..",
                ))
            }),
            method,
            host: Host::Api,
            path,
            name: None,
            query: Vec::new(),
            fields: Map::new(),
            body: None,
            file: None,
            token: true,
            safe: false,
            progress: None,
        }
    }

    /// Adds a query parameter; a `None` is left out.
    pub fn query(mut self, key: impl Into<Cow<'static, str>>, value: impl Serialize) -> Self {
        let key = key.into();
        match serde_json::to_value(value) {
            Ok(Value::Null) => {}
            Ok(Value::String(text)) => self.query.push((key, text)),
            Ok(value @ (Value::Bool(_) | Value::Number(_))) => self.query.push((key, value.to_string())),
            Ok(_) => {
                self = self.refuse(Error::invalid(
                    format!("the query parameter {key} is a list or an object"),
                    "one text, number or truth value",
                    format!("查询参数 {key} 应是单个文本、数字或真假值"),
                ));
            }
            Err(error) => {
                let (en, zh) = (format!("the query parameter {key}"), format!("查询参数 {key} "));
                self = self.refuse(unwritable(&en, &zh, &error));
            }
        }
        self
    }

    /// Adds a field to the JSON body, or to the form when a file is sent; a `None` is left out.
    pub fn field(mut self, key: impl Into<String>, value: impl Serialize) -> Self {
        let key = key.into();
        match serde_json::to_value(value) {
            Ok(Value::Null) => {}
            Ok(value) => {
                self.fields.insert(key, value);
            }
            Err(error) => {
                let (en, zh) = (format!("the field {key}"), format!("字段 {key} "));
                self = self.refuse(unwritable(&en, &zh, &error));
            }
        }
        self
    }

    /// Sets the whole JSON body, sent as raw UTF-8.
    pub fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(bytes),
            Err(error) => {
                self = self.refuse(unwritable("the body", "请求体", &error));
            }
        }
        self
    }

    /// Sends a file as the form field `media`.
    pub fn file(mut self, upload: Upload) -> Self {
        self.file = Some(upload);
        self
    }

    /// Sends the call to another of the platform's hosts.
    pub fn host(mut self, host: Host) -> Self {
        self.host = host;
        self
    }

    /// Sends no access token.
    pub fn no_token(mut self) -> Self {
        self.token = false;
        self
    }

    /// Says that doing it twice does no harm: only then is it repeated when its answer was lost.
    pub fn safe(mut self) -> Self {
        self.safe = true;
        self
    }

    /// Is told how many bytes of the answer have come, and of how many where that is known.
    pub fn on_download(mut self, report: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Progress::new(report));
        self
    }

    /// Refuses the call before it is sent when a check of what it carries failed.
    pub fn check(self, checked: Result<(), Error>) -> Self {
        match checked {
            Ok(()) => self,
            Err(problem) => self.refuse(problem),
        }
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// What errors call it: the table's name, or the path.
    pub(crate) fn endpoint(&self) -> Cow<'static, str> {
        match (self.name, &self.path) {
            (Some(name), _) => Cow::Borrowed(name),
            // A query written into the path may hold anything, and errors are shown.
            (None, Cow::Borrowed(path)) => Cow::Borrowed(path.split('?').next().unwrap_or_default()),
            (None, Cow::Owned(path)) => Cow::Owned(path.split('?').next().unwrap_or_default().to_owned()),
        }
    }

    fn refuse(mut self, problem: Error) -> Self {
        self.problem.get_or_insert_with(|| Arc::new(problem));
        self
    }
}

fn unwritable(what: &str, zh: &str, error: &serde_json::Error) -> Error {
    Error::invalid(
        format!("{what} cannot be written as JSON"),
        error.to_string(),
        format!("{zh}无法写成 JSON：{error}"),
    )
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: values may be secrets, and bodies are somebody's messages.
        f.debug_struct("Call")
            .field("endpoint", &self.endpoint())
            .field("method", &self.method)
            .field("host", &self.host)
            .field("query", &self.query.iter().map(|(key, _)| key).collect::<Vec<_>>())
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::OpenId;

    use super::*;

    #[test]
    fn what_is_none_is_left_out_and_ids_and_numbers_are_bare() {
        let call = Call::get("/x")
            .query("openid", OpenId::from("o1"))
            .query("lang", None::<&str>)
            .query("count", 3)
            .field("remark", None::<&str>);
        assert_eq!(call.query, [("openid".into(), "o1".to_owned()), ("count".into(), "3".to_owned())]);
        assert!(call.fields.is_empty());
    }

    #[test]
    fn text_stays_raw_in_bodies() {
        let call = Call::post("/x").body(&serde_json::json!({"name": "关于我们 <a&b>"}));
        assert_eq!(call.body.unwrap(), r#"{"name":"关于我们 <a&b>"}"#.as_bytes());
    }

    #[test]
    fn no_value_shows_in_debug_or_in_the_name() {
        let call =
            Call::post("/x?secret=hunter2").query("a", "hunter2").field("b", "hunter2").body("hunter2");
        let shown = format!("{call:?} {}", call.endpoint());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn paths_that_climb_are_refused() {
        for path in ["x", "/a/../b", "/a/..", "/a#b", "https://elsewhere"] {
            assert!(Call::get(path).problem.is_some(), "{path}");
        }
        assert!(Call::get("/cgi-bin/ticket/getticket?type=jsapi").problem.is_none());
    }
}
