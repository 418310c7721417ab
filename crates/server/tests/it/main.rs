//! The callback, from the outside: requests in, answers out.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod world;
mod logs;
mod handshake;
mod modes;
mod refusals;
mod duplicates;
mod waiting;
mod delivery;
mod stopping;
mod routes;
mod mounting;
mod simulation;
mod cluster_simulation;
mod platform;
