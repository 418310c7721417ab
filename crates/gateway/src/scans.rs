//! Who scanned which QR code, when, and whether they followed by it.
//!
//! Noted in memory on the callback path, written behind in batches. A scan's id is made from the push itself, so that
//! the same push seen by two gateways is one scan. Codes that another program made are counted like our own.

use std::sync::Arc;

use hongyan_wire::inbound::{Content, Event};
use hongyan_wire::{Inbound, OpenId, Scene, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::backlog::Backlog;
use crate::db::{Param, Row};
use crate::idempotency::hex;
use crate::store::row::{integer, text};
use crate::store::{Store, StoreError};

/// How many scans may wait; further ones are left out, which is logged.
const MOST: usize = 65_536;
/// How many one statement writes.
const ROWS: usize = 50;
/// Days are China's, which has one time zone and no summer time.
const CHINA_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// One scan.
#[derive(Debug, Clone)]
struct Scan {
    id: String,
    account: Arc<str>,
    scene: String,
    ticket: String,
    openid: OpenId,
    at: Timestamp,
    followed: bool,
}

/// Scans, those that have not been written yet among them.
pub(crate) struct Scans {
    store: Store,
    waiting: Backlog<Scan>,
}

/// Which scans are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Which {
    pub(crate) scene: Option<String>,
    /// Only through the code with this ticket.
    pub(crate) ticket: Option<String>,
    pub(crate) openid: Option<String>,
}

/// One page of scans, the latest first.
pub(crate) struct ScanPage {
    pub(crate) scans: Vec<Value>,
    /// Give it as `before` for the next page.
    pub(crate) next: Option<String>,
}

impl Scans {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, waiting: Backlog::new(MOST) }
    }

    /// Takes in one push, if it is a scan. Never waits.
    pub(crate) fn pushed(&self, account: &Arc<str>, push: &Inbound, now: Timestamp) {
        let (scene, ticket, followed) = match &push.content {
            Content::Event(Event::Subscribe { scene: Some(scene), ticket }) => (scene, ticket, true),
            Content::Event(Event::Scan { scene, ticket }) => (scene, ticket, false),
            _ => return,
        };
        let scan = Scan {
            id: id(account, push, scene, now),
            account: Arc::clone(account),
            scene: shorten(&scene.to_string(), 191),
            ticket: shorten(ticket.as_ref().map_or("", |ticket| ticket.as_str()), 500),
            openid: push.from.clone(),
            at: now,
            followed,
        };
        self.waiting.add(scan, || {
            tracing::error!(%account, "scans are not counted from here on: too many wait for the database");
        });
    }

    /// How many have not been written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.waiting()
    }

    /// Writes what was noted; what cannot be written now waits on.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        while let Some(part) = self.waiting.take(ROWS) {
            self.write(&part).await?;
            part.written();
        }
        Ok(())
    }

    async fn write(&self, scans: &[Scan]) -> Result<(), StoreError> {
        let places = vec!["(?, ?, ?, ?, ?, ?, ?, ?)"; scans.len()].join(", ");
        let sql = format!(
            "{} INTO scans (id, account, scene, ticket, openid, scanned_at, day, followed) VALUES {places}",
            self.store.insert_if_missing()
        );
        let params = scans
            .iter()
            .flat_map(|scan| {
                let at = scan.at.millis();
                [
                    scan.id.as_str().into(),
                    scan.account.as_ref().into(),
                    scan.scene.as_str().into(),
                    scan.ticket.as_str().into(),
                    scan.openid.as_str().into(),
                    at.into(),
                    (at + CHINA_MS).div_euclid(DAY_MS).into(),
                    i64::from(scan.followed).into(),
                ]
            })
            .collect();
        self.store.write_one(&sql, params).await.map(|_| ())
    }

    /// One page of scans, the latest first, from behind `before`.
    pub(crate) async fn page(
        &self,
        account: &str,
        which: &Which,
        before: Option<&str>,
        limit: usize,
    ) -> Result<ScanPage, StoreError> {
        self.flush().await?;
        let (mut condition, mut params) = which.condition(account);
        if let Some(before) = before {
            condition.push_str(" AND id < ?");
            params.push(before.into());
        }
        params.push((limit as i64 + 1).into());
        let sql = format!(
            "SELECT id, scene, openid, scanned_at, followed FROM scans WHERE {condition} ORDER BY id DESC LIMIT ?"
        );
        let rows = self.store.query(&sql, &params).await?;
        let next = (rows.len() > limit)
            .then(|| rows.get(limit.saturating_sub(1)).map(|row| text(row, "id").to_owned()))
            .flatten();
        Ok(ScanPage { scans: rows.iter().take(limit).map(scan).collect(), next })
    }

    /// Scans and follows of each day, the latest first: `{day, scans, follows, users}`.
    pub(crate) async fn days(&self, account: &str, which: &Which) -> Result<Vec<Value>, StoreError> {
        self.flush().await?;
        let (condition, params) = which.condition(account);
        let sql = format!(
            "SELECT day, COUNT(*) AS scans, SUM(followed) AS follows, COUNT(DISTINCT openid) AS users \
             FROM scans WHERE {condition} GROUP BY day ORDER BY day DESC LIMIT 400"
        );
        let rows = self.store.query(&sql, &params).await?;
        let day = |row: &Row| {
            json!({
                "day": date(integer(row, "day")),
                "scans": integer(row, "scans"),
                "follows": integer(row, "follows"),
                "users": integer(row, "users"),
            })
        };
        Ok(rows.iter().map(day).collect())
    }

    /// How often all of them were scanned, how many followed by it, how many people that were.
    pub(crate) async fn total(&self, account: &str, which: &Which) -> Result<Value, StoreError> {
        self.flush().await?;
        let (condition, params) = which.condition(account);
        let sql = format!(
            "SELECT COUNT(*) AS scans, COALESCE(SUM(followed), 0) AS follows, COUNT(DISTINCT openid) AS users \
             FROM scans WHERE {condition}"
        );
        let rows = self.store.query(&sql, &params).await?;
        let count = |name: &str| rows.first().map_or(0, |row| integer(row, name));
        Ok(json!({"scans": count("scans"), "follows": count("follows"), "users": count("users")}))
    }

    /// The first or the last code that a user scanned.
    pub(crate) async fn touch(
        &self,
        account: &str,
        openid: &str,
        first: bool,
    ) -> Result<Option<Value>, StoreError> {
        self.flush().await?;
        let order = if first { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT id, scene, openid, scanned_at, followed FROM scans WHERE account = ? AND openid = ? \
             ORDER BY scanned_at {order}, id {order} LIMIT 1"
        );
        let rows = self.store.query(&sql, &[account.into(), openid.into()]).await?;
        Ok(rows.first().map(scan))
    }
}

