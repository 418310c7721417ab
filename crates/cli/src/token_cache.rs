//! The access token between two commands: a file only its owner can read, in the user's cache folder.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use hongyan::{FileTokens, TokenStore};
use url::form_urlencoded::byte_serialize;

/// The store for one account at one address; nothing when there is no place for a file, and then each command fetches its own token.
pub(crate) fn open(app_id: &str, api_base: Option<&str>) -> Option<Arc<dyn TokenStore>> {
    let folder = folder(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?;
    make_private(&folder).ok()?;
    Some(Arc::new(FileTokens::new(folder.join(file_name(app_id, api_base)))))
}

/// `$XDG_CACHE_HOME/hongyan`, or `~/.cache/hongyan`; relative ones do not count.
fn folder(cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let absolute = |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute(cache).or_else(|| absolute(home).map(|home| home.join(".cache")))?;
    Some(cache.join("hongyan"))
}

/// The address is part of the name: a token of the sandbox must never be sent to the platform, nor the other way round.
fn file_name(app_id: &str, api_base: Option<&str>) -> String {
    let base = api_base.unwrap_or("platform").trim_end_matches('/');
    let safe = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("token-{}-{}.json", safe(app_id), safe(base))
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_folder_is_the_users_own() {
        let os = |text: &str| Some(OsString::from(text));
        assert_eq!(folder(os("/c"), os("/h")), Some("/c/hongyan".into()));
        assert_eq!(folder(None, os("/h")), Some("/h/.cache/hongyan".into()));
        assert_eq!(folder(os("relative"), os("/h")), Some("/h/.cache/hongyan".into()));
        assert_eq!(folder(None, None), None);
    }

    #[test]
    fn each_app_id_and_address_has_a_file_of_its_own() {
        let one = file_name("wx1", Some("http://127.0.0.1:7070/"));
        assert_eq!(one, "token-wx1-http%3A%2F%2F127.0.0.1%3A7070.json");
        assert_eq!(one, file_name("wx1", Some("http://127.0.0.1:7070")));
        assert_ne!(one, file_name("wx1", None));
        assert_ne!(one, file_name("wx2", Some("http://127.0.0.1:7070")));
        assert!(!file_name("../x", None).contains('/'));
    }
}
