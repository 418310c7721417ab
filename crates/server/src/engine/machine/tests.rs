//! Lives of a push, event by event.

use super::*;

const A: TryId = TryId(0);
const B: TryId = TryId(1);
const C: TryId = TryId(2);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A push whose tries came and were cut as the platform does it.
fn after_two_cuts() -> Machine {
    let mut machine = Machine::new(Wait::All);
    assert_eq!(machine.on(Event::Arrive(A), ms(0)), Some(Action::Begin));
    assert_eq!(machine.on(Event::Cut(A), ms(5000)), None);
    assert_eq!(machine.on(Event::Arrive(B), ms(5010)), None);
    assert_eq!(machine.on(Event::Cut(B), ms(10_010)), None);
    machine
}

#[test]
fn the_answer_goes_to_the_try_that_is_open() {
    let mut machine = after_two_cuts();
    assert_eq!(machine.on(Event::Arrive(C), ms(10_020)), None);
    assert_eq!(machine.on(Event::Finished, ms(12_000)), Some(Action::AnswerAll(Give::Reply)));
    assert_eq!(machine.on(Event::Handed(C), ms(12_001)), Some(Action::Delivered));
    assert_eq!(machine.on(Event::Arrive(TryId(3)), ms(20_000)), Some(Action::Answer(TryId(3), Give::Reply)));
    assert!(machine.settled());
}

#[test]
fn the_third_try_is_answered_by_its_deadline_and_the_reply_is_late() {
    let mut machine = after_two_cuts();
    machine.on(Event::Arrive(C), ms(10_020));
    assert_eq!(machine.deadline(C), Some(ms(14_520)));
    assert_eq!(machine.on(Event::Due(C), ms(14_519)), None);
    assert_eq!(machine.on(Event::Due(C), ms(14_520)), Some(Action::AnswerAll(Give::Held)));
    assert_eq!(machine.on(Event::Handed(C), ms(14_521)), None);
    assert_eq!(machine.on(Event::Finished, ms(30_000)), Some(Action::Late));
    assert_eq!(
        machine.on(Event::Arrive(TryId(3)), ms(31_000)),
        Some(Action::Answer(TryId(3), Give::Success))
    );
}

#[test]
fn a_try_after_nine_seconds_is_the_last_even_if_one_was_missed() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    machine.on(Event::Cut(A), ms(5000));
    machine.on(Event::Arrive(B), ms(10_000));
    assert_eq!(machine.deadline(B), Some(ms(14_500)));
}

#[test]
fn a_try_delivered_twice_is_one_try() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    assert_eq!(machine.on(Event::Arrive(B), ms(3)), None);
    assert_eq!(machine.on(Event::Arrive(C), ms(5)), None);
    assert_eq!(machine.deadline(C), Some(ms(6005)), "left open, not the last");
}

#[test]
fn one_waits_for_the_first_try_only() {
    let mut machine = Machine::new(Wait::One);
    machine.on(Event::Arrive(A), ms(0));
    assert_eq!(machine.on(Event::Due(A), ms(4500)), Some(Action::AnswerAll(Give::Held)));
    assert_eq!(machine.on(Event::Arrive(B), ms(5000)), Some(Action::Answer(B, Give::Held)));
    assert_eq!(machine.on(Event::Finished, ms(6000)), Some(Action::Late));
}

#[test]
fn no_further_try_makes_the_reply_late() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    machine.on(Event::Cut(A), ms(1000));
    assert_eq!(machine.on(Event::Finished, ms(2000)), None);
    assert_eq!(machine.late_at(), Some(ms(7000)));
    assert_eq!(machine.on(Event::Tick, ms(6999)), None);
    assert_eq!(machine.on(Event::Tick, ms(7000)), Some(Action::Late));
    assert_eq!(machine.on(Event::Tick, ms(8000)), None);
}

#[test]
fn a_reply_lost_on_its_way_is_given_to_the_next_try() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    assert_eq!(machine.on(Event::Finished, ms(100)), Some(Action::AnswerAll(Give::Reply)));
    assert_eq!(machine.on(Event::Cut(A), ms(101)), None);
    assert_eq!(machine.on(Event::Arrive(B), ms(5000)), Some(Action::Answer(B, Give::Reply)));
    assert_eq!(machine.on(Event::Handed(B), ms(5001)), Some(Action::Delivered));
    assert_eq!(machine.on(Event::Tick, ms(7000)), None);
}

#[test]
fn a_failure_is_answered_at_once() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    assert_eq!(machine.on(Event::Failed, ms(10)), Some(Action::AnswerAll(Give::Success)));
    assert_eq!(machine.on(Event::Arrive(B), ms(20)), Some(Action::Answer(B, Give::Success)));
}

