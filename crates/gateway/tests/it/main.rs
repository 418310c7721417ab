//! The gateway through its front doors.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers stand outside test functions; in them too a surprise ends the test"
)]

mod config_errors;
mod config_reads;
mod rules_http;
mod rules_log;
mod rules_match;
mod rules_reply;
mod rules_sql;
mod rules_world;

mod clock;
mod stores;
mod store_schema;
mod store_tokens;
mod store_lanes;
mod outbox_simulation;
mod stage;
mod slow;
mod gateway_answers;
mod gateway_runs;
