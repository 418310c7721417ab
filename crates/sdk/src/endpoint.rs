//! An endpoint of the platform as data, and the table macro that makes a method and an entry of each line.

use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::Error;
use crate::host::Host;

/// The HTTP method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Everything is in the query.
    Get,
    /// Most is in the body.
    Post,
}

impl Method {
    /// `GET` or `POST`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One line of the endpoint table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Group and method, such as `menu.create`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The host that answers.
    pub host: Host,
    /// The path, such as `/cgi-bin/menu/create`.
    pub path: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// The platform's page about it.
    pub page: &'static str,
    /// Whether an access token goes with it.
    pub token: bool,
    /// Whether it may be repeated when its answer was lost.
    pub safe: bool,
    /// What it takes.
    pub places: &'static [Place],
}

/// One thing that an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it goes.
    pub kind: PlaceKind,
    /// Its name on the wire; for a body or a file, a word for people.
    pub name: &'static str,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Where a thing that an endpoint takes goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlaceKind {
    /// A query parameter.
    Query,
    /// One field of the JSON body.
    Field,
    /// The whole JSON body.
    Body,
    /// A file, sent as a multipart form.
    File,
}

impl Endpoint {
    /// The call with `input` put in its places: the object's keys that are query parameters go into the query, the
    /// rest is the body. A file is added with [`Call::file`].
    pub fn call(&'static self, input: Value) -> Result<Call, Error> {
        let mut call = Call::new(self.method, self.path).named(self.name).host(self.host);
        if !self.token {
            call = call.no_token();
        }
        if self.safe {
            call = call.safe();
        }
        let mut rest = match input {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            _ => {
                return Err(Error::invalid(
                    format!("the input of {} is no JSON object", self.name),
                    "one JSON object is needed",
                    format!("{} 的输入应是一个 JSON 对象", self.name),
                ));
            }
        };
        for place in self.places.iter().filter(|place| place.kind == PlaceKind::Query) {
            match rest.remove(place.name) {
                Some(value) => call = call.query(place.name, value),
                None if place.optional => {}
                None => {
                    return Err(Error::invalid(
                        format!("{} is missing", place.name),
                        format!("{} needs it", self.name),
                        format!("缺少 {}：{} 需要它", place.name, self.name),
                    ));
                }
            }
        }
        if self.method == Method::Post && !self.places.iter().any(|place| place.kind == PlaceKind::File) {
            return Ok(call.body(&Value::Object(rest)));
        }
        match rest.keys().next() {
            Some(unknown) => {
                let (takes, zh) = self.takes();
                let zh = format!("{} 没有参数 {unknown}：{zh}", self.name);
                Err(Error::invalid(format!("{unknown} has no place in {}", self.name), takes, zh))
            }
            None => Ok(call),
        }
    }

    fn takes(&self) -> (String, String) {
        let names: Vec<_> = self.places.iter().map(|place| place.name).collect();
        if names.is_empty() {
            ("it takes nothing".to_owned(), "它不需要参数".to_owned())
        } else {
            (format!("it takes {}", names.join(", ")), format!("它的参数是 {}", names.join("、")))
        }
    }
}

