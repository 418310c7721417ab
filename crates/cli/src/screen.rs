//! Where a command speaks: data to standard output, everything else to standard error, in the reader's language.

use std::io::{self, Write};

use hongyan_wire::Lang;
use serde::Serialize;

use crate::failure::Failure;

/// The two outputs and the language of what people read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) lang: Lang,
}

#[expect(clippy::unused_self, reason = "every command speaks through the screen it is given")]
impl Screen {
    /// The language from `HONGYAN_LANG`, else the locale's.
    pub(crate) fn from_env() -> Self {
        let first = ["HONGYAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        Self { lang: first.map_or(Lang::En, |value| Lang::parse(&value)) }
    }

    /// A line of data.
    pub(crate) fn data(self, line: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::from_write)
    }

    /// Bytes as they are, such as a downloaded file.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::from_write)
    }

    /// A value as JSON, laid out for reading.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(Failure::refused)?;
        self.data(&text)
    }

    /// A remark. Nobody to read it is no reason to stop.
    pub(crate) fn note(self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// A remark in the reader's language.
    pub(crate) fn remark(self, english: &str, chinese: &str) {
        self.note(self.lang.pick(english, chinese));
    }
}
