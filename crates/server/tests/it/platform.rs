//! The same random lives, through the whole callback: real tasks and timers, in time that a test owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hongyan_server::{Answer, HandlerError, Handling, Mode, Policy, Wait};
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::time::{Instant, sleep, timeout};

use crate::world::*;

/// One push's life.
#[derive(Debug, Clone)]
struct Life {
    one: bool,
    took: u64,
    fails: bool,
    tries: Vec<Try>,
}

#[derive(Debug, Clone)]
struct Try {
    /// When the platform or the network ends it.
    patience: u64,
    gap: u64,
    /// The connection breaks while the answer is on its way.
    broken: bool,
    /// The same request comes twice at once.
    twice: bool,
}

fn life() -> impl Strategy<Value = Life> {
    let one = (prop_oneof![4 => Just(5000_u64), 1 => 1_u64..5000], 0_u64..300, any::<bool>(), any::<bool>());
    let one =
        one.prop_map(|(patience, gap, broken, twice)| Try { patience, gap, broken: broken && twice, twice });
    let tries = prop::collection::vec(one, 1..=3);
    let took = prop_oneof![Just(0_u64), 0_u64..5000, 0_u64..15_000, 0_u64..40_000];
    (any::<bool>(), took, prop::bool::weighted(0.1), tries).prop_map(|(one, took, fails, tries)| Life {
        one,
        took,
        fails,
        tries,
    })
}

async fn live(life: Life) -> Result<(), TestCaseError> {
    let (runs, left) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (ran, gone, took, fails) = (runs.clone(), left.clone(), life.took, life.fails);
    let handler = By(move |_| {
        ran.fetch_add(1, Ordering::SeqCst);
        let gone = gone.clone();
        let answer: Answer = text("done").on_delivered(move || {
            gone.fetch_add(1, Ordering::SeqCst);
        });
        if took == 0 && !fails {
            return Handling::Now(answer);
        }
        Handling::later(async move {
            sleep(Duration::from_millis(took)).await;
            if fails { Err(HandlerError::new("as the story wants it")) } else { Ok(answer) }
        })
    });
    let late = Late::default();
    let wait = if life.one { Wait::One } else { Wait::All };
    let policy = Policy { wait, ..Policy::default() };
    let callback = with(account(Mode::Plain), handler, policy, late.clone());
    let mut said = 0;
    let count = life.tries.len();
    for (index, once) in life.tries.into_iter().enumerate() {
        let copy = once.twice.then(|| {
            let callback = callback.clone();
            tokio::spawn(async move { send_as_platform(&callback, plain("copy", &message(1))).await })
        });
        let start = Instant::now();
        let request = plain(&index.to_string(), &message(1));
        let answer = timeout(Duration::from_millis(once.patience), callback.answer(request)).await;
        let last = life.one || (index == 2 && once.patience == 5000);
        prop_assert!(!last || once.patience < 4500 || answer.is_ok(), "the last try was not answered");
        prop_assert!(
            !last || start.elapsed() <= Duration::from_millis(4500).max(Duration::from_millis(once.patience))
        );
        match answer {
            Ok(response) if !once.broken && response.status() == 200 => {
                let body = response.into_body().collect().await.unwrap().to_bytes();
                said += u32::from(body.windows(4).any(|part| part == b"done"));
            }
            Ok(broken) => drop(broken),
            Err(_) => {}
        }
        if let Some(Ok(Some(got))) = match copy {
            Some(copy) if index + 1 == count => Some(copy.await),
            _ => None,
        } {
            said += u32::from(got.body.contains("done"));
        }
        if said > 0 {
            break;
        }
        sleep(Duration::from_millis(once.gap)).await;
    }
    sleep(Duration::from_mins(1)).await;
    let (left, late) = (left.load(Ordering::SeqCst), late.texts().len());
    prop_assert_eq!(runs.load(Ordering::SeqCst), 1);
    prop_assert_eq!(left, u32::from(!fails), "the word of delivery");
    prop_assert_eq!(callback.stats().delivered + callback.stats().late, u64::from(!fails));
    prop_assert!(said == 0 || late == 0, "said in time and late as well");
    prop_assert_eq!(callback.drain(Duration::ZERO).await.left, 0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_push_ends_well(life in life()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(live(life))?;
    }
}
