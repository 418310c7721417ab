//! How messages travel, as a flag.

use clap::ValueEnum;

/// The platform's three message modes.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModeArg {
    Plain,
    Compatible,
    Secure,
}

impl ModeArg {
    pub(crate) fn for_sandbox(self) -> hongyan_sandbox::Mode {
        match self {
            Self::Plain => hongyan_sandbox::Mode::Plain,
            Self::Compatible => hongyan_sandbox::Mode::Compatible,
            Self::Secure => hongyan_sandbox::Mode::Secure,
        }
    }

    pub(crate) fn for_server(self) -> hongyan_server::Mode {
        match self {
            Self::Plain => hongyan_server::Mode::Plain,
            Self::Compatible => hongyan_server::Mode::Compatible,
            Self::Secure => hongyan_server::Mode::Secure,
        }
    }
}
