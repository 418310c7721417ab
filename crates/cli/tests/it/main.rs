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
mod bad_input;
mod services;
mod browser;
mod papers;
