//! The sign that an answer is being written, for as long as it is.

use std::time::Duration;

/// An answer that comes sooner needs no sign.
const SOON: Duration = Duration::from_millis(800);
/// The platform shows the sign for 15 seconds.
const AGAIN: Duration = Duration::from_secs(12);

/// Does the work, and says every now and then that it is being done.
pub(crate) async fn while_working<T>(work: impl Future<Output = T>, say: impl FnMut()) -> T {
    with_pauses(work, say, tokio::time::sleep).await
}

async fn with_pauses<T, P: Future<Output = ()>>(
    work: impl Future<Output = T>,
    mut say: impl FnMut(),
    pause: impl Fn(Duration) -> P,
) -> T {
    let mut work = std::pin::pin!(work);
    let mut next = SOON;
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = pause(next) => say(),
        }
        next = AGAIN;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::task::Poll;

    use super::*;

    /// How often it is said while the work takes so long, by a clock that the pauses move.
    async fn said(takes: Duration) -> usize {
        let (clock, mut said) = (Cell::new(Duration::ZERO), 0);
        let work =
            std::future::poll_fn(|_| if clock.get() >= takes { Poll::Ready(()) } else { Poll::Pending });
        let pause = |pause| {
            clock.set(clock.get() + pause);
            std::future::ready(())
        };
        with_pauses(work, || said += 1, pause).await;
        assert!(clock.get() >= takes, "the work was not cut");
        said
    }

    #[tokio::test]
    async fn work_of_a_minute_is_waited_for_and_shown_all_along() {
        // After 0.8, 12.8, 24.8, 36.8 and 48.8 seconds.
        assert_eq!(said(Duration::from_mins(1)).await, 5);
        assert_eq!(said(Duration::from_mins(5)).await, 25);
    }

    #[tokio::test]
    async fn what_is_ready_at_once_needs_no_sign() {
        assert_eq!(said(Duration::ZERO).await, 0);
    }
}
