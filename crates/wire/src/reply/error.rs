//! Why the platform would not take a reply.

use crate::Lang;
use crate::reply::{MAX_ARTICLES, MAX_TEXT_BYTES};

/// A limit that a reply breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A text without a character.
    #[error("the text is empty: it needs 1 to {MAX_TEXT_BYTES} bytes")]
    EmptyText,
    /// A text with too many bytes.
    #[error("the text has {bytes} bytes of UTF-8: {MAX_TEXT_BYTES} at most (a Chinese character takes 3)")]
    TextTooLong {
        /// How many it has.
        bytes: usize,
    },
    /// News without an article.
    #[error("the news message has no article: it needs 1 to {MAX_ARTICLES}")]
    NoArticles,
    /// News with too many articles.
    #[error("the news message has {count} articles: {MAX_ARTICLES} at most")]
    TooManyArticles {
        /// How many it has.
        count: usize,
    },
    /// An empty media id, in a reply of the named kind.
    #[error("the {0} message has an empty media id")]
    NoMedia(&'static str),
}

impl ReplyError {
    /// The sentence in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::EmptyText => format!("文本内容为空：应为 1 到 {MAX_TEXT_BYTES} 字节"),
            Self::TextTooLong { bytes } => {
                format!("文本按 UTF-8 共 {bytes} 字节，最多 {MAX_TEXT_BYTES} 字节（一个汉字占 3 字节）")
            }
            Self::NoArticles => format!("图文消息没有文章：应为 1 到 {MAX_ARTICLES} 篇"),
            Self::TooManyArticles { count } => format!("图文消息有 {count} 篇文章，最多 {MAX_ARTICLES} 篇"),
            Self::NoMedia(kind) => format!("{kind} 消息的 media_id 为空"),
        }
    }
}
