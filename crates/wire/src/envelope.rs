//! The sealed form of a body: AES-256-CBC, Base64, and the account's AppID inside.
//!
//! Inside stand sixteen random bytes, the message's length in four bytes, the message and the AppID, filled up
//! to a multiple of 32 with bytes that each hold their own count. A full 32 are added when it fits already.

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, block_padding::NoPadding};
use base64::Engine;
use serde_json::json;

use crate::aes_key::BASE64;
use crate::reply::xml;
use crate::signature::msg_signature;
use crate::{AesKey, AppId, Format, Lang, Secret};

/// Bytes the cipher works on at a time.
const CIPHER_BLOCK: usize = 16;
/// What the message is filled up to a multiple of; twice the cipher's own block.
const PADDING_BLOCK: usize = 32;
/// The random bytes and the length.
const HEAD: usize = 20;

/// An opened envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The message, XML or JSON.
    pub message: Vec<u8>,
    /// Which of the keys opened it, so that the answer can be sealed with the same one.
    pub key: usize,
}

/// Why an envelope could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not Base64.
    #[error("the encrypted text is not Base64: it was cut or changed on the way")]
    Base64,
    /// Not a whole number of cipher blocks.
    #[error("the encrypted text has an impossible length: it was cut on the way")]
    Length,
    /// The end is not what sealing puts there.
    #[error(
        "the padding is wrong: most likely the EncodingAESKey here is not the one in the account's settings"
    )]
    Padding,
    /// The length inside does not fit.
    #[error(
        "the decrypted text is not laid out as an envelope: most likely the EncodingAESKey here is not the one in \
         the account's settings"
    )]
    Layout,
    /// The message was sealed for another account.
    #[error(
        "the message was sealed for the AppID {found:?}: the app_id here is another one, or the address is"
    )]
    AppId {
        /// The AppID inside, cut to 64 characters.
        found: String,
    },
    /// No key was given.
    #[error("the body is encrypted, but no EncodingAESKey is configured")]
    NoKey,
}

impl OpenError {
    /// The sentence in the reader's language.
    pub fn text(&self, lang: Lang) -> String {
        if lang == Lang::En {
            return self.to_string();
        }
        match self {
            Self::Base64 => "密文不是 Base64：途中被截断或改动过".to_owned(),
            Self::Length => "密文的长度不可能对：途中被截断过".to_owned(),
            Self::Padding => "填充不对：多半是这里的 EncodingAESKey 与公众号设置中的不一致".to_owned(),
            Self::Layout => {
                "解密后的内容不成结构：多半是这里的 EncodingAESKey 与公众号设置中的不一致".to_owned()
            }
            Self::AppId { found } => {
                format!("消息是为 AppID {found:?} 加密的：这里的 app_id 是另一个，或地址填错了")
            }
            Self::NoKey => "消息是加密的，但没有配置 EncodingAESKey".to_owned(),
        }
    }
}

/// Opens the text of an `Encrypt` element with the first of `keys` that fits.
///
/// Give the present key first and, while it is being changed, the former one after it. Check the signature before:
/// the cipher alone does not notice every change.
pub fn open(keys: &[AesKey], app_id: &AppId, encrypt: &str) -> Result<Opened, OpenError> {
    let Some((last, earlier)) = keys.split_last() else { return Err(OpenError::NoKey) };
    let sealed = BASE64.decode(encrypt.trim_ascii()).map_err(|_| OpenError::Base64)?;
    if sealed.is_empty() || !sealed.len().is_multiple_of(CIPHER_BLOCK) {
        return Err(OpenError::Length);
    }
    let mut telling = OpenError::Padding;
    for (index, key) in earlier.iter().enumerate() {
        match open_with(key, app_id, sealed.clone()) {
            Ok(message) => return Ok(Opened { message, key: index }),
            Err(error) => telling = more_telling(telling, error),
        }
    }
    match open_with(last, app_id, sealed) {
        Ok(message) => Ok(Opened { message, key: earlier.len() }),
        Err(error) => Err(more_telling(telling, error)),
    }
}

