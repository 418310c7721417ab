//! Load on a back end: people act at their own pace, however slow the answers are, as on the platform.
//!
//! The arrivals are decided beforehand from a seed (`plan`). Each goes out through the sandbox's own push machine
//! and seal (`direct`), or is played on a running sandbox (`through`). What came back is counted in `tally`.

mod mix;
mod plan;
mod histogram;
mod sample;
mod tally;
mod target;
mod direct;
mod through;
mod run;

pub use mix::{Action, BadMix, Mix};
pub use plan::{Arrival, Plan};
pub use run::{LoadOptions, Progress, run};
pub use tally::Summary;
pub use target::{LoadError, Target};
