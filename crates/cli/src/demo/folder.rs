//! The demo's files, in a temporary folder that goes when the demo ends.

use std::{net::SocketAddr, path::PathBuf};

use hongyan_sandbox::Options;
use tempfile::TempDir;

use super::{leftovers, media, songs};
use crate::failure::Failure;

const TEMPLATE: &str = include_str!("../../demo/hongyan.toml");
const MENU: &str = include_str!("../../../../examples/menu.json");

/// What the template leaves open, by its marks.
pub(super) struct Values(Vec<(&'static str, String)>);

impl Values {
    pub(super) fn new(options: &Options, gateway: SocketAddr) -> Self {
        Self(vec![
            ("@GATEWAY@", gateway.to_string()),
            ("@APP_ID@", options.app_id.clone()),
            ("@SECRET@", options.secret.clone()),
            ("@TOKEN@", options.token.clone()),
            ("@AES_KEY@", options.aes_key.clone()),
            ("@MODE@", options.mode.name().to_owned()),
        ])
    }

    fn fill(&self, sandbox: &str, standins: &str) -> String {
        let all = self.0.iter().map(|(mark, value)| (*mark, value.as_str()));
        let all = all.chain([("@SANDBOX@", sandbox), ("@STANDINS@", standins)]);
        all.fold(TEMPLATE.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

/// The folder with configuration, menu, songs and pictures.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) async fn write(values: &Values, sandbox: &str, standins: &str) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix(leftovers::PREFIX).tempdir().map_err(unwritable)?;
        leftovers::mark(folder.path()).map_err(unwritable)?;
        leftovers::sweep(folder.path());
        media::write(folder.path()).map_err(unwritable)?;
        std::fs::write(folder.path().join("menu.json"), MENU).map_err(unwritable)?;
        songs::write(&folder.path().join("songs.db"), standins).await.map_err(Failure::refused)?;
        let this = Self(folder);
        std::fs::write(this.config(), values.fill(sandbox, standins)).map_err(unwritable)?;
        Ok(this)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.0.path().join("hongyan.toml")
    }
}

fn unwritable(error: std::io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::Refused(format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use hongyan_gateway::Config;
    use hongyan_sandbox::{Mode, Options};

    use super::*;

    #[tokio::test]
    async fn the_demos_configuration_is_accepted_in_every_mode() {
        for mode in [Mode::Plain, Mode::Compatible, Mode::Secure] {
            let options = Options { mode, ..Options::default() };
            let values = Values::new(&options, SocketAddr::from(([127, 0, 0, 1], 8080)));
            let folder =
                Folder::write(&values, "http://127.0.0.1:1", "http://127.0.0.1:2").await.expect("written");
            let config = Config::load(&folder.config()).expect("accepted");
            let account = config.account(None).expect("one account");
            assert!(account.menu_at_start && account.rules.len() > 20);
            assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        }
    }

    #[test]
    fn no_mark_is_left_open() {
        let values = Values::new(&Options::default(), SocketAddr::from(([127, 0, 0, 1], 8080)));
        assert!(!values.fill("http://a", "http://b").contains('@'));
    }

    #[test]
    fn every_menu_button_has_a_rule() {
        let menu: serde_json::Value = serde_json::from_str(MENU).expect("JSON");
        let leaves = menu["button"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|top| top["sub_button"].as_array().into_iter().flatten());
        let mut count = 0;
        for leaf in leaves {
            let key = leaf["key"].as_str().expect("a key");
            assert_eq!(leaf["name"], key);
            assert!(TEMPLATE.contains(&format!("click = \"{key}\"")), "{key}");
            count += 1;
        }
        assert_eq!(count, 9);
    }

    #[test]
    fn the_examples_are_accepted() {
        let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        for name in ["hongyan.toml", "test-account.toml"] {
            let config = Config::load(&examples.join(name)).expect(name);
            assert!(config.warnings.is_empty(), "{name}: {:?}", config.warnings);
            assert!(
                config.account(None).expect("one account").menu.as_ref().is_some_and(|menu| menu.is_file()),
                "{name}"
            );
        }
    }
}
