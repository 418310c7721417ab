//! Where the sandbox's certificate authority is kept: the same one for every run, so that it is trusted once.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Args;
use hongyan_sandbox::Authority;

use crate::{failure::Failure, screen::Screen};

#[derive(Args, Debug)]
pub(crate) struct CaFolder {
    /// Where the sandbox's certificate authority is kept; its key is readable by you only
    #[arg(long, value_name = "FOLDER")]
    ca_dir: Option<PathBuf>,
}

impl CaFolder {
    /// The authority, made when there is none yet.
    pub(crate) fn open(&self, screen: Screen) -> Result<Authority, Failure> {
        Authority::open(&self.path(screen)?).map_err(Failure::usage)
    }

    /// The certificate as a file, once [`CaFolder::open`] has been here.
    pub(crate) fn certificate_file(&self, screen: Screen) -> Result<PathBuf, Failure> {
        Ok(Authority::certificate_file(&self.path(screen)?))
    }

    fn path(&self, screen: Screen) -> Result<PathBuf, Failure> {
        let usual = || usual(env::var_os("XDG_DATA_HOME"), env::var_os("HOME"));
        self.ca_dir.as_deref().map(Path::to_path_buf).or_else(usual).ok_or_else(|| {
            Failure::usage(screen.lang.pick(
                "there is no home folder to keep the certificate authority in; name one with --ca-dir",
                "没有主目录可存放证书；请用 --ca-dir 指定文件夹",
            ))
        })
    }
}

/// `$XDG_DATA_HOME/hongyan`, or `~/.local/share/hongyan`; relative ones do not count.
fn usual(data: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute(data).or_else(|| absolute(home).map(|home| home.join(".local/share")))?;
    Some(data.join("hongyan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_users_own() {
        let os = |text: &str| Some(OsString::from(text));
        assert_eq!(usual(os("/d"), os("/h")), Some("/d/hongyan".into()));
        assert_eq!(usual(os("relative"), os("/h")), Some("/h/.local/share/hongyan".into()));
        assert_eq!(usual(None, None), None);
    }
}
