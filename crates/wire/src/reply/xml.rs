//! Writes replies as the platform's XML.

use std::fmt::Write;

use crate::characters::allowed;
use crate::reply::{Article, Reply};
use crate::{OpenId, OriginalId, Timestamp};

pub(super) fn write(reply: &Reply, to: &OpenId, from: &OriginalId, at: Timestamp, out: &mut String) {
    out.push_str("<xml>");
    cdata("ToUserName", to.as_str(), out);
    cdata("FromUserName", from.as_str(), out);
    let _ = write!(out, "<CreateTime>{}</CreateTime>", at.seconds());
    cdata("MsgType", reply.kind(), out);
    match reply {
        Reply::None | Reply::Transfer { kf_account: None } => {}
        Reply::Text(text) => cdata("Content", text, out),
        Reply::Image { media_id } => within("Image", out, |out| cdata("MediaId", media_id.as_str(), out)),
        Reply::Voice { media_id } => within("Voice", out, |out| cdata("MediaId", media_id.as_str(), out)),
        Reply::Video { media_id, title, description } => within("Video", out, |out| {
            cdata("MediaId", media_id.as_str(), out);
            optional("Title", title.as_deref(), out);
            optional("Description", description.as_deref(), out);
        }),
        Reply::Music { title, description, music_url, hq_music_url, thumb_media_id } => {
            within("Music", out, |out| {
                optional("Title", title.as_deref(), out);
                optional("Description", description.as_deref(), out);
                optional("MusicUrl", music_url.as_deref(), out);
                optional("HQMusicUrl", hq_music_url.as_deref(), out);
                optional("ThumbMediaId", thumb_media_id.as_ref().map(AsRef::as_ref), out);
            });
        }
        Reply::News(articles) => {
            let _ = write!(out, "<ArticleCount>{}</ArticleCount>", articles.len());
            within("Articles", out, |out| articles.iter().for_each(|article| item(article, out)));
        }
        Reply::Transfer { kf_account: Some(name) } => {
            within("TransInfo", out, |out| cdata("KfAccount", name, out));
        }
    }
    out.push_str("</xml>");
}

fn item(article: &Article, out: &mut String) {
    within("item", out, |out| {
        cdata("Title", &article.title, out);
        cdata("Description", &article.description, out);
        cdata("PicUrl", &article.pic_url, out);
        cdata("Url", &article.url, out);
    });
}

fn within(name: &str, out: &mut String, inside: impl FnOnce(&mut String)) {
    open(name, out);
    inside(out);
    close(name, out);
}

fn optional(name: &str, text: Option<&str>, out: &mut String) {
    if let Some(text) = text {
        cdata(name, text, out);
    }
}

/// An element whose text stands in CDATA, whatever it holds.
pub(crate) fn cdata(name: &str, text: &str, out: &mut String) {
    open(name, out);
    out.push_str("<![CDATA[");
    let mut rest = text;
    // `]]>` would end the section: it is cut in two, and each half gets a section of its own.
    while let Some(at) = rest.find("]]>") {
        push_allowed(&rest[..at + 2], out);
        out.push_str("]]><![CDATA[");
        rest = &rest[at + 2..];
    }
    push_allowed(rest, out);
    out.push_str("]]>");
    close(name, out);
}

/// An element whose text stands bare, as the platform writes numbers.
pub(crate) fn bare(name: &str, text: &str, out: &mut String) {
    open(name, out);
    for c in text.chars().filter(|c| allowed(*c)) {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    close(name, out);
}

/// Leaves out what XML forbids: one such character makes the platform refuse the whole answer.
fn push_allowed(text: &str, out: &mut String) {
    out.push_str(&crate::characters::clean(text.into()));
}

fn open(name: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(name: &str, out: &mut String) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}
