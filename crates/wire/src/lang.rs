//! The two languages that messages to people are written in.

/// English or Chinese.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English, the default.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// Reads a locale or language tag such as `zh_CN.UTF-8`, `zh-Hans` or `en`; anything not Chinese is English.
    pub fn parse(tag: &str) -> Self {
        let language = tag.trim().split(['_', '-', '.', '@']).next().unwrap_or_default();
        if ["zh", "chinese", "cn"].iter().any(|known| language.eq_ignore_ascii_case(known)) {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// Picks the text of this language.
    pub fn pick<T>(self, en: T, zh: T) -> T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_that_say_chinese_are_chinese_and_the_rest_english() {
        for tag in ["zh_CN.UTF-8", "zh", "ZH-Hans", "zh_TW", " zh "] {
            assert_eq!(Lang::parse(tag), Lang::Zh, "{tag}");
        }
        for tag in ["", "C", "POSIX", "en_GB.UTF-8", "zhx", "de"] {
            assert_eq!(Lang::parse(tag), Lang::En, "{tag}");
        }
    }
}
