//! What was noted and waits to be written: a queue with a bound, which loses nothing to whoever stops in the middle.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The queue. Putting in never waits.
#[derive(Debug)]
pub(crate) struct Backlog<T> {
    waiting: Mutex<VecDeque<T>>,
    most: usize,
    /// Whether some were left out since all was written the last time.
    full: AtomicBool,
}

/// The oldest of what waits, while it is written. What is dropped without [`Part::written`] waits on.
pub(crate) struct Part<'a, T> {
    backlog: &'a Backlog<T>,
    rows: Vec<T>,
}

impl<T> Backlog<T> {
    /// A queue for at most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), most, full: AtomicBool::new(false) }
    }

    /// Puts one in. Without room it is left out, which `said` is told for the first one only.
    pub(crate) fn add(&self, row: T, said: impl FnOnce()) {
        let mut waiting = self.lock();
        if waiting.len() < self.most {
            waiting.push_back(row);
        } else {
            drop(waiting);
            if !self.full.swap(true, Ordering::Relaxed) {
                said();
            }
        }
    }

    /// How many have not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Takes the oldest, at most so many; `None` when all is written.
    pub(crate) fn take(&self, rows: usize) -> Option<Part<'_, T>> {
        let mut waiting = self.lock();
        let count = waiting.len().min(rows);
        let rows: Vec<T> = waiting.drain(..count).collect();
        drop(waiting);
        if rows.is_empty() {
            self.full.store(false, Ordering::Relaxed);
            return None;
        }
        Some(Part { backlog: self, rows })
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Part<'_, T> {
    /// It is on disk.
    pub(crate) fn written(mut self) {
        self.rows.clear();
    }
}

impl<T> Deref for Part<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> Drop for Part<'_, T> {
    fn drop(&mut self) {
        let mut waiting = self.backlog.lock();
        for row in self.rows.drain(..).rev() {
            waiting.push_front(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_written_waits_on_in_its_place() {
        let backlog = Backlog::new(9);
        (1..=3).for_each(|row| backlog.add(row, || panic!("there is room")));
        let part = backlog.take(2).unwrap();
        assert_eq!(*part, [1, 2]);
        backlog.add(4, || panic!("there is room"));
        drop(part);
        backlog.take(3).unwrap().written();
        assert_eq!(*backlog.take(9).unwrap(), [4]);
    }

    #[test]
    fn what_has_no_room_is_told_once_until_all_is_written() {
        let backlog = Backlog::new(1);
        let mut told = 0;
        for row in 0..3 {
            backlog.add(row, || told += 1);
        }
        assert_eq!((told, backlog.waiting()), (1, 1));
        backlog.take(1).unwrap().written();
        assert!(backlog.take(1).is_none());
        for row in 0..2 {
            backlog.add(row, || told += 1);
        }
        assert_eq!(told, 2);
    }
}
