//! What each person has used today, in the store: a restart does not begin the day anew, and several gateways count
//! together.

use hongyan_wire::{OpenId, Timestamp};

use crate::config::PerDay;
use crate::store::{Store, StoreError};

/// The day of the platform's users begins at midnight in China.
const CHINA_MS: i64 = 8 * 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// How many days are kept.
const KEPT: i64 = 35;

fn day(now: Timestamp) -> i64 {
    (now.millis() + CHINA_MS).div_euclid(DAY_MS)
}

/// Counts a question unless the person has asked enough; whether it may be asked.
pub(crate) async fn ask(
    store: &Store,
    account: &str,
    openid: &OpenId,
    cap: &PerDay,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if cap.messages.is_none() && cap.tokens.is_none() {
        return Ok(true);
    }
    let key = || vec![account.into(), openid.as_str().into(), day(now).into()];
    let make = format!(
        "{} INTO assistant_use (account, openid, day, messages, tokens) VALUES (?, ?, ?, 0, 0)",
        store.insert_if_missing()
    );
    let most = |limit: Option<u64>| limit.map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
    let mut params = key();
    params.extend([most(cap.messages).into(), most(cap.tokens).into()]);
    // One statement looks and counts, so that two questions at once cannot both be the last one.
    let count = "UPDATE assistant_use SET messages = messages + 1 \
                 WHERE account = ? AND openid = ? AND day = ? AND messages < ? AND tokens < ?";
    let touched = store.write(vec![(make, key()), (count.to_owned(), params)]).await?;
    Ok(touched.get(1).copied().unwrap_or(0) > 0)
}

/// Adds the tokens that an answer took.
pub(crate) async fn spent(
    store: &Store,
    account: &str,
    openid: &OpenId,
    cap: &PerDay,
    tokens: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    if cap.tokens.is_none() {
        return Ok(());
    }
    let tokens = i64::try_from(tokens).unwrap_or(i64::MAX / 2);
    store
        .write_one(
            "UPDATE assistant_use SET tokens = tokens + ? WHERE account = ? AND openid = ? AND day = ?",
            vec![tokens.into(), account.into(), openid.as_str().into(), day(now).into()],
        )
        .await?;
    Ok(())
}

/// Forgets days long past.
pub(crate) async fn tidy(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store.write_one("DELETE FROM assistant_use WHERE day < ?", vec![(day(now) - KEPT).into()]).await?;
    Ok(())
}