#[test]
fn stopping_makes_a_reply_that_nobody_waits_for_late_at_once() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    machine.on(Event::Cut(A), ms(100));
    assert_eq!(machine.on(Event::Closing, ms(200)), None);
    assert_eq!(machine.on(Event::Finished, ms(300)), Some(Action::Late));
}

#[test]
fn a_try_that_a_proxy_keeps_open_is_closed_in_the_end() {
    let mut machine = Machine::new(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    assert_eq!(machine.on(Event::Due(A), ms(6000)), Some(Action::Answer(A, Give::Close)));
    assert_eq!(machine.on(Event::Cut(A), ms(6001)), None);
}

/// A push that another process runs, whose first try came here when it was so old.
fn joined(before: u64) -> Machine {
    let mut machine = Machine::shared(Wait::All);
    assert_eq!(machine.on(Event::Arrive(A), ms(0)), Some(Action::Begin));
    assert_eq!(machine.on(Event::Joined { before: ms(before) }, ms(1)), None);
    machine
}

#[test]
fn a_try_that_is_the_third_of_all_processes_is_answered_as_the_last() {
    let mut machine = joined(7000);
    assert_eq!(machine.deadline(A), Some(ms(6000)));
    machine.on(Event::Counted(A, true), ms(2));
    assert_eq!(machine.deadline(A), Some(ms(4500)));
    assert_eq!(machine.on(Event::Due(A), ms(4500)), Some(Action::AnswerAll(Give::Held)));
    assert!(machine.settled(), "what becomes of the reply is the runner's business");
}

#[test]
fn a_try_at_another_process_is_the_last_by_the_age_of_the_push() {
    let mut machine = joined(5000);
    machine.on(Event::Cut(A), ms(4900));
    assert_eq!(machine.on(Event::Arrive(B), ms(5000)), None);
    assert_eq!(machine.deadline(B), Some(ms(9500)));
}

#[test]
fn anothers_reply_is_given_and_its_delivery_is_not_ours_to_tell() {
    let mut machine = joined(0);
    assert_eq!(machine.on(Event::Known, ms(300)), Some(Action::AnswerAll(Give::Reply)));
    assert_eq!(machine.on(Event::Cut(A), ms(301)), None);
    assert_eq!(machine.on(Event::Arrive(B), ms(5000)), None, "asks first whether it still may be given");
    assert_eq!(machine.on(Event::Known, ms(5002)), Some(Action::AnswerAll(Give::Reply)));
    assert_eq!(machine.on(Event::Handed(B), ms(5003)), None);
    assert!(machine.settled());
}

#[test]
fn a_reply_that_went_late_elsewhere_is_not_given() {
    let mut machine = joined(0);
    machine.on(Event::Known, ms(300));
    machine.on(Event::Cut(A), ms(301));
    machine.on(Event::Arrive(B), ms(20_000));
    assert_eq!(machine.on(Event::LateElsewhere, ms(20_001)), Some(Action::AnswerAll(Give::Success)));
}

/// A push that this process runs for all, whose only try of ours was cut before the run was over.
fn runner_that_nobody_asks() -> Machine {
    let mut machine = Machine::shared(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    machine.on(Event::Begun, ms(1));
    machine.on(Event::Cut(A), ms(5000));
    assert_eq!(machine.on(Event::Finished, ms(7000)), None);
    machine
}

#[test]
fn a_runner_hears_that_another_delivered() {
    let mut machine = runner_that_nobody_asks();
    assert_eq!(machine.on(Event::DeliveredElsewhere, ms(7100)), Some(Action::Delivered));
    assert_eq!(machine.on(Event::DeliveredElsewhere, ms(7200)), None);
    assert_eq!(machine.on(Event::Alone, ms(20_000)), None);
}

#[test]
fn a_runner_is_late_only_when_the_others_agree() {
    let mut machine = runner_that_nobody_asks();
    assert_eq!((machine.late_at(), machine.on(Event::Tick, ms(11_000))), (None, None));
    assert!(!machine.would_be_late(ms(10_999)) && machine.would_be_late(ms(11_000)));
    assert_eq!(machine.on(Event::Alone, ms(11_001)), Some(Action::Late));
}

#[test]
fn a_runner_whose_last_try_was_answered_elsewhere_is_late_when_it_is_done() {
    let mut machine = Machine::shared(Wait::All);
    machine.on(Event::Arrive(A), ms(0));
    machine.on(Event::Begun, ms(1));
    machine.on(Event::Cut(A), ms(5000));
    assert_eq!(machine.on(Event::HeldElsewhere, ms(14_500)), None);
    assert_eq!(machine.on(Event::Finished, ms(16_000)), Some(Action::Late));
    let mut machine = runner_that_nobody_asks();
    assert_eq!(machine.on(Event::HeldElsewhere, ms(7100)), Some(Action::Late), "done before it heard");
}