/// The sentence in front of the link. A table line without one does not compile.
pub(crate) const fn summary(doc: &'static str) -> &'static str {
    let sentence = doc.split_at(link(doc)).0.trim_ascii();
    assert!(!sentence.is_empty(), "an endpoint needs a sentence before its [Page](…)");
    sentence
}

/// The address in the link. A table line without one does not compile.
pub(crate) const fn page(doc: &'static str) -> &'static str {
    let address = doc.split_at(link(doc) + MARK.len()).1.trim_ascii();
    let (address, end) = address.split_at(address.len() - 1);
    assert!(end.as_bytes()[0] == b')', "the page link ends an endpoint's sentence: [Page](https://…)");
    assert!(
        starts(address.as_bytes(), 0, b"https://developers.weixin.qq.com/doc/"),
        "a page of the platform's docs"
    );
    address
}

const MARK: &str = "[Page](";

const fn link(doc: &str) -> usize {
    let mut at = 0;
    while at < doc.len() {
        if starts(doc.as_bytes(), at, MARK.as_bytes()) {
            return at;
        }
        at += 1;
    }
    assert!(at < doc.len(), "an endpoint needs a [Page](https://developers.weixin.qq.com/doc/…) link");
    at
}

const fn starts(text: &[u8], at: usize, with: &[u8]) -> bool {
    if text.len() < at + with.len() {
        return false;
    }
    let mut i = 0;
    while i < with.len() {
        if text[at + i] != with[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether `word` is one of `words`.
pub(crate) const fn has(words: &[&str], word: &str) -> bool {
    let mut i = 0;
    while i < words.len() {
        if words[i].len() == word.len() && starts(words[i].as_bytes(), 0, word.as_bytes()) {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether a place's type, as written in the table, is an `Option`.
pub(crate) const fn is_option(of: &str) -> bool {
    starts(of.as_bytes(), 0, b"Option")
}

/// Makes a group's methods and its `ENDPOINTS` of a table.
///
/// A line is `METHOD [host] "path" name(places) -> Answer [, no_token] [, safe] [, check(..)];`. The place words
/// and the words after the answer are methods of [`Call`]; `query kind as "type": T` names the wire's word.
macro_rules! endpoints {
    (
        $(#[doc = $about:literal])+
        $group:ident $(as $accessor:ident)? : $Group:ident {$(
            #[doc = $doc:literal] $(#[doc = $more:literal])*
            $method:ident $($host:ident)? $path:literal $name:ident (
                $($place:ident $arg:ident $(as $wire:literal)? : $ty:ty),* $(,)?
            ) -> $Answer:ident $(, $flag:ident $(($($given:expr),+))?)* ;
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy)]
        pub struct $Group<'a> {
            client: &'a crate::client::Client,
        }

        impl crate::client::Client {
            endpoints!(@accessor $($accessor)? $group, $Group, $($about)+);
        }

        impl $Group<'_> {
            /// The group's endpoints as data.
            pub const ENDPOINTS: &'static [crate::endpoint::Endpoint] = &[$(
                crate::endpoint::Endpoint {
                    name: concat!(stringify!($group), ".", stringify!($name)),
                    method: endpoints!(@method $method),
                    host: endpoints!(@host $($host)?),
                    path: $path,
                    summary: crate::endpoint::summary($doc),
                    page: crate::endpoint::page($doc),
                    token: !crate::endpoint::has(&[$(stringify!($flag)),*], "no_token"),
                    safe: crate::endpoint::has(&[$(stringify!($flag)),*], "safe"),
                    places: &[$(crate::endpoint::Place {
                        kind: endpoints!(@kind $place),
                        name: endpoints!(@wire $arg $($wire)?),
                        optional: crate::endpoint::is_option(stringify!($ty)),
                    }),*],
                },
            )+];

            $(
                #[doc = $doc] $(#[doc = $more])*
                #[doc = ""]
                #[doc = concat!("`", stringify!($method), " ", $path, "`")]
                pub async fn $name(&self, $($arg: $ty),*) -> Result<$Answer, crate::error::Error> {
                    let call = crate::call::Call::new(endpoints!(@method $method), $path)
                        .named(concat!(stringify!($group), ".", stringify!($name)))
                        .host(endpoints!(@host $($host)?));
                    $(let call = call.$flag($($($given),+)?);)*
                    $(let call = endpoints!(@put call, $place, endpoints!(@wire $arg $($wire)?), $arg);)*
                    endpoints!(@send self, call, $Answer)
                }
            )+
        }
    };
    (@accessor $accessor:ident $group:ident, $Group:ident, $($about:literal)+) => {
        endpoints!(@accessor $accessor, $Group, $($about)+);
    };
    (@accessor $accessor:ident, $Group:ident, $($about:literal)+) => {
        $(#[doc = $about])+
        pub fn $accessor(&self) -> $Group<'_> {
            $Group { client: self }
        }
    };
    (@method GET) => { crate::endpoint::Method::Get };
    (@method POST) => { crate::endpoint::Method::Post };
    (@host) => { crate::host::Host::Api };
    (@host mp) => { crate::host::Host::Mp };
    (@host open) => { crate::host::Host::Open };
    (@kind query) => { crate::endpoint::PlaceKind::Query };
    (@kind field) => { crate::endpoint::PlaceKind::Field };
    (@kind body) => { crate::endpoint::PlaceKind::Body };
    (@kind file) => { crate::endpoint::PlaceKind::File };
    (@wire $arg:ident) => { stringify!($arg) };
    (@wire $arg:ident $wire:literal) => { $wire };
    (@put $call:ident, query, $wire:expr, $arg:ident) => { $call.query($wire, $arg) };
    (@put $call:ident, field, $wire:expr, $arg:ident) => { $call.field($wire, $arg) };
    (@put $call:ident, body, $wire:expr, $arg:ident) => { $call.body($arg) };
    (@put $call:ident, file, $wire:expr, $arg:ident) => { $call.file($arg) };
    (@send $self:ident, $call:ident, Bytes) => {
        $self.client.send::<crate::answer::File>($call).await.map(|file| file.bytes)
    };
    (@send $self:ident, $call:ident, $Answer:ident) => { $self.client.send::<$Answer>($call).await };
}
pub(crate) use endpoints;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_and_page_are_taken_from_the_doc_line() {
        const DOC: &str = " Makes a menu. [Page](https://developers.weixin.qq.com/doc/x.html)";
        assert_eq!(summary(DOC), "Makes a menu.");
        assert_eq!(page(DOC), "https://developers.weixin.qq.com/doc/x.html");
        assert!(is_option("Option < & OpenId >") && !is_option("&OpenId"));
        assert!(has(&["safe", "no_token"], "safe") && !has(&["safely"], "safe"));
    }

    #[test]
    fn a_line_without_sentence_link_or_official_page_is_stopped() {
        for doc in [
            " Makes a menu.",
            " [Page](https://developers.weixin.qq.com/doc/x.html)",
            " Makes a menu. [Page](https://example.com/x.html)",
            " Makes a menu. [Page](https://developers.weixin.qq.com/doc/x.html",
        ] {
            // The table calls both while compiling, where this panic is an error.
            let stopped = std::panic::catch_unwind(|| (summary(doc), page(doc)));
            assert!(stopped.is_err(), "{doc}");
        }
    }

    #[test]
    fn json_is_put_into_the_places_of_a_line() {
        let endpoint = crate::endpoint("user.info").unwrap();
        let error = endpoint.call(serde_json::json!({})).unwrap_err().to_string();
        assert!(error.contains("openid is missing"), "{error}");
        let error = endpoint.call(serde_json::json!({"openid": "o1", "colour": 1})).unwrap_err().to_string();
        assert!(error.contains("colour has no place"), "{error}");
        assert!(endpoint.call(serde_json::json!({"openid": "o1"})).is_ok());
        assert!(endpoint.call(serde_json::json!([])).is_err());
    }
}
