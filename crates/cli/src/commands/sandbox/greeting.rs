//! What a sandbox says at its start, beside the line that programs wait for: where the phone is, and how to use it.

use hongyan_sandbox::{HandshakeNews, Kind, Options, Running};
use hongyan_wire::Lang;

use crate::screen::Screen;

/// The lines for people.
pub(super) fn lines(options: &Options, url: &str, lang: Lang) -> Vec<String> {
    let kind = match options.kind {
        Kind::Service => lang.pick("service account", "服务号"),
        Kind::Subscription => lang.pick("subscription account", "订阅号"),
        Kind::Test => lang.pick("test account", "测试号"),
    };
    let verified = match (options.kind, options.verified) {
        (Kind::Test, _) | (_, true) => "",
        (_, false) => lang.pick(", not verified", "，未认证"),
    };
    let mode = options.mode.name();
    let (app_id, name) = (&options.app_id, &options.name);
    let demo = Options::default();
    // The demo account's secret is in the papers; anybody's own is not shown.
    let secret =
        if options.secret == demo.secret { demo.secret.as_str() } else { lang.pick("your own", "你给的") };
    let mut lines = vec![
        lang.pick(
            format!("phone      {url}/phone   (bench {url}/, inspector {url}/inspect)"),
            format!("手机       {url}/phone   （工作台 {url}/，检查器 {url}/inspect）"),
        ),
        lang.pick(
            format!("account    {app_id} {name} ({kind}{verified}, {mode}), secret {secret}"),
            format!("账号       {app_id} {name}（{kind}{verified}，{mode}），AppSecret {secret}"),
        ),
        lang.pick(
            format!("your SDK   put {url} in place of https://api.weixin.qq.com; SDK by SDK: docs/point-sdks-here.md"),
            format!("你的 SDK   把 https://api.weixin.qq.com 换成 {url}；各 SDK 的写法见 docs/zh/point-sdks-here.md"),
        ),
    ];
    if options.callback.is_none() {
        lines.push(lang.pick(
            "callback   none: nothing is pushed; give your server's address with --callback URL".to_owned(),
            "回调       没有：不会推送；请用 --callback URL 给出你的服务器地址".to_owned(),
        ));
    }
    lines
}

/// Tells how the callbacks' checks go, until it is dropped.
pub(super) async fn handshakes(sandbox: &Running, screen: Screen) {
    let mut handshakes = sandbox.handshakes();
    loop {
        screen.note(&outcome(&handshakes.next().await, screen.lang));
    }
}

fn outcome(news: &HandshakeNews, lang: Lang) -> String {
    let HandshakeNews { app_id, callback, outcome } = news;
    match outcome {
        Ok(()) => lang.pick(
            format!("callback   {callback} has answered the handshake of {app_id}: pushes go there"),
            format!("回调       {callback} 已通过 {app_id} 的握手校验，推送会发到那里"),
        ),
        Err(why) => lang.pick(
            format!("callback   {callback} has not passed the handshake of {app_id}: {why}. It is tried again; check that your server runs, its path and its token"),
            format!("回调       {callback} 没有通过 {app_id} 的握手校验：{why}。会继续重试；请检查服务器是否在运行，以及路径和 Token"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_shows_the_demo_secret_and_nobody_elses() {
        let mut options = Options::default();
        let all = |options: &Options| lines(options, "http://127.0.0.1:7070", Lang::En).join("\n");
        let demo = all(&options);
        for part in [
            "/phone",
            "wx0123456789abcdef",
            "0123456789abcdef0123456789abcdef",
            "api.weixin.qq.com",
            "--callback",
        ] {
            assert!(demo.contains(part), "{part}: {demo}");
        }
        options.secret = "hunter2".into();
        options.callback = Some("http://127.0.0.1:1/".into());
        let own = all(&options);
        assert!(!own.contains("hunter2") && !own.contains("--callback"), "{own}");
    }

    #[test]
    fn a_handshake_that_failed_says_why() {
        let news = HandshakeNews {
            app_id: "wx1".into(),
            callback: "http://h/".into(),
            outcome: Err("HTTP status 404".into()),
        };
        for lang in [Lang::En, Lang::Zh] {
            assert!(outcome(&news, lang).contains("HTTP status 404"));
        }
    }
}
