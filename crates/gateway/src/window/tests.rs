//! The ledger, step by step.

use super::*;

const START: Timestamp = Timestamp(1_000_000);

fn ledger() -> (Ledger, OpenId) {
    (Ledger::new(ALLOWANCES_2026_11, 100), OpenId::new("oUser"))
}

fn send(ledger: &mut Ledger, user: &OpenId, now: Timestamp) -> Result<(), Closed> {
    let reservation = ledger.reserve(user, now)?;
    ledger.settle(user, reservation, Settled::Counted);
    Ok(())
}

#[test]
fn a_stranger_is_left_to_the_platform() {
    let (mut ledger, user) = ledger();
    assert_eq!(ledger.view(&user, START), View::Unknown);
    assert!(send(&mut ledger, &user, START).is_ok());
}

#[test]
fn a_message_allows_five_in_two_days() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Message, START);
    for _ in 0..5 {
        send(&mut ledger, &user, START).unwrap();
    }
    assert_eq!(send(&mut ledger, &user, START), Err(Closed::Empty));
    assert_eq!(send(&mut ledger, &user, START + TWO_DAYS), Err(Closed::Lapsed));
    ledger.acted(&user, Action::Message, START + TWO_DAYS);
    assert!(send(&mut ledger, &user, START + TWO_DAYS).is_ok());
}

#[test]
fn the_one_that_ends_first_is_spent_first() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Message, START);
    ledger.acted(&user, Action::MenuTap, START);
    for _ in 0..3 {
        send(&mut ledger, &user, START).unwrap();
    }
    let later = START + MINUTE;
    assert_eq!(ledger.view(&user, later), View::Open { left: Some(5), ends_at: START + TWO_DAYS });
}

#[test]
fn a_send_that_never_left_is_not_counted() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Follow, START);
    let reservation = ledger.reserve(&user, START).unwrap();
    ledger.settle(&user, reservation, Settled::NotCounted);
    assert_eq!(ledger.view(&user, START), View::Open { left: Some(3), ends_at: START + MINUTE });
}

#[test]
fn the_platforms_answer_corrects_the_ledger() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Message, START);
    let reservation = ledger.reserve(&user, START).unwrap();
    ledger.settle(&user, reservation, Settled::Refused(ErrCode(45047)));
    assert_eq!(ledger.view(&user, START), View::Closed(Closed::Empty));
    ledger.acted(&user, Action::Message, START);
    assert!(matches!(ledger.view(&user, START), View::Open { left: Some(5), .. }));
}

#[test]
fn an_action_during_a_refused_send_keeps_its_window() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Follow, START);
    let reservation = ledger.reserve(&user, START).unwrap();
    ledger.acted(&user, Action::Message, START);
    ledger.settle(&user, reservation, Settled::Refused(ErrCode(45015)));
    assert!(matches!(ledger.view(&user, START), View::Open { left: Some(5), .. }));
}

#[test]
fn who_left_is_refused_until_they_come_back() {
    let (mut ledger, user) = ledger();
    ledger.left(&user);
    assert_eq!(send(&mut ledger, &user, START), Err(Closed::Unfollowed));
    ledger.acted(&user, Action::Follow, START);
    assert!(send(&mut ledger, &user, START).is_ok());
}

fn stored(action: Action, left: Option<u32>, ends_at: Timestamp) -> Vec<Grant> {
    vec![Grant::stored("earlier".to_owned(), action, left, ends_at)]
}

#[test]
fn what_was_written_down_opens_a_window_and_never_closes_one() {
    let (mut ledger, user) = ledger();
    ledger.merge(&user, stored(Action::Message, Some(2), START + TWO_DAYS), START);
    assert_eq!(ledger.view(&user, START), View::Open { left: Some(2), ends_at: START + TWO_DAYS });
    for _ in 0..2 {
        send(&mut ledger, &user, START).unwrap();
    }
    assert_eq!(ledger.view(&user, START), View::Unknown);
    assert!(send(&mut ledger, &user, START + TWO_DAYS).is_ok());
}

#[test]
fn a_tap_that_lapses_says_nothing_about_an_earlier_message() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::MenuTap, START);
    assert_eq!(ledger.view(&user, START + MINUTE), View::Unknown);
    ledger.acted(&user, Action::Follow, START);
    assert_eq!(ledger.view(&user, START + MINUTE), View::Closed(Closed::Lapsed));
}

#[test]
fn whatever_changes_is_said_once() {
    let (mut ledger, user) = ledger();
    ledger.acted(&user, Action::Message, START);
    send(&mut ledger, &user, START).unwrap();
    let changes: Vec<Change> = ledger.take_changes().into_iter().map(|(_, change)| change).collect();
    let Change::Granted(grant) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!((grant.action, grant.left), (Action::Message, Some(5)));
    assert_eq!(changes[1..], [Change::Used(grant.id.clone(), 1)]);
    assert!(ledger.take_changes().is_empty());
    ledger.left(&user);
    assert_eq!(ledger.take_changes(), [(user, Change::AllOver)]);
}

#[test]
fn somebody_who_writes_all_day_is_not_remembered_without_end() {
    let (mut ledger, user) = ledger();
    for second in 0..100 {
        ledger.acted(&user, Action::Message, START + Duration::from_secs(second));
    }
    assert!(ledger.grants(&user, START).len() <= MOST_GRANTS);
    assert!(matches!(ledger.view(&user, START), View::Open { .. }));
}

#[test]
fn the_ledger_stays_within_its_bound() {
    let mut ledger = Ledger::new(ALLOWANCES_2026_11, 10);
    for number in 0..100 {
        ledger.acted(&OpenId::new(format!("o{number}")), Action::Message, START);
    }
    assert!(ledger.users.len() <= 10);
}
