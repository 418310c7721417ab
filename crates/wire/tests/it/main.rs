//! What the crate promises to everybody who builds on it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod vectors;
mod envelope;
mod messages;
mod events;
mod odd_bodies;
mod hostile;
mod replies;
