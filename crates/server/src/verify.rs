//! Step 2, verify: is it the platform that calls, and now?

use std::time::Duration;

use hongyan_wire::{Timestamp, signature};

use crate::receive::Query;
use crate::{Account, Refusal};

/// What the signature covers, proved to come from someone who knows the token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'q> {
    pub(crate) timestamp: &'q str,
    pub(crate) nonce: &'q str,
}

/// Checks the signature over token, time and nonce, which stands on every request in every mode.
pub(crate) fn signature<'q>(account: &Account, query: &'q Query<'_>) -> Result<Signed<'q>, Refusal> {
    // An empty token is one that everybody knows.
    if account.token.expose().is_empty() {
        return Err(Refusal::NoToken);
    }
    let (Some(given), Some(timestamp), Some(nonce)) = (&query.signature, &query.timestamp, &query.nonce)
    else {
        return Err(Refusal::Unsigned);
    };
    if given.is_empty() || timestamp.is_empty() || nonce.is_empty() {
        return Err(Refusal::Unsigned);
    }
    if !signature::signature(account.token.expose(), timestamp, nonce).matches(given) {
        return Err(Refusal::Signature);
    }
    Ok(Signed { timestamp, nonce })
}

/// Checks that the push was signed lately.
pub(crate) fn age(max_age: Duration, signed: Signed<'_>, now: Timestamp) -> Result<(), Refusal> {
    let seconds = signed.timestamp.parse().map_err(|_| Refusal::Timestamp)?;
    let at = Timestamp::from_seconds(seconds);
    let (age, ahead) = (now.saturating_since(at), at.saturating_since(now));
    if age > max_age {
        return Err(Refusal::Stale { age });
    }
    if ahead > max_age {
        return Err(Refusal::Early { ahead });
    }
    Ok(())
}

/// Checks the signature that covers an encrypted body.
pub(crate) fn message(
    account: &Account,
    query: &Query<'_>,
    signed: Signed<'_>,
    encrypt: &str,
) -> Result<(), Refusal> {
    let given =
        query.msg_signature.as_deref().filter(|given| !given.is_empty()).ok_or(Refusal::NoMsgSignature)?;
    let right = signature::msg_signature(account.token.expose(), signed.timestamp, signed.nonce, encrypt);
    if right.matches(given) { Ok(()) } else { Err(Refusal::MsgSignature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: Signed<'_> = Signed { timestamp: "1732000000", nonce: "1" };

    #[test]
    fn age_counts_in_both_directions_and_its_end_is_still_good() {
        let max = Duration::from_mins(10);
        let at = |seconds: i64| age(max, SIGNED, Timestamp::from_seconds(1_732_000_000 + seconds));
        assert!(at(600).is_ok() && at(-600).is_ok());
        assert!(matches!(at(601), Err(Refusal::Stale { .. })));
        assert!(matches!(at(-601), Err(Refusal::Early { .. })));
    }

    #[test]
    fn a_time_that_is_no_number_is_refused() {
        let signed = Signed { timestamp: "soon", nonce: "1" };
        assert!(matches!(age(Duration::MAX, signed, Timestamp(0)), Err(Refusal::Timestamp)));
    }
}
