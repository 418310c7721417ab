//! A histogram of durations with buckets that grow with the value: 64 for each doubling, so 1.6 % exact.

const SUB_BITS: u32 = 6;
const SUB: u64 = 1 << SUB_BITS;

/// Counts of durations in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    max: u64,
}

impl Histogram {
    pub(crate) fn add(&mut self, micros: u64) {
        let at = bucket(micros);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
        self.sum += u128::from(micros);
        self.max = self.max.max(micros);
    }

    pub(crate) fn count(&self) -> u64 {
        self.total
    }

    pub(crate) fn max(&self) -> Option<u64> {
        (self.total > 0).then_some(self.max)
    }

    pub(crate) fn mean(&self) -> Option<u64> {
        u64::try_from(self.sum.checked_div(u128::from(self.total))?).ok()
    }

    /// The value that this share of all does not exceed; none without values.
    pub(crate) fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Some(highest(at).min(self.max));
            }
        }
        self.max()
    }
}

/// The bucket of a value: its own below 64, then by the six bits after the first.
fn bucket(value: u64) -> usize {
    if value < SUB {
        return value as usize;
    }
    let doubling = value.ilog2() - SUB_BITS;
    (u64::from(doubling + 1) * SUB + (value >> doubling) - SUB) as usize
}

/// The highest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < SUB {
        return bucket;
    }
    let doubling = bucket / SUB - 1;
    let first = SUB + bucket % SUB;
    ((first + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_and_hold_their_values() {
        let mut last = 0;
        for value in (0..100_000).chain((1 << 40)..(1 << 40) + 1000) {
            let at = bucket(value);
            assert!(at == last || at == last + 1 || value == 1 << 40, "{value}");
            assert!(highest(at) >= value && (at == 0 || highest(at - 1) < value), "{value}");
            assert!(highest(at) as f64 <= value as f64 * 1.016, "{value}");
            last = at;
        }
    }

    #[test]
    fn quantiles_are_within_two_percent() {
        let mut histogram = Histogram::default();
        for value in 1..=10_000_u64 {
            histogram.add(value * 10);
        }
        for (share, exact) in [(0.5, 50_000.0), (0.9, 90_000.0), (0.99, 99_000.0), (0.999, 99_900.0)] {
            let got = histogram.quantile(share).unwrap() as f64;
            assert!((exact..exact * 1.02).contains(&got), "{share}: {got}");
        }
        assert_eq!((histogram.max(), histogram.quantile(1.0)), (Some(100_000), Some(100_000)));
        assert_eq!((histogram.mean(), histogram.count()), (Some(50_005), 10_000));
    }

    #[test]
    fn nothing_has_no_quantiles() {
        let empty = Histogram::default();
        assert_eq!((empty.quantile(0.5), empty.max(), empty.mean()), (None, None, None));
    }
}