/// Of two keys' failures the one that got further: a wrong key hardly ever gets as far as an AppID.
fn more_telling(known: OpenError, new: OpenError) -> OpenError {
    let rank = |error: &OpenError| match error {
        OpenError::AppId { .. } => 2,
        OpenError::Layout => 1,
        _ => 0,
    };
    if rank(&new) > rank(&known) { new } else { known }
}

fn open_with(key: &AesKey, app_id: &AppId, mut bytes: Vec<u8>) -> Result<Vec<u8>, OpenError> {
    cbc::Decryptor::inner_iv_init(key.decryptor(), key.iv().into())
        .decrypt_padded::<NoPadding>(&mut bytes)
        .map_err(|_| OpenError::Length)?;
    let filled = usize::from(*bytes.last().ok_or(OpenError::Length)?);
    let end = bytes.len().checked_sub(filled).ok_or(OpenError::Padding)?;
    if !(1..=PADDING_BLOCK).contains(&filled) || bytes[end..].iter().any(|byte| usize::from(*byte) != filled)
    {
        return Err(OpenError::Padding);
    }
    let head = bytes[..end].first_chunk::<HEAD>().ok_or(OpenError::Layout)?;
    let length = u32::from_be_bytes([head[16], head[17], head[18], head[19]]) as usize;
    let found = HEAD.checked_add(length).and_then(|at| bytes[..end].get(at..)).ok_or(OpenError::Layout)?;
    if found != app_id.as_str().as_bytes() {
        let found = String::from_utf8_lossy(found).chars().take(64).collect();
        return Err(OpenError::AppId { found });
    }
    bytes.truncate(HEAD + length);
    bytes.drain(..HEAD);
    Ok(bytes)
}

/// Seals a message; the Base64 text goes in an `Encrypt` element.
pub fn seal(key: &AesKey, app_id: &AppId, random: [u8; 16], message: &[u8]) -> String {
    let bare = HEAD + message.len() + app_id.as_str().len();
    let filling = PADDING_BLOCK - bare % PADDING_BLOCK;
    let length = bare + filling;
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&random);
    // Bodies are capped far below four gigabytes.
    bytes.extend_from_slice(&(message.len() as u32).to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(app_id.as_str().as_bytes());
    bytes.resize(length, filling as u8);
    // Cannot fail: the length is a multiple of the block.
    let _ = cbc::Encryptor::inner_iv_init(key.encryptor(), key.iv().into())
        .encrypt_padded::<NoPadding>(&mut bytes, length);
    BASE64.encode(&bytes)
}

/// The body of an encrypted answer, in the format of the push.
pub fn sealed_reply(format: Format, token: &Secret, encrypt: &str, timestamp: &str, nonce: &str) -> String {
    match format {
        Format::Xml => sealed_reply_xml(token, encrypt, timestamp, nonce),
        Format::Json => sealed_reply_json(token, encrypt, timestamp, nonce),
    }
}

/// The XML body of an encrypted answer: the sealed text with its own signature.
pub fn sealed_reply_xml(token: &Secret, encrypt: &str, timestamp: &str, nonce: &str) -> String {
    let signature = msg_signature(token.expose(), timestamp, nonce, encrypt);
    let mut out = String::with_capacity(encrypt.len() + 240);
    out.push_str("<xml>");
    xml::cdata("Encrypt", encrypt, &mut out);
    xml::cdata("MsgSignature", signature.as_str(), &mut out);
    xml::bare("TimeStamp", timestamp, &mut out);
    xml::cdata("Nonce", nonce, &mut out);
    out.push_str("</xml>");
    out
}

/// The JSON body of an encrypted answer.
pub fn sealed_reply_json(token: &Secret, encrypt: &str, timestamp: &str, nonce: &str) -> String {
    let signature = msg_signature(token.expose(), timestamp, nonce, encrypt);
    // The platform's own sample has a number here; a caller's odd text stays a text.
    let time = timestamp.parse::<u64>().map_or_else(|_| json!(timestamp), |number| json!(number));
    json!({ "Encrypt": encrypt, "MsgSignature": signature.as_str(), "TimeStamp": time, "Nonce": nonce })
        .to_string()
}
