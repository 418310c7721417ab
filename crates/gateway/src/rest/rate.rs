//! How often one key may ask: a bucket of tokens that fills by itself.
//!
//! A plain state machine: the time goes in, yes or the wait comes out. Each gateway counts for itself.

use std::time::{Duration, Instant};

use crate::config::Rate;

/// The bucket of one key.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: f64::from(rate.requests), filled_at: now }
    }

    /// Takes one token, or says how long it is until there is one.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let most = f64::from(self.rate.requests);
        let each = self.rate.per.div_f64(most);
        let gone = now.saturating_duration_since(self.filled_at);
        self.tokens = (self.tokens + gone.div_duration_f64(each)).min(most);
        self.filled_at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(each.mul_f64(1.0 - self.tokens))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_is_in_it_and_fills_again() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { requests: 2, per: Duration::from_secs(1) }, start);
        assert!(bucket.take(start).is_ok() && bucket.take(start).is_ok());
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        assert!(bucket.take(start + Duration::from_millis(500)).is_ok());
        assert!(bucket.take(start + Duration::from_millis(600)).is_err());
        let later = start + Duration::from_hours(1);
        assert!(bucket.take(later).is_ok() && bucket.take(later).is_ok() && bucket.take(later).is_err());
    }
}
