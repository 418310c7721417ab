//! The tags of one account: names and numbers; who has which stands with the followers.

use serde::{Deserialize, Serialize};

use crate::settings::Settings;

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// All tags of an account, the platform's own first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tags {
    list: Vec<Tag>,
    next: u64,
}

/// Numbers the platform keeps for itself.
const RESERVED: std::ops::RangeInclusive<u64> = 0..=2;
/// The first number of an account's own tags.
const FIRST: u64 = 100;

impl Default for Tags {
    fn default() -> Self {
        Tags { list: vec![Tag { id: 2, name: "星标组".to_owned() }], next: FIRST }
    }
}

impl Tags {
    /// Makes a tag.
    pub(crate) fn create(&mut self, name: &str, settings: &Settings) -> Result<Tag, i64> {
        self.check_name(name, None, settings)?;
        if self.list.iter().filter(|tag| !RESERVED.contains(&tag.id)).count() >= settings.tags_max {
            return Err(45056);
        }
        let tag = Tag { id: self.next, name: name.to_owned() };
        self.next += 1;
        self.list.push(tag.clone());
        Ok(tag)
    }

    /// Gives a tag another name.
    pub(crate) fn rename(&mut self, id: u64, name: &str, settings: &Settings) -> Result<(), i64> {
        self.own(id)?;
        self.check_name(name, Some(id), settings)?;
        for tag in self.list.iter_mut().filter(|tag| tag.id == id) {
            name.clone_into(&mut tag.name);
        }
        Ok(())
    }

    /// Removes a tag that this many followers have.
    pub(crate) fn delete(&mut self, id: u64, followers: usize, settings: &Settings) -> Result<(), i64> {
        self.own(id)?;
        if followers > settings.tag_followers_to_delete {
            return Err(45057);
        }
        self.list.retain(|tag| tag.id != id);
        Ok(())
    }

    /// Fails when there is no such tag.
    pub(crate) fn known(&self, id: u64) -> Result<(), i64> {
        if self.list.iter().any(|tag| tag.id == id) { Ok(()) } else { Err(45159) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.list.iter()
    }

    fn own(&self, id: u64) -> Result<(), i64> {
        if RESERVED.contains(&id) { Err(45058) } else { self.known(id) }
    }

    fn check_name(&self, name: &str, but: Option<u64>, settings: &Settings) -> Result<(), i64> {
        if name.trim().is_empty() || self.list.iter().any(|tag| tag.name == name && Some(tag.id) != but) {
            return Err(45157);
        }
        if name.chars().count() > settings.tag_name_chars {
            return Err(45158);
        }
        Ok(())
    }
}

/// Puts a tag on a follower as the newest; fails when they have too many.
pub(crate) fn put(tags: &mut Vec<u64>, id: u64, settings: &Settings) -> Result<(), i64> {
    if !tags.contains(&id) && tags.len() >= settings.tags_per_user {
        return Err(45059);
    }
    tags.retain(|tag| *tag != id);
    tags.push(id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_numbers_begin_at_a_hundred() {
        let settings = Settings::default();
        let mut tags = Tags::default();
        assert_eq!(tags.create("广东", &settings).unwrap().id, 100);
        for (name, code) in [("", 45157), ("  ", 45157), ("广东", 45157), ("星标组", 45157)] {
            assert_eq!(tags.create(name, &settings), Err(code), "{name:?}");
        }
        assert_eq!(tags.create(&"长".repeat(31), &settings), Err(45158));
        assert!(tags.create(&"长".repeat(30), &settings).is_ok());
        let few = Settings { tags_max: 2, ..settings };
        assert_eq!(tags.create("第三", &few), Err(45056));
    }

    #[test]
    fn the_platforms_own_tags_stay_and_deleted_numbers_do_not_come_back() {
        let settings = Settings { tag_followers_to_delete: 1, ..Settings::default() };
        let mut tags = Tags::default();
        let id = tags.create("a", &settings).unwrap().id;
        assert_eq!(tags.rename(2, "b", &settings), Err(45058));
        assert_eq!(tags.rename(77, "b", &settings), Err(45159));
        assert_eq!(tags.rename(id, "a", &settings), Ok(()));
        assert_eq!(tags.delete(id, 2, &settings), Err(45057));
        assert_eq!(tags.delete(id, 1, &settings), Ok(()));
        assert_eq!(tags.known(id), Err(45159));
        assert_eq!(tags.create("a", &settings).unwrap().id, id + 1);
    }

    #[test]
    fn the_tag_put_last_is_the_newest_and_twenty_are_enough() {
        let settings = Settings::default();
        let mut tags: Vec<u64> = (100..120).collect();
        assert_eq!(put(&mut tags, 120, &settings), Err(45059));
        assert_eq!(put(&mut tags, 100, &settings), Ok(()));
        assert_eq!((tags.len(), tags.last()), (20, Some(&100)));
    }
}
