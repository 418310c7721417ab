//! Opens an address in the person's browser.

use std::{
    io,
    process::{Command, Stdio},
};

/// `$BROWSER` when it is set, else what the system opens addresses with.
pub(crate) fn open(address: &str) -> io::Result<()> {
    let chosen = std::env::var("BROWSER").ok().filter(|name| !name.is_empty());
    let mut command = match chosen.as_deref() {
        // The variable may list several; the first is enough.
        Some(list) => Command::new(list.split(':').next().unwrap_or(list)),
        None if cfg!(target_os = "macos") => Command::new("open"),
        None if cfg!(windows) => Command::new("explorer"),
        None => Command::new("xdg-open"),
    };
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(drop)
}
