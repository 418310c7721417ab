//! What the worlds went through: one that never got anywhere would prove nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How often each must occur at least in ten thousand worlds.
const LEAST: &[(&str, u64)] = &[
    // The platform and the processes.
    ("try", 20_000),
    ("copy", 10_000),
    ("try lapsed", 8000),
    ("try refused", 300),
    ("answer lost on its way", 2000),
    ("crash", 2000),
    ("crash in the middle of a run", 400),
    ("crash in the middle of a send", 150),
    ("restart", 3000),
    ("stop", 800),
    ("stopped with nothing left", 800),
    // The engine and the record store.
    ("run", 10_000),
    ("run finished", 10_000),
    ("run failed", 1000),
    ("run abandoned", 1000),
    ("joined elsewhere", 10_000),
    ("reply", 15_000),
    ("reply elsewhere", 5000),
    ("holding answer", 1500),
    ("success", 2500),
    ("delivered", 8000),
    ("late", 1500),
    ("record store: somebody was faster", 20_000),
    ("record store: away", 7000),
    ("record store: answer lost", 1000),
    ("record store: forgot all", 150),
    ("run begun without the record store", 600),
    ("second run in the cluster", 300),
    // The outbox, the windows and the database.
    ("sent", 20_000),
    ("failed", 3000),
    ("expired", 4000),
    ("unknown", 1500),
    ("tried again later", 6000),
    ("answer lost after the platform took it", 1000),
    ("repeat dropped by the platform", 300),
    ("sent again because the account asks for it", 200),
    ("lane lost to another", 800),
    ("lane left for want of a permit", 600),
    ("late reply put first", 500),
    ("message waits for its user", 1800),
    ("message woken by its user", 800),
    ("window reserved", 15_000),
    ("window closed by the platform", 300),
    ("refused by our own ledger", 150),
    ("database: away", 20_000),
    ("database: slow", 7000),
    ("database: answer lost", 1500),
    ("database: statement lost", 1500),
    // The token.
    ("token fetched", 4000),
    ("token not fetched", 700),
    ("token refused", 1500),
    ("token saved too late", 15),
    ("waited for another's lease", 2500),
    ("waited for a renewal of the token", 150),
];

/// What occurred how often.
pub(super) fn table(seen: &BTreeMap<&'static str, u64>, worlds: u64) -> String {
    let mut table = format!("{worlds} worlds\n");
    for (what, count) in seen {
        let _ = writeln!(table, "{count:>10}  {what}");
    }
    table
}

/// Whether enough of everything occurred; a few worlds alone need not have it all.
pub(super) fn check(seen: &BTreeMap<&'static str, u64>, worlds: u64) {
    if worlds < 5000 {
        return;
    }
    for (what, least) in LEAST {
        let (count, least) = (seen.get(what).copied().unwrap_or_default(), least * worlds / 10_000);
        assert!(count >= least, "{what} occurs {count} times in {worlds} worlds, expected {least}");
    }
}
