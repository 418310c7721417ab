//! The events about cards and coupons.

use super::fields::Fields;
use super::read;

/// Something happened to a card or coupon. Which fields are there depends on the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardEvent {
    /// What happened.
    pub kind: CardEventKind,
    /// The card.
    pub card_id: String,
    /// The number on the person's copy.
    pub code: Option<String>,
    /// Why the platform refused it.
    pub refuse_reason: Option<String>,
    /// Whether it was a friend's gift.
    pub given_by_friend: bool,
    /// That friend's OpenID.
    pub friend: Option<String>,
    /// The number it had before the gift.
    pub old_code: Option<String>,
    /// Where it was handed out, as a number.
    pub outer_id: Option<String>,
    /// Where it was handed out, as a text.
    pub outer_str: Option<String>,
    /// Whether a member card came back after having been deleted.
    pub restored: bool,
    /// The person across accounts.
    pub union_id: Option<String>,
    /// Through what it was used: `FROM_API`, `FROM_MP` or `FROM_MOBILE_HELPER`.
    pub consume_source: Option<String>,
    /// The payment it was used in.
    pub transaction: Option<String>,
    /// What was paid, in hundredths of a yuan.
    pub fee: Option<u64>,
    /// What would have been paid without it, in hundredths of a yuan.
    pub original_fee: Option<u64>,
}

/// What happened to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CardEventKind {
    /// The platform's review let it pass.
    PassCheck,
    /// The platform's review refused it.
    NotPassCheck,
    /// A person took it.
    Get,
    /// A person gave it away.
    Gifting,
    /// A person deleted it.
    Delete,
    /// It was used up.
    Consume,
    /// A person paid with it.
    PayFromCell,
    /// A person looked at it.
    View,
    /// A person came to the chat from it.
    EnterSession,
    /// A member card's contents changed.
    UpdateMember,
    /// Few are left.
    SkuRemind,
    /// Card points were bought or spent.
    PayOrder,
    /// A person filled in a member card's form.
    SubmitMember,
}

impl CardEventKind {
    pub(super) fn named(lower: &str) -> Option<Self> {
        Some(match lower {
            "card_pass_check" => Self::PassCheck,
            "card_not_pass_check" => Self::NotPassCheck,
            "user_get_card" => Self::Get,
            "user_gifting_card" => Self::Gifting,
            "user_del_card" => Self::Delete,
            "user_consume_card" => Self::Consume,
            "user_pay_from_pay_cell" => Self::PayFromCell,
            "user_view_card" => Self::View,
            "user_enter_session_from_card" => Self::EnterSession,
            "update_member_card" => Self::UpdateMember,
            "card_sku_remind" => Self::SkuRemind,
            "card_pay_order" => Self::PayOrder,
            "submit_membercard_user_info" => Self::SubmitMember,
            _ => return None,
        })
    }
}

impl CardEvent {
    pub(super) fn read(kind: CardEventKind, fields: &Fields) -> Self {
        let some = |name| read::some(fields, name);
        Self {
            kind,
            card_id: read::string(fields, "CardId"),
            code: some("UserCardCode"),
            refuse_reason: some("RefuseReason"),
            given_by_friend: read::flag(fields, "IsGiveByFriend"),
            friend: some("FriendUserName"),
            old_code: some("OldUserCardCode"),
            outer_id: some("OuterId"),
            outer_str: some("OuterStr"),
            restored: read::flag(fields, "IsRestoreMemberCard"),
            union_id: some("UnionId"),
            consume_source: some("ConsumeSource"),
            transaction: some("TransId"),
            fee: read::whole(fields, "Fee"),
            original_fee: read::whole(fields, "OriginalFee"),
        }
    }
}
