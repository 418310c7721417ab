//! The menu a phone shows: clients fetch it on entering the chat, but not when they did so lately.

use serde_json::Value;

use super::World;
use super::person::FetchedMenu;

impl World {
    /// The menu on this person's phone as they enter the chat, with its id.
    pub(crate) fn menu_seen(&mut self, at: usize, openid: &str, now_ms: i64) -> Option<(u64, Vec<Value>)> {
        let since = now_ms - self.settings.menu_cache_seconds * 1000;
        let fetched = self.accounts[at].follower(openid)?.fetched_menu.as_ref();
        if fetched.is_none_or(|menu| menu.at_ms <= since || menu.at_ms > now_ms) {
            self.fetch_menu(at, openid, now_ms);
        }
        let menu = self.accounts[at].follower(openid)?.fetched_menu.clone()?;
        (!menu.buttons.is_empty()).then_some((menu.id, menu.buttons))
    }

    /// The phone fetches the menu now.
    pub(crate) fn fetch_menu(&mut self, at: usize, openid: &str, now_ms: i64) {
        let (id, buttons) = self.menu_of(at, openid).unwrap_or_default();
        if let Some(follower) = self.accounts[at].follower_mut(openid) {
            follower.fetched_menu = Some(FetchedMenu { at_ms: now_ms, id, buttons });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::Options;
    use crate::settings::Settings;

    fn world(menu_cache_seconds: i64) -> (World, String) {
        let settings = Settings { menu_cache_seconds, ..Settings::default() };
        let mut world = World::new(&Options { settings, ..Options::default() }, "http://x");
        world.add_person("a".into(), 2);
        let openid = world.accounts[0].followers[0].openid.clone();
        (world, openid)
    }

    fn set(world: &mut World, id: u64) {
        world.accounts[0].menus.set(id, vec![json!({"type": "click", "name": "a", "key": "a"})]);
    }

    #[test]
    fn a_menu_is_fetched_again_when_it_is_five_minutes_old() {
        let (mut world, openid) = world(300);
        set(&mut world, 1);
        assert_eq!(world.menu_seen(0, &openid, 0).unwrap().0, 1);
        set(&mut world, 2);
        assert_eq!(world.menu_seen(0, &openid, 299_999).unwrap().0, 1);
        assert_eq!(world.menu_seen(0, &openid, 300_000).unwrap().0, 2);
        set(&mut world, 3);
        world.fetch_menu(0, &openid, 300_001);
        assert_eq!(world.menu_seen(0, &openid, 300_002).unwrap().0, 3);
    }

    #[test]
    fn without_the_delay_every_change_shows_at_once() {
        let (mut world, openid) = world(0);
        assert_eq!(world.menu_seen(0, &openid, 0), None);
        set(&mut world, 1);
        assert_eq!(world.menu_seen(0, &openid, 0).unwrap().0, 1);
        set(&mut world, 2);
        assert_eq!(world.menu_seen(0, &openid, 0).unwrap().0, 2);
    }
}
