//! The back end's passive replies: read, judged, and explained.

pub(crate) mod xml;
pub(crate) mod read;
pub(crate) mod advice;
pub(crate) mod findings;
pub(crate) mod verdict;
#[cfg(test)]
mod verdict_tests;
