use std::collections::BTreeMap;

use super::super::row::Row;
use super::*;

const DAY: i64 = 1_732_000_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp(DAY + seconds * 1000)
}

fn token(text: &str, expires: i64) -> StoredToken {
    StoredToken { token: Secret::new(text), expires_at: at(expires), fence: 0 }
}

fn holding(text: &str, expires: i64) -> Machine {
    Machine { held: Some(token(text, expires)), ..Machine::default() }
}

fn fetched(text: &str) -> Event {
    Event::Fetched { token: Secret::new(text), expires_in: Duration::from_hours(2) }
}

#[test]
fn a_token_is_used_until_four_minutes_before_its_end() {
    let machine = holding("a", 7200);
    assert_eq!(machine.ask(at(0), None), Ask::Use(token("a", 7200)));
    assert_eq!(machine.ask(at(6959), None), Ask::Use(token("a", 7200)));
    assert_eq!(machine.ask(at(6960), None), Ask::Renew { meanwhile: Some(token("a", 7200)) });
    assert_eq!(machine.ask(at(7200), None), Ask::Renew { meanwhile: None });
    assert_eq!(Machine::default().ask(at(0), None), Ask::Renew { meanwhile: None });
}

#[test]
fn only_the_token_that_failed_and_is_still_current_is_renewed() {
    let machine = holding("b", 7200);
    assert_eq!(machine.ask(at(0), Some(&Secret::new("a"))), Ask::Use(token("b", 7200)));
    assert_eq!(machine.ask(at(0), Some(&Secret::new("b"))), Ask::Renew { meanwhile: None });
}

#[test]
fn the_store_is_asked_before_the_platform_and_again_under_the_lease() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    assert_eq!(machine.step(&mut renewal, at(0), Event::Started), Action::Load);
    assert_eq!(machine.step(&mut renewal, at(0), Event::Loaded(None)), Action::Lease);
    assert_eq!(machine.step(&mut renewal, at(0), Event::Leased(Some(7))), Action::Load);
    // Another process saved between our look and our lease: its token is taken, and the lease given back.
    let theirs = token("theirs", 7200);
    assert_eq!(
        machine.step(&mut renewal, at(0), Event::Loaded(Some(theirs.clone()))),
        Action::Release { fence: 7 }
    );
    assert_eq!(machine.step(&mut renewal, at(0), Event::Released), Action::Use(theirs.clone()));
    assert_eq!(machine.ask(at(0), None), Ask::Use(theirs));
}

#[test]
fn what_is_fetched_is_saved_under_its_fence() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    for event in [Event::Started, Event::Loaded(None), Event::Leased(Some(3))] {
        machine.step(&mut renewal, at(0), event);
    }
    assert_eq!(machine.step(&mut renewal, at(0), Event::Loaded(None)), Action::Fetch);
    let new = StoredToken { fence: 3, ..token("new", 7201) };
    assert_eq!(
        machine.step(&mut renewal, at(1), fetched("new")),
        Action::Save { fence: 3, token: new.clone() }
    );
    assert_eq!(machine.step(&mut renewal, at(1), Event::Saved(true)), Action::Use(new));
}

#[test]
fn who_is_overtaken_takes_the_newer_token() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    for event in
        [Event::Started, Event::Loaded(None), Event::Leased(Some(3)), Event::Loaded(None), fetched("old")]
    {
        machine.step(&mut renewal, at(0), event);
    }
    assert_eq!(machine.step(&mut renewal, at(30), Event::Saved(false)), Action::Load);
    let newer = StoredToken { fence: 4, ..token("newer", 7230) };
    assert_eq!(machine.step(&mut renewal, at(30), Event::Loaded(Some(newer.clone()))), Action::Use(newer));
}

#[test]
fn while_another_fetches_one_waits_or_uses_what_works() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, Some(token("a", 100)));
    machine.step(&mut renewal, at(0), Event::Started);
    machine.step(&mut renewal, at(0), Event::Loaded(None));
    assert_eq!(machine.step(&mut renewal, at(0), Event::Leased(None)), Action::Use(token("a", 100)));

    let mut renewal = Renewal::new(Some(&Secret::new("a")), None);
    let mut waited = Duration::ZERO;
    let end = loop {
        machine.step(&mut renewal, at(0), Event::Waited(Duration::ZERO));
        machine.step(&mut renewal, at(0), Event::Loaded(Some(token("a", 7200))));
        match machine.step(&mut renewal, at(0), Event::Leased(None)) {
            Action::Wait(time) => {
                waited += time;
                machine.step(&mut renewal, at(0), Event::Waited(time));
            }
            end => break end,
        }
    };
    assert_eq!(end, Action::Busy);
    assert!(waited >= PATIENCE && waited < PATIENCE * 2, "{waited:?}");
}

