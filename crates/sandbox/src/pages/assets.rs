//! The table of the files the pages are made of.

use std::hash::{DefaultHasher, Hash, Hasher};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One compiled-in file.
pub(super) struct Asset {
    pub(super) name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) text: &'static str,
}

impl Asset {
    /// Names this very content, so that a browser can ask whether it has changed.
    pub(super) fn tag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    }
}

macro_rules! asset {
    ($name:literal, $type:ident) => {
        Asset { name: $name, content_type: $type, text: include_str!(concat!("../../assets/", $name)) }
    };
}

/// The page `/`.
pub(super) static BENCH: Asset = asset!("bench.html", HTML);
/// The page `/phone`.
pub(super) static PHONE: Asset = asset!("phone.html", HTML);

/// The pages `/inspect` and `/inspect/{id}`.
pub(super) static INSPECT: Asset = asset!("inspect.html", HTML);

/// Everything under `/_assets/`.
pub(super) static ASSETS: &[Asset] = &[
    asset!("icon.svg", SVG),
    asset!("tokens.css", CSS),
    asset!("phone.css", CSS),
    asset!("messages.css", CSS),
    asset!("overlays.css", CSS),
    asset!("bench.css", CSS),
    asset!("page-phone.js", SCRIPT),
    asset!("page-bench.js", SCRIPT),
    asset!("start.js", SCRIPT),
    asset!("settings.js", SCRIPT),
    asset!("i18n.js", SCRIPT),
    asset!("store.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("icons.js", SCRIPT),
    asset!("time.js", SCRIPT),
    asset!("text.js", SCRIPT),
    asset!("phone.js", SCRIPT),
    asset!("profile.js", SCRIPT),
    asset!("chats.js", SCRIPT),
    asset!("chat.js", SCRIPT),
    asset!("messages.js", SCRIPT),
    asset!("sound.js", SCRIPT),
    asset!("composer.js", SCRIPT),
    asset!("menu.js", SCRIPT),
    asset!("place.js", SCRIPT),
    asset!("scanner.js", SCRIPT),
    asset!("webview.js", SCRIPT),
    asset!("overlay.js", SCRIPT),
    asset!("users.js", SCRIPT),
    asset!("toolbar.js", SCRIPT),
    asset!("exchange.js", SCRIPT),
    asset!("exchange-list.js", SCRIPT),
    asset!("state-panel.js", SCRIPT),
    asset!("again.js", SCRIPT),
    asset!("chrome.js", SCRIPT),
    asset!("desk.css", CSS),
    asset!("inbox.js", SCRIPT),
    asset!("inspect-list.js", SCRIPT),
    asset!("inspect-panel.js", SCRIPT),
    asset!("inspect-state.js", SCRIPT),
    asset!("inspect-story.js", SCRIPT),
    asset!("inspect-timing.js", SCRIPT),
    asset!("inspect-wire.js", SCRIPT),
    asset!("inspect.css", CSS),
    asset!("ledger.js", SCRIPT),
    asset!("meters.js", SCRIPT),
    asset!("page-inspect.js", SCRIPT),
    asset!("panel-account.js", SCRIPT),
    asset!("panel-clock.js", SCRIPT),
    asset!("panel-faults.js", SCRIPT),
    asset!("pretty.js", SCRIPT),
    asset!("rows.js", SCRIPT),
    asset!("statusbar.js", SCRIPT),
    asset!("stream.js", SCRIPT),
    asset!("world.js", SCRIPT),
    asset!("tabs.js", SCRIPT),
    asset!("recording.js", SCRIPT),
    asset!("panel-scenario.js", SCRIPT),
    asset!("run.js", SCRIPT),
    asset!("panel-settings.js", SCRIPT),
    asset!("poster-form.js", SCRIPT),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> impl Iterator<Item = &'static Asset> {
        [&BENCH, &PHONE, &INSPECT].into_iter().chain(ASSETS)
    }

    /// What stands between `before` and the next quotation mark, everywhere in the text.
    fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
        text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_file_that_is_asked_for_is_served() {
        let known: Vec<&str> = ASSETS.iter().map(|asset| asset.name).collect();
        for asset in files() {
            for name in quoted(asset.text, "\"/_assets/").into_iter().chain(quoted(asset.text, "from \"./")) {
                assert!(known.contains(&name), "{} asks for {name}", asset.name);
            }
        }
    }

    #[test]
    fn every_served_file_is_asked_for() {
        let all: String = files().map(|asset| asset.text).collect();
        for asset in ASSETS {
            assert!(all.contains(&format!("/{}\"", asset.name)), "nobody uses {}", asset.name);
        }
    }

    #[test]
    fn texts_of_people_are_never_read_as_markup() {
        for asset in files() {
            for word in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
            {
                assert!(!asset.text.contains(word), "{} in {}", word, asset.name);
            }
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in files().filter(|asset| asset.content_type != SVG) {
            assert!(quoted(asset.text, "=\"http").is_empty(), "{} loads a file from elsewhere", asset.name);
            assert!(
                !asset.text.contains("from \"http") && !asset.text.contains("url(http"),
                "{}",
                asset.name
            );
        }
    }

    #[test]
    fn every_word_on_the_page_is_in_both_languages() {
        let words = ASSETS.iter().find(|asset| asset.name == "i18n.js").unwrap().text;
        for asset in files() {
            for key in quoted(asset.text, " t(\"").into_iter().chain(quoted(asset.text, "(t(\"")) {
                assert!(words.contains(&format!("  {key}: [")), "{} uses {key}", asset.name);
            }
        }
    }
}
