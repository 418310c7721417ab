//! Who may do what: the platform's permission table by kind of account and certification.

use crate::options::Kind;

/// A group of calls that is allowed or not as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Tokens, addresses, callback check: everybody.
    Basic,
    Menu,
    ConditionalMenu,
    CustomerService,
    /// A menu of choices inside a customer-service message.
    MsgMenu,
    /// Accounts of agents, their sessions and records.
    Agents,
    Users,
    QrCodes,
    Media,
    /// Web login (网页授权).
    WebLogin,
    Templates,
    /// Subscription messages (订阅通知).
    Subscriptions,
    /// Reports of where followers are.
    LocationReports,
    /// Messages to many, and figures about them.
    Mass,
    /// Publishing articles.
    Publishing,
    /// Semantics, text in pictures, speech.
    Semantic,
    /// Setting the daily counters back.
    ClearQuota,
}

/// Whether an account of this kind has the right.
pub(crate) fn may(kind: Kind, verified: bool, right: Right) -> bool {
    let test = kind == Kind::Test;
    let service = kind == Kind::Service;
    match right {
        Right::Basic => true,
        Right::Menu => test || service || verified,
        Right::ConditionalMenu | Right::CustomerService | Right::Users | Right::Media | Right::ClearQuota => {
            test || verified
        }
        Right::MsgMenu | Right::Agents | Right::Semantic => service && verified,
        Right::QrCodes | Right::Templates | Right::WebLogin | Right::LocationReports => {
            test || (service && verified)
        }
        Right::Subscriptions | Right::Mass | Right::Publishing => verified && !test,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_reference_holds() {
        use Kind::{Service, Subscription, Test};
        let columns =
            [(Subscription, false), (Subscription, true), (Service, false), (Service, true), (Test, false)];
        let rows = [
            (Right::Basic, [true, true, true, true, true]),
            (Right::Menu, [false, true, true, true, true]),
            (Right::CustomerService, [false, true, false, true, true]),
            (Right::MsgMenu, [false, false, false, true, false]),
            (Right::Agents, [false, false, false, true, false]),
            (Right::Users, [false, true, false, true, true]),
            (Right::QrCodes, [false, false, false, true, true]),
            (Right::Templates, [false, false, false, true, true]),
            (Right::WebLogin, [false, false, false, true, true]),
            (Right::LocationReports, [false, false, false, true, true]),
            (Right::Media, [false, true, false, true, true]),
            (Right::Mass, [false, true, false, true, false]),
            (Right::Publishing, [false, true, false, true, false]),
            (Right::Semantic, [false, false, false, true, false]),
        ];
        for (right, row) in rows {
            for ((kind, verified), allowed) in columns.into_iter().zip(row) {
                assert_eq!(may(kind, verified, right), allowed, "{right:?} {kind:?} {verified}");
            }
        }
    }
}
