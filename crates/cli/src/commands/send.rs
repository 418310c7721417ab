//! `hongyan send`: one customer-service message, or a template message, to one person or to everybody in a file.

mod message;
mod media;
mod many;

use clap::{ArgGroup, Args};
use hongyan::{Call, Client, MediaKind};
use serde_json::{Value, json};

use crate::{account::AccountArgs, failure::Failure, input, refusal, screen::Screen};
use media::Given;

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").multiple(false).args(["text", "image", "voice", "video", "music", "news", "msgmenu", "template", "json"]))]
#[command(group = ArgGroup::new("whom").required(true).args(["openid", "to_file"]))]
#[command(
    after_help = "Examples:\n  hongyan send oABC --text '你好'\n  hongyan send oABC --image photo.jpg\n  hongyan send oABC --video clip.mp4 --thumb cover.jpg --title 片头\n  hongyan send oABC --music 'title=晴天,description=周杰伦,url=https://example.com/1.mp3,thumb=cover.jpg'\n  hongyan send oABC --news 'title=标题,description=摘要,url=https://example.com/,pic=https://example.com/1.jpg'\n  hongyan send oABC --msgmenu '满意吗？|1:满意|2:不满意|谢谢'\n  hongyan send oABC --template 'id=TEMPLATE_ID,url=https://example.com/,first=你好'\n  echo '{\"msgtype\":\"text\",\"text\":{\"content\":\"hi\"}}' | hongyan send oABC --json -\n  hongyan send --to-file people.csv --template 'id=TEMPLATE_ID,first={{ name }}，你好' --result results.csv\n  hongyan send --to-file people.jsonl --gateway http://127.0.0.1:8080 --account main"
)]
pub(crate) struct SendArgs {
    /// Whom to: the person's OpenID, as `hongyan users` shows it
    openid: Option<String>,
    /// A text of up to 2048 bytes; @FILE and - are read
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    text: Option<String>,
    /// A picture: a JPEG, PNG, BMP or GIF file of up to 10 MB, or id:MEDIA_ID
    #[arg(long, value_name = "FILE")]
    image: Option<String>,
    /// A voice message: an AMR or MP3 file of up to 2 MB, or id:MEDIA_ID
    #[arg(long, value_name = "FILE")]
    voice: Option<String>,
    /// A video: an MP4 file of up to 10 MB, or id:MEDIA_ID; needs --thumb
    #[arg(long, value_name = "FILE", requires = "thumb")]
    video: Option<String>,
    /// A song: title=,description=,url=,hqurl=,thumb=FILE or the platform's own JSON
    #[arg(long, value_name = "KEYS|JSON")]
    music: Option<String>,
    /// A card with a link: title=,description=,url=,pic= or the platform's own JSON
    #[arg(long, value_name = "KEYS|JSON")]
    news: Option<String>,
    /// A question to tap on: 'head|id:content|id:content|tail' or the platform's own JSON
    #[arg(long, value_name = "MENU|JSON")]
    msgmenu: Option<String>,
    /// A template message: id=,url=, and the template's own keys, or the platform's own JSON; @FILE and - are read
    #[arg(long, value_name = "KEYS|JSON")]
    template: Option<String>,
    /// Any customer-service message as the platform's own JSON, without touser; - for standard input
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// The video's cover: a JPEG file of up to 64 KB, or id:MEDIA_ID
    #[arg(long, value_name = "FILE")]
    thumb: Option<String>,
    /// The video's title
    #[arg(long, requires = "video", allow_hyphen_values = true)]
    title: Option<String>,
    /// The video's description
    #[arg(long, requires = "video", allow_hyphen_values = true)]
    description: Option<String>,
    /// Send it in the name of this agent, such as kf2001@account
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    #[command(flatten)]
    many: many::ManyArgs,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: SendArgs, screen: Screen) -> Result<(), Failure> {
    if let Some(file) = args.many.to_file.clone() {
        return Box::pin(many::run(&args, &file, screen)).await;
    }
    // All that can be checked here is checked before anything is sent.
    let Some(draft) = draft(&args, screen)? else {
        return Err(Failure::usage(screen.lang.pick(
            "what to send? Give --text, --image, --voice, --video, --music, --news, --msgmenu, --template or --json",
            "要发送什么？请给出 --text、--image、--voice、--video、--music、--news、--msgmenu、--template 或 --json",
        )));
    };
    let client = args.account.connect(screen).await?.client;
    let refused = |error: hongyan::Error| refusal::failure(&error, screen.lang);
    match draft {
        Draft::Template(body) => {
            let call = Call::post("/cgi-bin/message/template/send").body(&addressed(body, &args));
            let answer: Value = client.send(call).await.map_err(refused)?;
            if let Some(id) = answer.get("msgid") {
                screen.data(&id.to_string())?;
            }
        }
        Draft::Ready(body) => {
            client.message().send(&addressed(body, &args)).await.map_err(refused)?;
        }
        Draft::Media(parts) => {
            let body = upload_all(&client, parts, screen).await?;
            client.message().send(&addressed(body, &args)).await.map_err(refused)?;
        }
    }
    screen.remark("sent", "已发送");
    Ok(())
}

