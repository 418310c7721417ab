//! Flags that set the platform's rules: the profile of the reply windows, single settings, the seed.

use std::path::PathBuf;

use clap::Args;
use hongyan_sandbox::Options;

use crate::{failure::Failure, input, screen::Screen};

#[derive(Args, Debug)]
pub(crate) struct RuleArgs {
    /// Which table of reply windows holds: current, or legacy-2021
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Settings from a JSON file, some of those that GET /_sandbox/settings shows
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The number that OpenIDs, tickets and request ids are made from
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How many exchanges are kept, which bounds the memory; the oldest are dropped
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    max_exchanges: Option<u64>,
}

impl RuleArgs {
    /// Puts the flags into the options.
    pub(crate) fn apply(&self, options: &mut Options, screen: Screen) -> Result<(), Failure> {
        if let Some(name) = &self.profile {
            options.settings = options.settings.clone().with_profile(name).map_err(Failure::Usage)?;
        }
        if let Some(file) = &self.settings {
            let name = file.display().to_string();
            let wrong = |why: String| Failure::Usage(format!("{name}: {why}"));
            let changes = serde_json::from_str(&input::file_text(&name, screen)?);
            let changes = changes.map_err(|error| wrong(error.to_string()))?;
            options.settings = options.settings.changed(&changes).map_err(wrong)?;
        }
        if let Some(most) = self.max_exchanges {
            options.settings.max_exchanges = usize::try_from(most).unwrap_or(usize::MAX);
        }
        if let Some(seed) = self.seed {
            options.seed = seed;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;

    #[test]
    fn a_profile_and_a_file_change_the_settings_and_mistakes_are_named() {
        let screen = Screen { lang: Lang::En };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        std::fs::write(&file, r#"{"menu_cache_seconds": 300}"#).unwrap();
        let mut options = Options::default();
        let args = RuleArgs {
            profile: Some("legacy-2021".into()),
            settings: Some(file),
            seed: Some(7),
            max_exchanges: Some(9),
        };
        args.apply(&mut options, screen).unwrap();
        assert_eq!(options.settings.window_message.messages, Some(20));
        assert_eq!((options.settings.menu_cache_seconds, options.seed), (300, 7));
        assert_eq!(options.settings.max_exchanges, 9);
        let wrong =
            RuleArgs { profile: Some("2019".into()), settings: None, seed: None, max_exchanges: None };
        let error = format!("{:?}", wrong.apply(&mut options, screen).unwrap_err());
        assert!(error.contains("legacy-2021"), "{error}");
    }
}
