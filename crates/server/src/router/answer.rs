//! What a route's function may return.

use std::fmt::Display;

use hongyan_wire::{Article, Reply};

use crate::{Answer, HandlerError};

/// Something that becomes an answer: a text, a [`Reply`], an [`Answer`], nothing, or a `Result` or `Option` of one.
pub trait IntoAnswer {
    /// The answer, or why there is none.
    fn into_answer(self) -> Result<Answer, HandlerError>;
}

impl IntoAnswer for Answer {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        Ok(self)
    }
}

impl IntoAnswer for Reply {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        Ok(self.into())
    }
}

impl IntoAnswer for String {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        Reply::Text(self).into_answer()
    }
}

impl IntoAnswer for &str {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        self.to_owned().into_answer()
    }
}

impl IntoAnswer for Article {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        Reply::News(vec![self]).into_answer()
    }
}

impl IntoAnswer for () {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        Ok(Answer::none())
    }
}

impl<T: IntoAnswer> IntoAnswer for Option<T> {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        self.map_or_else(|| Ok(Answer::none()), IntoAnswer::into_answer)
    }
}

impl<T: IntoAnswer, E: Display> IntoAnswer for Result<T, E> {
    fn into_answer(self) -> Result<Answer, HandlerError> {
        self.map_err(HandlerError::new).and_then(IntoAnswer::into_answer)
    }
}