/// A message as far as it can be made without the platform.
enum Draft {
    Ready(Value),
    Template(Value),
    Media(Parts),
}

/// A message some of whose media are files yet.
struct Parts {
    kind: &'static str,
    body: serde_json::Map<String, Value>,
    media: Vec<(&'static str, MediaKind, Given)>,
}

/// The message; none when nothing of it was given.
fn draft(args: &SendArgs, screen: Screen) -> Result<Option<Draft>, Failure> {
    if args.words().is_empty() { Ok(None) } else { given(args, screen).map(Some) }
}

fn given(args: &SendArgs, screen: Screen) -> Result<Draft, Failure> {
    let lang = screen.lang;
    let usage = |text: String| Failure::Usage(text);
    if let Some(given) = &args.text {
        let text = input::text(given, screen)?;
        return message::text(&text, lang).map(Draft::Ready).map_err(usage);
    }
    if let Some(given) = &args.image {
        return Ok(single("image", MediaKind::Image, Given::parse(given)));
    }
    if let Some(given) = &args.voice {
        return Ok(single("voice", MediaKind::Voice, Given::parse(given)));
    }
    if let Some(given) = &args.video {
        let mut body = serde_json::Map::new();
        for (key, value) in [("title", &args.title), ("description", &args.description)] {
            if let Some(value) = value {
                body.insert(key.to_owned(), json!(value));
            }
        }
        let thumb = args.thumb.as_deref().unwrap_or_default();
        let media = vec![
            ("media_id", MediaKind::Video, Given::parse(given)),
            ("thumb_media_id", MediaKind::Thumb, Given::parse(thumb)),
        ];
        return Ok(Draft::Media(Parts { kind: "video", body, media }));
    }
    if let Some(given) = &args.music {
        let (body, thumb) = message::music(&input::text(given, screen)?, lang).map_err(usage)?;
        let media = thumb
            .into_iter()
            .map(|thumb| ("thumb_media_id", MediaKind::Thumb, Given::parse(&thumb)))
            .collect();
        return Ok(Draft::Media(Parts { kind: "music", body, media }));
    }
    if let Some(given) = &args.news {
        return message::news(&input::text(given, screen)?, lang).map(Draft::Ready).map_err(usage);
    }
    if let Some(given) = &args.msgmenu {
        return message::menu(&input::text(given, screen)?, lang).map(Draft::Ready).map_err(usage);
    }
    if let Some(given) = &args.template {
        return message::template(&input::text(given, screen)?, lang).map(Draft::Template).map_err(usage);
    }
    let file = args.json.as_deref().unwrap_or("-");
    let file = file.strip_prefix('@').unwrap_or(file);
    let text =
        if file.trim_start().starts_with('{') { file.to_owned() } else { input::file_text(file, screen)? };
    message::checked(input::json(&text, file, screen)?, lang).map(Draft::Ready).map_err(usage)
}

/// The message with its media uploaded, to whoever.
async fn ready(client: &Client, draft: Draft, args: &SendArgs, screen: Screen) -> Result<Value, Failure> {
    let body = match draft {
        Draft::Ready(body) | Draft::Template(body) => body,
        Draft::Media(parts) => upload_all(client, parts, screen).await?,
    };
    Ok(args.signed(body))
}

impl SendArgs {
    /// What was given of the message, to tell one command from another.
    fn words(&self) -> String {
        let given = [
            &self.text,
            &self.image,
            &self.voice,
            &self.video,
            &self.music,
            &self.news,
            &self.msgmenu,
            &self.template,
            &self.json,
            &self.thumb,
            &self.title,
            &self.description,
            &self.agent,
        ];
        let named = given
            .iter()
            .enumerate()
            .filter_map(|(place, word)| Some(format!("{place}={}\n", word.as_ref()?)));
        named.collect()
    }

    /// The body in the name of the agent, if one is named.
    fn signed(&self, mut body: Value) -> Value {
        if let (Value::Object(map), Some(agent)) = (&mut body, &self.agent) {
            map.insert("customservice".to_owned(), json!({"kf_account": agent}));
        }
        body
    }
}

fn single(kind: &'static str, media: MediaKind, given: Given) -> Draft {
    Draft::Media(Parts { kind, body: serde_json::Map::new(), media: vec![("media_id", media, given)] })
}

async fn upload_all(client: &Client, parts: Parts, screen: Screen) -> Result<Value, Failure> {
    let Parts { kind, mut body, media } = parts;
    let mut ready = Vec::new();
    for (key, kind, given) in media {
        ready.push((key, kind, media::prepare(given, kind, screen).await?));
    }
    for (key, kind, prepared) in ready {
        let id = media::upload(client, kind, prepared, screen).await?;
        body.insert(key.to_owned(), json!(id));
    }
    Ok(json!({"msgtype": kind, kind: body}))
}

fn addressed(mut body: Value, args: &SendArgs) -> Value {
    if let Value::Object(map) = &mut body {
        map.insert("touser".to_owned(), json!(args.openid));
    }
    args.signed(body)
}
