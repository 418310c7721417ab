//! Envelopes: every length there is, and every way of being wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hongyan_wire::envelope::{OpenError, open, seal};
use hongyan_wire::{AesKey, AppId};
use proptest::prelude::*;

fn key(letter: &str) -> AesKey {
    AesKey::parse(&letter.repeat(43)).unwrap()
}

fn account() -> AppId {
    AppId::from("wx0123456789abcdef")
}

/// Changes a byte of the sealed bytes, counted from the end. A bit that changes in a block changes in the same place
/// of the next block's plain text too, which is how the padding is reached.
fn with_byte_flipped(sealed: &str, from_end: usize, bits: u8) -> String {
    let mut bytes = STANDARD.decode(sealed).unwrap();
    let at = bytes.len() - from_end;
    bytes[at] ^= bits;
    STANDARD.encode(bytes)
}

#[test]
fn every_length_comes_back_and_every_padding_occurs() {
    let mut paddings = std::collections::BTreeSet::new();
    for length in 0..=200 {
        let message: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let sealed = seal(&key("k"), &account(), [7; 16], &message);
        let bytes = STANDARD.decode(&sealed).unwrap().len();
        assert_eq!(bytes % 32, 0);
        paddings.insert(bytes - (20 + length + account().as_str().len()));
        let opened = open(&[key("k")], &account(), &sealed).unwrap();
        assert_eq!((opened.message, opened.key), (message, 0));
    }
    assert_eq!(paddings, (1..=32).collect());
}

#[test]
fn while_a_key_is_changed_either_key_opens_and_is_named() {
    let keys = [key("n"), key("o")];
    for (at, used) in keys.iter().enumerate() {
        let opened = open(&keys, &account(), &seal(used, &account(), [1; 16], b"hi")).unwrap();
        assert_eq!((opened.message.as_slice(), opened.key), (b"hi".as_slice(), at));
    }
}

#[test]
fn without_a_key_or_with_the_wrong_one_nothing_opens() {
    let sealed = seal(&key("k"), &account(), [1; 16], b"hi");
    assert_eq!(open(&[], &account(), &sealed), Err(OpenError::NoKey));
    assert_eq!(open(&[key("x")], &account(), &sealed), Err(OpenError::Padding));
}

#[test]
fn the_wrong_account_is_named_even_when_an_older_key_was_tried_too() {
    let sealed = seal(&key("k"), &AppId::from("wxsomebody"), [1; 16], b"hi");
    let found = OpenError::AppId { found: "wxsomebody".into() };
    assert_eq!(open(&[key("k"), key("x")], &account(), &sealed), Err(found.clone()));
    assert_eq!(open(&[key("x"), key("k")], &account(), &sealed), Err(found));
}

#[test]
fn an_app_id_that_only_begins_the_same_is_another_one() {
    for app_id in ["wx0123456789abcde", "wx0123456789abcdef0", ""] {
        let sealed = seal(&key("k"), &AppId::from(app_id), [1; 16], b"hi");
        assert_eq!(open(&[key("k")], &account(), &sealed), Err(OpenError::AppId { found: app_id.into() }));
    }
}

#[test]
fn bad_padding_is_told_from_other_faults() {
    // Twenty, eighteen and two bytes are forty: the padding is twenty-four bytes of 24.
    let sealed = seal(&key("k"), &account(), [1; 16], b"hi");
    assert_eq!(
        open(&[key("k")], &account(), &with_byte_flipped(&sealed, 17, 24)),
        Err(OpenError::Padding),
        "a 0"
    );
    assert_eq!(
        open(&[key("k")], &account(), &with_byte_flipped(&sealed, 17, 57)),
        Err(OpenError::Padding),
        "a 33"
    );
    assert_eq!(
        open(&[key("k")], &account(), &with_byte_flipped(&sealed, 18, 1)),
        Err(OpenError::Padding),
        "uneven"
    );
}

#[test]
fn a_length_inside_that_does_not_fit_is_a_fault_of_layout() {
    // The length stands in bytes 16 to 19, so its high byte is reached through the first byte.
    let sealed = seal(&key("k"), &account(), [1; 16], b"hi");
    let from_end = STANDARD.decode(&sealed).unwrap().len();
    assert_eq!(
        open(&[key("k")], &account(), &with_byte_flipped(&sealed, from_end, 0x80)),
        Err(OpenError::Layout)
    );
}

#[test]
fn what_is_cut_or_not_base64_says_so() {
    let sealed = seal(&key("k"), &account(), [1; 16], b"hi");
    assert_eq!(open(&[key("k")], &account(), "not base64!"), Err(OpenError::Base64));
    assert_eq!(open(&[key("k")], &account(), &sealed[..sealed.len() / 2 + 2]), Err(OpenError::Length));
    assert_eq!(open(&[key("k")], &account(), ""), Err(OpenError::Length));
}

#[test]
fn white_space_around_the_text_does_no_harm() {
    let sealed = format!("\n  {}\n", seal(&key("k"), &account(), [1; 16], b"hi"));
    assert_eq!(open(&[key("k")], &account(), &sealed).unwrap().message, b"hi");
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(message: Vec<u8>, random: [u8; 16], app_id in "[a-z0-9]{0,40}") {
        let app_id = AppId::from(app_id);
        let sealed = seal(&key("k"), &app_id, random, &message);
        prop_assert_eq!(open(&[key("k")], &app_id, &sealed).unwrap().message, message);
    }

    #[test]
    fn no_text_makes_opening_panic(text: String) {
        prop_assert!(open(&[key("k"), key("x")], &account(), &text).is_err());
    }

    #[test]
    fn no_bytes_make_opening_panic(blocks in prop::collection::vec(any::<[u8; 16]>(), 1..8)) {
        let text = STANDARD.encode(blocks.concat());
        prop_assert!(open(&[key("k")], &account(), &text).is_err());
    }
}
