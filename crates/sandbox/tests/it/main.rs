//! The sandbox through its front door: raw HTTP, with the bodies the platform's documents show.

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
mod watch;
mod guard;
mod rights;
