//! The story of an Official Account, told from outside: the binary, its addresses, the browser.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

mod follow;
mod menu;
mod songs;
mod parcel;
mod weather;
mod mixed;
mod crash;
mod customer_service;
mod qrcode;
mod who_calls;
mod anything_else;
mod users;
mod kinds;
mod rules;
mod bad_input;
mod commands;
mod doctor;
mod send_many;
mod services;
mod browser;
mod browser_phone;
mod browser_bench;
mod browser_inspect;
mod browser_access;
mod browser_scenario;
mod browser_wall;
mod browser_cards;
mod browser_settings;
mod papers;
mod load;
mod browser_web;
mod sdks;
mod forward_sdks;
mod forward_examples;
mod reload_serve;
mod scenario;
mod sandbox_start;
