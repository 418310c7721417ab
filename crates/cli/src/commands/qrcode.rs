//! `hongyan qrcode`: a code that tells the account where a person came from.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgGroup, Args};
use hongyan::{Call, Client, File, Host, NewQrCode};
use hongyan_wire::{Scene, Ticket};
use serde_json::json;

use crate::{
    account::AccountArgs, browser, failure::Failure, progress, refusal, screen::Screen, terminal_qr,
};

#[derive(Args, Debug)]
#[command(group = ArgGroup::new("life").required(true).args(["expires", "permanent"]))]
#[command(
    after_help = "Examples:\n  hongyan qrcode --scene poster-7 --expires 30m -o qr.jpg\n  hongyan qrcode --scene 42 --permanent --open"
)]
pub(crate) struct QrcodeArgs {
    /// What a scan tells the account: a number, or a text of up to 64 characters
    #[arg(long, value_name = "SCENE")]
    scene: String,
    /// Take SCENE as a text even when it looks like a number
    #[arg(long)]
    text: bool,
    /// A temporary code that lives so long, up to 30 days, such as 60s, 30m, 12h or 30d
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// A permanent code; an account has 100 000 of them
    #[arg(long)]
    permanent: bool,
    /// Save the picture as a JPEG file
    #[arg(short, long, value_name = "FILE.jpg")]
    output: Option<PathBuf>,
    /// Open the picture in the browser
    #[arg(long)]
    open: bool,
    /// Print JSON instead of the drawing
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: QrcodeArgs, screen: Screen) -> Result<(), Failure> {
    let refused = |error: hongyan::Error| refusal::failure(&error, screen.lang);
    let scene = scene(&args.scene, args.text, screen);
    let life = args.expires.as_deref().map(|text| life(text, screen)).transpose()?;
    let new = match life {
        Some(life) => NewQrCode::temporary(scene, life),
        None => NewQrCode::permanent(scene),
    }
    .map_err(refused)?;
    let client = args.account.connect(screen).await?.client;
    let code = client.qrcode().create(&new).await.map_err(refused)?;
    let picture = picture_address(&client, &code.ticket);
    if let Some(file) = &args.output {
        save(&client, &code.ticket, file, screen).await?;
    }
    if args.open
        && let Err(error) = browser::open(&picture)
    {
        screen.note(&screen.lang.pick(
            format!("No browser could be started ({error}); open {picture} yourself"),
            format!("无法启动浏览器（{error}）；请自行打开 {picture}"),
        ));
    }
    if args.json {
        return screen.json(&json!({
            "ticket": code.ticket,
            "url": code.url,
            "expire_seconds": code.expire_seconds,
            "picture": picture,
            "file": args.output,
        }));
    }
    screen.data(&format!("ticket:  {}", code.ticket))?;
    screen.data(&format!("address: {}", code.url))?;
    screen.data(&format!("picture: {picture}"))?;
    if let Some(drawing) = terminal_qr::draw(&code.url) {
        screen.data(drawing.trim_end_matches('\n'))?;
    }
    if let Some(file) = &args.output {
        screen.note(
            &screen.lang.pick(format!("saved {}", file.display()), format!("已保存 {}", file.display())),
        );
    }
    Ok(())
}

/// What was meant: a number where it can be one, unless a text was asked for.
fn scene(given: &str, as_text: bool, screen: Screen) -> Scene {
    match given {
        text if as_text => Scene::Text(text.to_owned()),
        // Somebody who writes 0 means the number, which no code may carry, and not a text that looks like it.
        "0" => Scene::Id(0),
        text => {
            let scene = Scene::parse_user(text);
            if is_beyond_numbers(&scene) {
                let most = u32::MAX;
                screen.note(&screen.lang.pick(
                    format!(
                        "{text} is beyond {most}, the greatest scene number: the code carries it as a text"
                    ),
                    format!("{text} 超过了场景值的最大数字 {most}：二维码将把它作为文本携带"),
                ));
            }
            scene
        }
    }
}

/// Whether a text is a number that is only too great to be one.
fn is_beyond_numbers(scene: &Scene) -> bool {
    let Scene::Text(text) = scene else { return false };
    !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn life(text: &str, screen: Screen) -> Result<Duration, Failure> {
    humantime::parse_duration(text).map_err(|_| {
        Failure::Usage(screen.lang.pick(
            format!("--expires: {text:?} is not a length of time; write for example 30m, 12h or 30d"),
            format!("--expires：{text:?} 不是时间长度；请写成例如 30m、12h 或 30d"),
        ))
    })
}

/// Where the picture is; it needs no token.
fn picture_address(client: &Client, ticket: &Ticket) -> String {
    let ticket: String = url::form_urlencoded::byte_serialize(ticket.as_str().as_bytes()).collect();
    format!("{}/cgi-bin/showqrcode?ticket={ticket}", client.base(Host::Mp))
}

/// Loads the picture and writes the file, whole or not at all.
async fn save(client: &Client, ticket: &Ticket, file: &Path, screen: Screen) -> Result<(), Failure> {
    let bar = progress::bar(&file.display().to_string());
    let follow = progress::follow(&bar);
    let call = Call::get("/cgi-bin/showqrcode")
        .host(Host::Mp)
        .query("ticket", ticket)
        .no_token()
        .safe()
        .on_download(move |got, total| {
            if let Some(total) = total {
                follow(got, total);
            }
        });
    let picture = client.send::<File>(call).await.map_err(|error| refusal::failure(&error, screen.lang))?;
    bar.finish_and_clear();
    if !picture.bytes.starts_with(&[0xff, 0xd8]) {
        return Err(Failure::refused(screen.lang.pick(
            "The platform's answer is not a JPEG picture; nothing was saved",
            "平台返回的不是 JPEG 图片，未保存",
        )));
    }
    let unwritable = |error: std::io::Error| {
        let name = file.display();
        Failure::Usage(
            screen
                .lang
                .pick(format!("{name} cannot be written: {error}"), format!("无法写入 {name}：{error}")),
        )
    };
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".part");
    let written =
        std::fs::write(&unfinished, &picture.bytes).and_then(|()| std::fs::rename(&unfinished, file));
    if written.is_err() {
        // What is left of it helps nobody.
        let _ = std::fs::remove_file(&unfinished);
    }
    written.map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;

    #[test]
    fn a_scene_is_a_number_where_it_can_be_one_and_a_text_where_asked_for() {
        let screen = Screen { lang: Lang::En };
        assert_eq!(scene("42", false, screen), Scene::Id(42));
        assert_eq!(scene("42", true, screen), Scene::Text("42".into()));
        assert_eq!(scene("0", false, screen), Scene::Id(0));
        assert_eq!(scene("0", true, screen), Scene::Text("0".into()));
        for (text, beyond) in [("5000000000", true), ("4294967295", false), ("007", false), ("a5", false)] {
            assert_eq!(is_beyond_numbers(&Scene::parse_user(text)), beyond, "{text}");
        }
    }

    #[test]
    fn a_time_that_is_none_is_answered_with_examples() {
        for (lang, word) in [(Lang::En, "not a length of time"), (Lang::Zh, "不是时间长度")] {
            let failure = life("banana", Screen { lang }).expect_err("no time");
            let text = failure.text().unwrap_or_default();
            assert!(text.contains(word) && text.contains("30m") && text.contains("30d"), "{text}");
            assert_eq!(failure.exit_code(), 2);
        }
        assert_eq!(life("12h", Screen { lang: Lang::En }).ok(), Some(Duration::from_hours(12)));
    }
}
