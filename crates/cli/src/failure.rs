//! Why a command ended badly: what is printed, and the exit code.

use std::{fmt, io};

/// A command's bad end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the configuration is wrong: exit 2.
    Usage(String),
    /// The platform or the work refused: exit 1.
    Refused(String),
    /// What went wrong has been printed already: exit 1.
    Told,
    /// Whoever read our output has gone: not a failure, exit 0.
    Pipe,
}

impl Failure {
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::Usage(text.to_string())
    }

    pub(crate) fn refused(text: impl fmt::Display) -> Self {
        Self::Refused(text.to_string())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Refused(_) | Self::Told => 1,
            Self::Pipe => 0,
        }
    }

    /// What goes to standard error, if anything is left to say.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Usage(text) | Self::Refused(text) => Some(text),
            Self::Told | Self::Pipe => None,
        }
    }

    /// A failed write to standard output.
    pub(crate) fn from_write(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Pipe } else { Self::Refused(error.to_string()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_gone_is_not_a_failure() {
        let gone = Failure::from_write(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((gone.exit_code(), gone.text()), (0, None));
        let full = Failure::from_write(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.exit_code(), 1);
    }
}
