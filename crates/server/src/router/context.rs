//! What a route's function is given.

use std::ops::Deref;

use hongyan_wire::inbound::{Content, Event};
use hongyan_wire::{Inbound, OpenId, Scene};

use super::route::Captures;
use crate::Push;

/// The push, and what the route found in it.
#[derive(Debug, Clone)]
pub struct Context {
    push: Push,
    captures: Captures,
}

impl Context {
    pub(super) fn new(push: Push, captures: Captures) -> Self {
        Self { push, captures }
    }

    /// The whole message.
    pub fn message(&self) -> &Inbound {
        &self.push.message
    }

    /// Who wrote, tapped or scanned.
    pub fn openid(&self) -> &OpenId {
        &self.push.message.from
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.push.message.content {
            Content::Text { content, .. } => Some(content),
            _ => None,
        }
    }

    /// The event's key: a button's key, an address, a page.
    pub fn key(&self) -> Option<&str> {
        match &self.push.message.content {
            Content::Event(event) => Event::key(event),
            _ => None,
        }
    }

    /// The scene of the QR code that was scanned.
    pub fn scene(&self) -> Option<Scene> {
        self.push.message.scene()
    }

    /// What the named group of the route's expression caught.
    pub fn capture(&self, name: &str) -> Option<&str> {
        let named = self.captures.iter().find(|(known, _)| known.as_deref() == Some(name));
        named.and_then(|(_, caught)| caught.as_deref())
    }

    /// What the group of this number caught; 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<&str> {
        self.captures.get(number).and_then(|(_, caught)| caught.as_deref())
    }
}

impl Deref for Context {
    type Target = Push;

    fn deref(&self) -> &Push {
        &self.push
    }
}
