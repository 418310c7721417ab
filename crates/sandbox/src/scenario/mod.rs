//! Scenario files: what people do and what the account must answer, played without a screen.
//!
//! A file is read whole and checked before anything happens (`tree`, `fields`, `read`, `steps`, `acts`,
//! `expects`), then played over the control API (`link`, `play`, `expect`), and reported (`report`, `junit`).
//! `record` writes a file from what people did.

mod words;
mod bad;
mod keys;
mod when;
pub(crate) mod pattern;
mod tree;
mod model;
mod fields;
mod read;
mod steps;
mod acts;
mod expects;
pub(crate) mod link;
mod report;
mod junit;
pub(crate) mod describe;
mod troupe;
mod play;
mod expect;
mod write;
pub(crate) mod record;

pub use bad::BadScenario;
pub use junit::junit;
pub(crate) use keys::VERB as VERBS;
pub use model::Scenario;
pub use play::Player;
pub use report::{Outcome, Report, StepReport};
pub use words::Words;
