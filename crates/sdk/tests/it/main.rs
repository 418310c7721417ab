//! The SDK through its front door, against a scripted stand-in and against the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failure ends the test, also outside the test function"
)]

mod stand_in;
mod answers;
mod tokens;
mod stores;
mod requests;
#[cfg(feature = "server")]
mod late;
mod sandbox;
