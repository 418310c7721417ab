//! How long to wait for a handler, and how much to take on at once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which of the platform's three tries are used to wait for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// All three, about 14 seconds. Each try that the platform has to cut counts towards its alarm.
    #[default]
    All,
    /// The first only: it is answered within 4.5 seconds, with the reply or with what stands in for it.
    One,
}

/// How a callback treats its handler.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Which tries are used.
    pub wait: Wait,
    /// What the user reads when the last try has to be answered before the handler is done. Without it the
    /// platform gets `success` and the user nothing yet.
    pub holding: Option<String>,
    /// What is too much.
    pub limits: Limits,
}

/// The bounds of one callback.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Handlers running at once. Above it new pushes get 503 and the platform tries again.
    pub max_runs: usize,
    /// Bytes in a body.
    pub max_body: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// Pushes whose first answer is kept, so that a repeated push gets it again.
    pub remembered: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_runs: 1024,
            max_body: 256 * 1024,
            body_time: Duration::from_secs(5),
            remembered: 32 * 1024,
        }
    }
}