#[test]
fn a_failed_fetch_gives_the_lease_back_and_the_next_try_fetches_again() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    for event in [Event::Started, Event::Loaded(None), Event::Leased(Some(1)), Event::Loaded(None)] {
        machine.step(&mut renewal, at(0), event);
    }
    assert_eq!(machine.step(&mut renewal, at(0), Event::FetchFailed), Action::Release { fence: 1 });
    assert_eq!(machine.step(&mut renewal, at(0), Event::Released), Action::Fail);
    // A renewal that was dropped half-way leaves us the lease, while there is time for a fetch.
    machine.lease = Some((1, at(20)));
    let mut renewal = Renewal::new(None, None);
    machine.step(&mut renewal, at(1), Event::Started);
    assert_eq!(machine.step(&mut renewal, at(1), Event::Loaded(None)), Action::Fetch);
    let mut renewal = Renewal::new(None, None);
    machine.step(&mut renewal, at(21), Event::Started);
    assert_eq!(machine.step(&mut renewal, at(21), Event::Loaded(None)), Action::Lease);
}

#[test]
fn a_lease_that_the_store_may_have_ended_is_not_used_again() {
    for given_back in [true, false] {
        let mut machine = Machine::default();
        let mut renewal = Renewal::new(None, None);
        for event in [Event::Started, Event::Loaded(None), Event::Leased(Some(1)), Event::Loaded(None)] {
            machine.step(&mut renewal, at(0), event);
        }
        machine.step(&mut renewal, at(0), if given_back { Event::FetchFailed } else { fetched("a") });
        // Whether the store heard of it is not known.
        machine.step(&mut renewal, at(0), Event::StoreFailed);
        let mut renewal = Renewal::new(Some(&Secret::new("a")), None);
        machine.step(&mut renewal, at(1), Event::Started);
        assert_eq!(machine.step(&mut renewal, at(1), Event::Loaded(None)), Action::Lease);
    }
}

#[test]
fn a_lease_is_counted_from_when_it_was_asked_for() {
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    machine.step(&mut renewal, at(0), Event::Started);
    assert_eq!(machine.step(&mut renewal, at(0), Event::Loaded(None)), Action::Lease);
    machine.step(&mut renewal, at(4), Event::Leased(Some(1)));
    let mut renewal = Renewal::new(None, None);
    machine.step(&mut renewal, at(6), Event::Started);
    assert_eq!(machine.step(&mut renewal, at(6), Event::Loaded(None)), Action::Lease);
}

#[test]
fn an_early_renewal_that_fails_is_not_tried_at_every_call() {
    let mut machine = holding("a", 100);
    let mut renewal = Renewal::new(None, Some(token("a", 100)));
    for event in
        [Event::Started, Event::Loaded(None), Event::Leased(Some(1)), Event::Loaded(None), Event::FetchFailed]
    {
        machine.step(&mut renewal, at(0), event);
    }
    assert_eq!(machine.step(&mut renewal, at(0), Event::Released), Action::Use(token("a", 100)));
    assert_eq!(machine.ask(at(29), None), Ask::Use(token("a", 100)));
    assert_eq!(machine.ask(at(30), None), Ask::Renew { meanwhile: Some(token("a", 100)) });
}

#[test]
fn a_token_that_is_given_again_is_not_fetched_at_every_refusal() {
    let failed = Secret::new("a");
    let mut machine = holding("a", 7200);
    let mut renewal = Renewal::new(Some(&failed), None);
    let stored = || Event::Loaded(Some(token("a", 7200)));
    for event in [Event::Started, stored(), Event::Leased(Some(2)), stored(), fetched("a")] {
        machine.step(&mut renewal, at(0), event);
    }
    assert!(matches!(machine.step(&mut renewal, at(0), Event::Saved(true)), Action::Use(_)));
    assert!(matches!(machine.ask(at(4), Some(&failed)), Ask::Use(_)));
    assert_eq!(machine.ask(at(5), Some(&failed)), Ask::Renew { meanwhile: None });
}

