//! A value that a reload puts another in the place of, seen by everybody who holds it.

use std::sync::{Arc, PoisonError, RwLock};

/// The value as it is now. Cheap to clone; every clone sees what is put in.
pub(crate) struct Swap<T>(Arc<RwLock<Arc<T>>>);

impl<T> Swap<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// The value as it is now. Whoever holds it keeps it.
    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another value in its place; gives the one that was there.
    pub(crate) fn set(&self, value: T) -> Arc<T> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), Arc::new(value))
    }
}

impl<T> Clone for Swap<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Swap<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}
