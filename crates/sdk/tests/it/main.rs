//! The SDK through its front door, against a scripted stand-in and against the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers stand outside test functions; in them too a failure ends the test"
)]

mod stand_in;
mod answers;
mod tokens;
mod stores;
mod requests;
#[cfg(feature = "server")]
mod late;
mod sandbox;
