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
mod customer_service;
mod qrcode;
mod who_calls;
mod anything_else;
mod users;
mod kinds;
mod rules;
mod bad_input;
mod commands;
mod services;
mod browser;
mod browser_phone;
mod browser_bench;
mod browser_inspect;
mod browser_access;
mod papers;
mod load;
mod browser_web;
mod sdks;
mod scenario;