impl Which {
    fn condition(&self, account: &str) -> (String, Vec<Param>) {
        let mut condition = "account = ?".to_owned();
        let mut params: Vec<Param> = vec![account.into()];
        if let Some(scene) = &self.scene {
            condition.push_str(" AND scene = ?");
            params.push(scene.as_str().into());
        }
        if let Some(ticket) = &self.ticket {
            // A push without a ticket tells the scene only.
            condition.push_str(" AND ticket IN (?, '')");
            params.push(ticket.as_str().into());
        }
        if let Some(openid) = &self.openid {
            condition.push_str(" AND openid = ?");
            params.push(openid.as_str().into());
        }
        (condition, params)
    }
}

fn scan(row: &Row) -> Value {
    json!({
        "openid": text(row, "openid"),
        "scene": text(row, "scene"),
        "at_ms": integer(row, "scanned_at"),
        "followed": integer(row, "followed") != 0,
    })
}

/// Sorts by time, and is the same for the same push whoever sees it.
fn id(account: &str, push: &Inbound, scene: &Scene, now: Timestamp) -> String {
    let created = push.created.millis();
    let mut digest = Sha256::new();
    for part in [account, push.from.as_str(), push.event().unwrap_or_default(), &scene.to_string()] {
        digest.update(part);
        digest.update([0]);
    }
    digest.update(created.to_be_bytes());
    let digest = hex(&digest.finalize()[..10]);
    // A push without a time of its own has ours.
    let time = if created > 0 { created } else { now.millis() };
    format!("{time:012x}{digest}")
}

fn shorten(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// `2026-11-22` for so many days since 1970.
fn date(days: i64) -> String {
    // Counted in years that begin in March, so that the leap day is a year's last.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (days, written) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22")]
        {
            assert_eq!(date(days), written);
        }
    }
}
