//! The sandbox through its front door: raw HTTP, with the bodies the platform's documents show.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod stand;
mod back_end;
mod token;
mod menu;
mod message;
mod qrcode;
mod media;
mod user;
mod push;
mod verdict;
mod sealed;
mod people;
mod tap;
mod handshake;
mod fault;
mod faults;
mod exchanges;
mod watch;
mod guard;
mod rights;
mod quota;
mod tag;
mod template;
mod account;
mod clock;
mod tls;
mod proxy;
mod oauth;
mod jssdk;
mod load;
mod scenario;
mod record;
mod play;
mod handle;
mod accounts_many;
mod agent;
mod https;
