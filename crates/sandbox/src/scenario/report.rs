//! How a scenario went, step by step.

use hongyan_wire::Lang;
use serde_json::{Value, json};

use super::words::Words;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Ok,
    /// Otherwise.
    Failed,
    /// Not tried, because an earlier step failed.
    Skipped,
}

impl Outcome {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
        }
    }

    /// Its name for people.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Outcome::Ok => lang.pick("ok", "通过"),
            Outcome::Failed => lang.pick("failed", "失败"),
            Outcome::Skipped => lang.pick("skipped", "跳过"),
        }
    }
}

/// One step and how it went.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// Its line in the file; 0 for what comes before the first step.
    pub line: usize,
    /// The step as the file says it.
    pub step: String,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took.
    pub took_ms: u64,
    /// What should have happened, when it did not.
    pub expected: Option<Words>,
    /// What happened instead.
    pub got: Option<Words>,
}

impl StepReport {
    /// The step as JSON.
    pub fn to_json(&self, lang: Lang) -> Value {
        let text = |words: &Option<Words>| words.as_ref().map(|words| words.text(lang).to_owned());
        json!({
            "line": self.line,
            "step": self.step,
            "outcome": self.outcome.name(),
            "took_ms": self.took_ms,
            "expected": text(&self.expected),
            "got": text(&self.got),
        })
    }
}

/// How a scenario went.
#[derive(Clone, Debug)]
pub struct Report {
    /// The scenario's name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Its steps.
    pub steps: Vec<StepReport>,
}

impl Report {
    /// True when no step failed.
    pub fn passed(&self) -> bool {
        self.failed().is_none()
    }

    /// The step that failed.
    pub fn failed(&self) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.outcome == Outcome::Failed)
    }

    /// How many steps went so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.steps.iter().filter(|step| step.outcome == outcome).count()
    }

    /// How long it took.
    pub fn took_ms(&self) -> u64 {
        self.steps.iter().map(|step| step.took_ms).sum()
    }

    /// The report as JSON.
    pub fn to_json(&self, lang: Lang) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(|step| step.to_json(lang)).collect();
        json!({"name": self.name, "file": self.file, "passed": self.passed(), "took_ms": self.took_ms(), "steps": steps})
    }
}
