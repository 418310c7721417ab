//! A sentence for people, in both languages.

use hongyan_wire::Lang;

/// A sentence in English and Chinese.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Words {
    pub(crate) fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Words { en: en.into(), zh: zh.into() }
    }

    /// Something that reads the same in every language, such as a quoted text.
    pub(crate) fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Words { en: text.clone(), zh: text }
    }

    /// In the reader's language.
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.zh)
    }
}
