//! Turns a reply to a push into the customer-service message that shows the same.

use hongyan_wire::{Article, Reply};

use super::{CustomArticle, CustomMessage};

/// Why a reply has no customer-service message that shows the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a reply {what} has no customer-service message that shows the same")]
pub struct CannotSend {
    what: &'static str,
}

impl CustomMessage {
    /// The messages that show what a reply shows: none for no reply, and one for each article of several, since a
    /// customer-service message holds one article only.
    pub fn from_reply(reply: Reply) -> Result<Vec<Self>, CannotSend> {
        match reply {
            Reply::None => Ok(Vec::new()),
            Reply::News(articles) => Ok(articles.into_iter().map(card).collect()),
            other => Self::try_from(other).map(|message| vec![message]),
        }
    }
}

impl TryFrom<Reply> for CustomMessage {
    type Error = CannotSend;

    fn try_from(reply: Reply) -> Result<Self, CannotSend> {
        let cannot = |what| Err(CannotSend { what });
        Ok(match reply {
            Reply::Text(content) => Self::Text { content },
            Reply::Image { media_id } => Self::Image { media_id },
            Reply::Voice { media_id } => Self::Voice { media_id },
            Reply::Video { media_id, title, description } => {
                Self::Video { media_id, thumb_media_id: None, title, description }
            }
            Reply::Music { title, description, music_url, hq_music_url, thumb_media_id } => {
                let Some(musicurl) = music_url.clone().or_else(|| hq_music_url.clone()) else {
                    return cannot("with music and no address");
                };
                let hqmusicurl = hq_music_url.or(music_url).unwrap_or_default();
                Self::Music { title, description, musicurl, hqmusicurl, thumb_media_id }
            }
            Reply::News(mut articles) => match (articles.pop(), articles.is_empty()) {
                (Some(article), true) => card(article),
                _ => return cannot("with several articles, or none,"),
            },
            Reply::None => return cannot("that says nothing"),
            Reply::Transfer { .. } => return cannot("that hands the user to an agent"),
        })
    }
}

fn card(article: Article) -> CustomMessage {
    let Article { title, description, pic_url, url } = article;
    CustomMessage::News { articles: vec![CustomArticle { title, description, url, picurl: pic_url }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(title: &str) -> Article {
        Article { title: title.into(), description: "d".into(), pic_url: "p".into(), url: "u".into() }
    }

    #[test]
    fn a_reply_becomes_the_message_of_its_kind() {
        assert_eq!(CustomMessage::try_from(Reply::Text("hi".into())), Ok("hi".into()));
        let song = Reply::Music {
            title: Some("t".into()),
            description: None,
            music_url: Some("m".into()),
            hq_music_url: None,
            thumb_media_id: None,
        };
        let Ok(CustomMessage::Music { musicurl, hqmusicurl, .. }) = CustomMessage::try_from(song) else {
            panic!("not music");
        };
        assert_eq!((musicurl.as_str(), hqmusicurl.as_str()), ("m", "m"));
        let Ok(CustomMessage::News { articles }) = CustomMessage::try_from(Reply::News(vec![article("a")]))
        else {
            panic!("not news");
        };
        assert_eq!((articles[0].title.as_str(), articles[0].picurl.as_str()), ("a", "p"));
    }

    #[test]
    fn several_articles_become_several_messages_in_order() {
        let both = Reply::News(vec![article("a"), article("b")]);
        assert!(CustomMessage::try_from(both.clone()).is_err());
        let messages = CustomMessage::from_reply(both).unwrap();
        let titles: Vec<_> = messages
            .iter()
            .map(|message| match message {
                CustomMessage::News { articles } => articles[0].title.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(titles, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_said_that_way_is_refused_in_words() {
        assert_eq!(CustomMessage::from_reply(Reply::None), Ok(Vec::new()));
        let said = CustomMessage::from_reply(Reply::Transfer { kf_account: None }).unwrap_err().to_string();
        assert!(said.contains("hands the user to an agent"), "{said}");
    }
}
