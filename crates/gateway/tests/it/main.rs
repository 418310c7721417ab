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
mod outbox_kinds;
mod batch_runs;
mod stage;
mod program;
mod forward_config;
mod forward_webhook;
mod forward_platform;
mod assistant_answers;
mod reload_live;
mod reload_accounts;
mod slow;
mod gateway_answers;
mod facade;
mod facade_sdks;
mod proxy;
mod jssdk;
mod token_from;
mod oauth;
mod gateway_runs;
mod cluster;
mod cluster_pushes;
mod cluster_sharing;
mod cluster_simulation;
mod rest_stage;
mod rest_messages;
mod rest_menu;
mod rest_metrics;
mod rest_qrcodes;
mod rest_users;
mod rest_conversations;
mod rest_media;
mod rest_openapi;
mod outage_parts;
mod outage_load;
mod outage_database;
mod outage_platform;
mod outage_program;
mod outage_slow_sql;
mod outage_stop;
