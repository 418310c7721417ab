//! The doctor's findings, one line each, with what to do.

use serde_json::{Value, json};

use crate::{failure::Failure, screen::Screen};

/// What has been found so far.
pub(super) struct Report {
    screen: Screen,
    as_json: bool,
    found: Vec<Value>,
    failed: bool,
}

/// What to do, in English and Chinese; empty where there is nothing to do.
pub(super) type Fix<'a> = (&'a str, &'a str);

impl Report {
    pub(super) fn new(screen: Screen, as_json: bool) -> Self {
        Self { screen, as_json, found: Vec::new(), failed: false }
    }

    pub(super) fn ok(&mut self, check: &str, english: &str, chinese: &str) -> Result<(), Failure> {
        self.line("ok", check, english, chinese, ("", ""))
    }

    pub(super) fn warn(
        &mut self,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        self.line("warn", check, english, chinese, fix)
    }

    pub(super) fn fail(
        &mut self,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        self.failed = true;
        self.line("fail", check, english, chinese, fix)
    }

    /// The end: with anything failed, the command has failed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if self.as_json {
            self.screen.json(&self.found)?;
        }
        if self.failed { Err(Failure::Told) } else { Ok(()) }
    }

    fn line(
        &mut self,
        state: &str,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        let text = self.screen.lang.pick(english, chinese);
        let fix = self.screen.lang.pick(fix.0, fix.1);
        if self.as_json {
            let fix = (!fix.is_empty()).then_some(fix);
            self.found.push(json!({"state": state, "check": check, "text": text, "fix": fix}));
            return Ok(());
        }
        self.screen.data(&format!("{state:<5} {check:<14} {text}"))?;
        if !fix.is_empty() {
            self.screen.data(&format!("{:<20} → {fix}", ""))?;
        }
        Ok(())
    }
}
