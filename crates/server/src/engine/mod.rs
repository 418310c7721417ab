//! The five-second engine: three tries, one run, one answer.
//!
//! [`machine`] decides and does nothing; [`share`] is its word with other processes that serve the account. The shell around it holds the connections: `table` finds a push's one value,
//! `run` keeps that value behind a lock of its own, `shell` feeds it and carries out what it says, `gauge` counts what
//! goes on so that there is a bound to it and a clean end.

pub mod machine;
pub mod share;
mod gauge;
mod run;
mod table;
mod shell;

pub(crate) use run::{OpenTry, Run, State, Verdict};
pub(crate) use shell::{Arrival, Engine, Parts};
