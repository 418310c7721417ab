//! MarkFail: the platform stops pushing for a while to a back end that keeps failing.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// How pushing has gone of late.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct MarkFail {
    failed_in_row: u32,
    paused_until_ms: Option<i64>,
}

impl MarkFail {
    /// A push was answered.
    pub(crate) fn answered(&mut self) {
        self.failed_in_row = 0;
    }

    /// A push failed in every try; true when pushing pauses from now on.
    pub(crate) fn failed(&mut self, now_ms: i64, settings: &Settings) -> bool {
        self.failed_in_row += 1;
        if settings.mark_fail_after == 0 || self.failed_in_row < settings.mark_fail_after {
            return false;
        }
        self.failed_in_row = 0;
        self.paused_until_ms = Some(now_ms + settings.mark_fail_seconds * 1000);
        true
    }

    /// Until when pushing pauses, when it does.
    pub(crate) fn paused_until_ms(&self, now_ms: i64) -> Option<i64> {
        self.paused_until_ms.filter(|until| *until > now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_pause_pushing_for_a_while() {
        let settings = Settings { mark_fail_after: 2, mark_fail_seconds: 60, ..Settings::default() };
        let mut mark = MarkFail::default();
        assert!(!mark.failed(0, &settings));
        mark.answered();
        assert!(!mark.failed(1, &settings));
        assert!(mark.failed(2, &settings));
        assert_eq!(mark.paused_until_ms(60_001), Some(60_002));
        assert_eq!(mark.paused_until_ms(60_002), None);
        assert!(!mark.failed(60_003, &settings));
    }

    #[test]
    fn without_the_setting_nothing_pauses() {
        let mut mark = MarkFail::default();
        assert!((0..100).all(|now| !mark.failed(now, &Settings::default())));
    }
}
