//! The exchanges that are kept: written once as JSON, found by their headings, oldest dropped first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Direction, Exchange, Outcome};

/// One kept exchange: what it is found by, and the whole as JSON text.
struct Kept {
    id: u64,
    app_id: Arc<str>,
    direction: Direction,
    user: Option<Box<str>>,
    kind: Box<str>,
    outcome: Outcome,
    errcode: Option<i64>,
    codes: Box<[String]>,
    json: Arc<str>,
}

/// What is looked for; a field left out fits everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) app_id: String,
    /// Only those that ended after this one.
    pub(crate) after: Option<u64>,
    /// Only those that ended before this one.
    pub(crate) before: Option<u64>,
    pub(crate) user: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) direction: Option<Direction>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) errcode: Option<i64>,
    /// The code of a finding.
    pub(crate) finding: Option<String>,
    /// Stands anywhere in the exchange.
    pub(crate) text: Option<String>,
    /// With `after` the first so many, else the last so many.
    pub(crate) limit: Option<usize>,
}

impl Query {
    fn fits(&self, kept: &Kept) -> bool {
        self.direction.is_none_or(|direction| direction == kept.direction)
            && self.outcome.is_none_or(|outcome| outcome == kept.outcome)
            && self.errcode.is_none_or(|code| kept.errcode == Some(code))
            && self.user.as_deref().is_none_or(|user| kept.user.as_deref() == Some(user))
            && self.kind.as_deref().is_none_or(|kind| is_kind(&kept.kind, kind))
            && self.finding.as_ref().is_none_or(|code| kept.codes.contains(code))
            && *kept.app_id == *self.app_id
    }

    /// The needle as it stands inside JSON text.
    fn needle(&self) -> Option<String> {
        let text = self.text.as_ref().filter(|text| !text.is_empty())?;
        let quoted = serde_json::to_string(text).ok()?;
        Some(quoted[1..quoted.len() - 1].to_owned())
    }

    /// Those of the candidates that hold the text, oldest first. Needs no lock.
    pub(crate) fn pick(&self, candidates: Vec<Arc<str>>) -> Vec<Arc<str>> {
        let Some(needle) = self.needle() else { return candidates };
        let finder = memchr::memmem::Finder::new(needle.as_bytes());
        let limit = self.limit.unwrap_or(usize::MAX);
        let holds = |json: &Arc<str>| finder.find(json.as_bytes()).is_some();
        if self.after.is_some() {
            return candidates.into_iter().filter(holds).take(limit).collect();
        }
        let mut found: Vec<_> = candidates.into_iter().rev().filter(holds).take(limit).collect();
        found.reverse();
        found
    }
}

/// True for the whole kind, for its first part (`event`), and for a path without its first slash.
fn is_kind(kind: &str, wanted: &str) -> bool {
    kind == wanted
        || kind.strip_prefix('/') == Some(wanted)
        || kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
}

/// All finished exchanges, in the order they ended.
#[derive(Default)]
pub(crate) struct Log {
    last_id: u64,
    ended: VecDeque<Kept>,
    /// How many had ended when this one did.
    order: HashMap<u64, u64>,
    count: u64,
    app_ids: Vec<Arc<str>>,
}

impl Log {
    /// The id of an exchange that begins now.
    pub(crate) fn begin(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// Keeps an exchange that has ended, and no more than `limit` in all.
    pub(crate) fn end(&mut self, exchange: &Exchange, limit: usize) {
        while self.ended.len() >= limit.max(1)
            && let Some(old) = self.ended.pop_front()
        {
            self.order.remove(&old.id);
        }
        self.count += 1;
        self.order.insert(exchange.id, self.count);
        let app_id = self.app_id(&exchange.app_id);
        self.ended.push_back(Kept {
            id: exchange.id,
            app_id,
            direction: exchange.direction,
            user: exchange.user.as_deref().map(Box::from),
            kind: Box::from(exchange.kind.as_str()),
            outcome: exchange.outcome,
            errcode: exchange.errcode(),
            codes: exchange.findings.iter().map(|finding| finding.code.clone()).collect(),
            json: serde_json::to_string(exchange).unwrap_or_default().into(),
        });
    }

    fn app_id(&mut self, app_id: &str) -> Arc<str> {
        if let Some(known) = self.app_ids.iter().find(|known| ***known == *app_id) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = Arc::from(app_id);
        self.app_ids.push(Arc::clone(&fresh));
        fresh
    }

    /// Where an id stands in the list; none when it was dropped or never ended.
    fn place(&self, id: u64) -> Option<usize> {
        let first = self.count - self.ended.len() as u64;
        self.order.get(&id).map(|order| (order - first - 1) as usize)
    }

    /// What fits but for its text, oldest first; cut to the limit when no text is looked for.
    pub(crate) fn candidates(&self, query: &Query) -> Vec<Arc<str>> {
        // Nothing has ended after an exchange that has not begun.
        if query.after.is_some_and(|id| id > self.last_id) {
            return Vec::new();
        }
        let from = query.after.and_then(|id| self.place(id)).map_or(0, |place| place + 1);
        let to = query.before.and_then(|id| self.place(id)).unwrap_or(self.ended.len()).max(from);
        let limit = query.limit.filter(|_| query.text.is_none()).unwrap_or(usize::MAX);
        let range = self.ended.range(from..to).filter(|kept| query.fits(kept));
        if query.after.is_some() {
            return range.take(limit).map(|kept| Arc::clone(&kept.json)).collect();
        }
        let mut found: Vec<_> = range.rev().take(limit).map(|kept| Arc::clone(&kept.json)).collect();
        found.reverse();
        found
    }

    /// The exchange with this id, as JSON text.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<str>> {
        self.place(id).and_then(|place| self.ended.get(place)).map(|kept| Arc::clone(&kept.json))
    }

    /// How many are kept.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.ended.len()
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
