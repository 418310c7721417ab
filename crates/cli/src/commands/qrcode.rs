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
    /// A temporary code that lives so long, up to 30 days, such as 60s, 30m, 12h or 30d
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    expires: Option<Duration>,
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
    let scene = match args.scene.as_str() {
        // Somebody who writes 0 means the number, which no code may carry, and not a text that looks like it.
        "0" => Scene::Id(0),
        text => Scene::parse_user(text),
    };
    let new = match args.expires {
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