#[test]
fn a_store_that_is_away_costs_a_call_only_when_there_is_nothing_to_use() {
    let start = |failed: Option<&Secret>, meanwhile| {
        let mut machine = Machine::default();
        let mut renewal = Renewal::new(failed, meanwhile);
        machine.step(&mut renewal, at(0), Event::Started);
        machine.step(&mut renewal, at(0), Event::StoreFailed)
    };
    assert_eq!(start(None, None), Action::Fail);
    assert_eq!(start(None, Some(token("a", 100))), Action::Use(token("a", 100)));
    // It fails when the token has been fetched already.
    let mut machine = Machine::default();
    let mut renewal = Renewal::new(None, None);
    for event in
        [Event::Started, Event::Loaded(None), Event::Leased(Some(1)), Event::Loaded(None), fetched("new")]
    {
        machine.step(&mut renewal, at(0), event);
    }
    assert!(matches!(machine.step(&mut renewal, at(0), Event::StoreFailed), Action::Use(_)));
}

/// A small generator, so that every schedule can be played again by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// One process: its machine, the renewal it is in, and the event that comes next.
#[derive(Default)]
struct Process {
    machine: Machine,
    renewal: Option<(Renewal, Event)>,
    /// A token fetched on the platform whose answer has not arrived yet.
    token: Option<Secret>,
}

/// Many processes over one row, with crashes, failing fetches and slow answers, in any order.
#[test]
fn seeded_schedules_never_go_back_to_an_older_token() {
    for seed in 1..=2_000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut row = Row::default();
        let mut now = 0;
        let mut issued = 0_u64;
        let mut newest_written = 0;
        let mut holders = BTreeMap::new();
        let mut processes: Vec<Process> = (0..3).map(|_| Process::default()).collect();
        for _ in 0..300 {
            now += i64::try_from(dice.roll(4)).unwrap();
            let index = usize::try_from(dice.roll(3)).unwrap();
            let process = &mut processes[index];
            if dice.roll(60) == 0 {
                *process = Process::default();
                continue;
            }
            let Some((mut renewal, event)) = process.renewal.take() else {
                let failed = process.token.take().filter(|_| dice.roll(4) == 0);
                match process.machine.ask(at(now), failed.as_ref()) {
                    Ask::Use(token) => process.token = Some(token.token),
                    Ask::Renew { meanwhile } => {
                        process.renewal = Some((Renewal::new(failed.as_ref(), meanwhile), Event::Started));
                    }
                }
                continue;
            };
            let next = match process.machine.step(&mut renewal, at(now), event) {
                Action::Load => Event::Loaded(row.token.clone()),
                Action::Lease => {
                    let fence = row.lease(at(now), LEASE);
                    if let Some(fence) = fence {
                        assert!(
                            holders.insert(fence, index).is_none(),
                            "seed {seed}: fence {fence} given twice"
                        );
                    }
                    Event::Leased(fence)
                }
                Action::Wait(time) => Event::Waited(time),
                Action::Fetch if dice.roll(5) == 0 => Event::FetchFailed,
                Action::Fetch => {
                    issued += 1;
                    Event::Fetched {
                        token: Secret::new(format!("token-{issued}")),
                        expires_in: Duration::from_mins(5),
                    }
                }
                Action::Save { fence, token } => {
                    let kept = row.save(fence, token);
                    assert_eq!(
                        kept,
                        fence >= newest_written,
                        "seed {seed}: fence {fence} after {newest_written}"
                    );
                    newest_written = newest_written.max(fence);
                    Event::Saved(kept)
                }
                Action::Release { fence } => {
                    row.release(fence);
                    Event::Released
                }
                Action::Use(token) => {
                    process.token = Some(token.token);
                    continue;
                }
                Action::Fail | Action::Busy => continue,
            };
            process.renewal = Some((renewal, next));
            let kept = row.token.as_ref().map_or(0, |token| token.fence);
            assert_eq!(kept, newest_written, "seed {seed}: an older token overwrote a newer one");
        }
        assert!(issued > 0, "seed {seed}: nothing was ever fetched");
    }
}
