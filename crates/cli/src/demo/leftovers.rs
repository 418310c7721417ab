//! The folders of demos that were killed: the next demo takes them away.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How the demo's folders begin.
pub(super) const PREFIX: &str = "hongyan-demo-";
/// The file in a folder that says whose it is.
const MARK: &str = "process";

/// Writes into a new folder which process it belongs to.
pub(super) fn mark(folder: &Path) -> io::Result<()> {
    fs::write(folder.join(MARK), owner(std::process::id()))
}

/// Removes the folders beside `ours` whose process has gone. What cannot be removed stays.
pub(super) fn sweep(ours: &Path) {
    for folder in stale(ours, is_running) {
        let _ = fs::remove_dir_all(folder);
    }
}

/// The process's number, and where that number means something: containers may share the folder.
fn owner(process: u32) -> String {
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("hongyan demo\n{process}\n{}\n", space.display())
}

/// Only real folders with the prefix and a mark of the very form that [`mark`] writes.
fn stale(ours: &Path, is_running: impl Fn(u32) -> bool) -> Vec<PathBuf> {
    let beside = ours.parent().and_then(|parent| fs::read_dir(parent).ok());
    beside
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|folder| folder != ours)
        .filter(|folder| {
            let text = fs::read_to_string(folder.join(MARK)).unwrap_or_default();
            let process = text.lines().nth(1).and_then(|line| line.parse().ok());
            process.is_some_and(|process| text == owner(process) && !is_running(process))
        })
        .collect()
}

/// Where that cannot be told, every process counts as running.
fn is_running(process: u32) -> bool {
    !Path::new("/proc/self").exists() || Path::new("/proc").join(process.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_folders_of_gone_processes_are_stale() {
        let temporary = tempfile::tempdir().expect("a folder");
        let make = |name: &str, text: Option<String>| {
            let folder = temporary.path().join(name);
            fs::create_dir(&folder).expect("a folder");
            if let Some(text) = text {
                fs::write(folder.join(MARK), text).expect("a mark");
            }
            folder
        };
        let ours = make("hongyan-demo-ours", Some(owner(1)));
        let gone = make("hongyan-demo-gone", Some(owner(1)));
        make("hongyan-demo-runs", Some(owner(2)));
        make("hongyan-demo-unmarked", None);
        make("hongyan-demo-odd", Some("1".to_owned()));
        make("other-gone", Some(owner(1)));
        make("hongyan-demo-elsewhere", Some("hongyan demo\n1\npid:[0]\n".to_owned()));
        assert_eq!(stale(&ours, |process| process == 2), [gone]);
    }

    #[test]
    fn this_process_is_running() {
        assert!(is_running(std::process::id()));
    }
}
