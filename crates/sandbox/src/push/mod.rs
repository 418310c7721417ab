//! Pushes: what they say, how they are written and sealed, when they are tried, and the shell that sends them.

pub(crate) mod fields;
pub(crate) mod events;
pub(crate) mod write;
pub(crate) mod seal;
pub(crate) mod machine;
pub(crate) mod post;
pub(crate) mod dial;
pub(crate) mod socket;
pub(crate) mod timer;
pub(crate) mod order;
pub(crate) mod note;
pub(crate) mod extra;
pub(crate) mod shell;
pub(crate) mod handshake;
