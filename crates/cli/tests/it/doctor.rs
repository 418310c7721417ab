//! `hongyan doctor`: each thing that can be wrong with a set-up is found, named, and said how to put right.

use serde_json::{Value, json};

use crate::harness::{Demo, Output, run};

/// The findings, by check.
struct Findings(Vec<Value>, i32);

impl Findings {
    fn of(output: Output) -> Self {
        assert!(output.code < 2, "{output:#?}");
        let found = serde_json::from_str(&output.out).unwrap_or_else(|error| panic!("{error}: {output:#?}"));
        Self(found, output.code)
    }

    fn get(&self, check: &str) -> &Value {
        let found = self.0.iter().find(|one| one["check"] == check);
        found.unwrap_or_else(|| panic!("nothing about {check}: {:#?}", self.0))
    }

    /// It failed, in these words, with this to do.
    fn fails(&self, check: &str, word: &str, fix: &str) {
        let one = self.get(check);
        assert_eq!((&one["state"], self.1), (&json!("fail"), 1), "{one:#}");
        assert!(one["text"].as_str().unwrap().contains(word), "{one:#}");
        assert!(one["fix"].as_str().unwrap().contains(fix), "{one:#}");
    }

    fn is_fine(&self, check: &str) {
        assert_eq!(self.get(check)["state"], "ok", "{:#}", self.get(check));
    }
}

async fn doctor(demo: &Demo, more: &[&str]) -> Findings {
    let callback = format!("{}/callback/{}", demo.gateway, demo.account());
    let config = demo.config.to_str().unwrap().to_owned();
    let asked = ["doctor", "--json", "--config", &config, "--callback", &callback];
    Findings::of(run(&[&asked[..], more].concat(), &[]).await)
}

/// The demo's configuration with one text in the place of another, in a folder of its own.
fn changed(demo: &Demo, from: &str, to: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&demo.config).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    let old = demo.config.parent().unwrap();
    for entry in std::fs::read_dir(old).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let file = folder.path().join("hongyan.toml");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

#[tokio::test]
async fn a_sound_set_up_passes_in_every_mode() {
    for mode in crate::harness::MODES {
        let demo = Demo::start(mode).await;
        let found = doctor(&demo, &[]).await;
        assert_eq!(found.1, 0, "{mode}: {:#?}", found.0);
        for check in [
            "configuration",
            "database",
            "clock",
            "token",
            "ip list",
            "permissions",
            "menu",
            "handshake",
            "test push",
        ] {
            found.is_fine(check);
        }
        let note = found.get("auto-replies")["text"].as_str().unwrap();
        assert!(note.contains("服务器配置") && note.contains("web site"), "{note}");
    }
}

#[tokio::test]
async fn a_wrong_secret_and_a_wrong_app_id_are_told_apart() {
    let demo = Demo::start("plain").await;
    demo.control("PUT", "secret", Some(json!({"secret": "ffffffffffffffffffffffffffffffff"}))).await;
    doctor(&demo, &[]).await.fails("secret", "AppSecret", "微信开发者平台 → 公众号 → 基础信息");
    let env = [
        ("HONGYAN_APP_ID".to_owned(), "gh_0123456789ab".to_owned()),
        ("HONGYAN_SECRET".to_owned(), "s".to_owned()),
        ("HONGYAN_API_BASE".to_owned(), demo.sandbox.clone()),
    ];
    let found = Findings::of(run(&["doctor", "--json"], &env).await);
    let first = found.get("app id");
    assert!(first["text"].as_str().unwrap().contains("gh_"), "{first:#}");
    let refused =
        found.0.iter().filter(|one| one["check"] == "app id").nth(1).expect("the platform refuses it");
    assert_eq!(refused["state"], "fail", "{refused:#}");
}

#[tokio::test]
async fn an_address_that_is_not_on_the_ip_list_is_named() {
    let demo = Demo::start("plain").await;
    demo.control("PUT", "ip_list", Some(json!({"list": ["10.9.8.7"]}))).await;
    doctor(&demo, &[]).await.fails("ip list", "40164", "Add 127.0.0.1");
    let config = demo.config.to_str().unwrap();
    let chinese = [("HONGYAN_LANG".to_owned(), "zh".to_owned())];
    let output = run(&["doctor", "--config", config], &chinese).await;
    assert_eq!(output.code, 1, "{output:#?}");
    assert!(output.out.contains("IP 白名单") && output.out.contains("127.0.0.1 加入"), "{}", output.out);
}

#[tokio::test]
async fn somebody_else_who_refreshes_the_token_is_found() {
    let demo = Demo::start("plain").await;
    let config = demo.config.to_str().unwrap();
    run(&["token", "--config", config], &[]).await.ok();
    doctor(&demo, &[]).await.is_fine("kept token");
    let value = |name: &str| demo.env.iter().find(|(key, _)| key == name).unwrap().1.clone();
    let forced = json!({
        "grant_type": "client_credential",
        "appid": value("HONGYAN_APP_ID"),
        "secret": value("HONGYAN_SECRET"),
        "force_refresh": true,
    });
    let url = format!("{}/cgi-bin/stable_token", demo.sandbox);
    reqwest::Client::new().post(url).json(&forced).send().await.unwrap();
    let found = doctor(&demo, &[]).await;
    found.fails("kept token", "another program refreshes", "force_refresh");
    found.is_fine("token");
}

#[tokio::test]
async fn rights_that_the_account_does_not_have_are_named() {
    let demo = Demo::start("plain").await;
    let on = json!({"direction": "api", "endpoint": "/cgi-bin/user/get"});
    demo.control("PUT", "faults", Some(json!([{"on": on, "do": {"errcode": 48001}}]))).await;
    doctor(&demo, &[]).await.fails("permissions", "users (48001)", "微信开发者平台 → 公众号 → 接口权限");
}

#[tokio::test]
async fn an_address_that_is_not_the_platforms_is_told_from_one_that_is_away() {
    let demo = Demo::start("plain").await;
    let mut env = demo.env.clone();
    for (name, value) in &mut env {
        if name == "HONGYAN_API_BASE" {
            value.clone_from(&demo.gateway);
        }
    }
    let found = Findings::of(run(&["doctor", "--json"], &env).await);
    found.fails("api_base", "not as the platform does", "leave api_base");
}

#[tokio::test]
async fn a_database_and_a_redis_that_are_away_are_named() {
    let demo = Demo::start("plain").await;
    let line = std::fs::read_to_string(&demo.config).unwrap();
    let line =
        line.lines().find(|line| line.starts_with("data")).expect("the demo names its data").to_owned();
    let away = "data = \"sqlite:///no/such/folder/a.db\"\nredis = \"redis://127.0.0.1:9\"";
    let (_folder, config) = changed(&demo, &line, away);
    let found = Findings::of(run(&["doctor", "--json", "--config", &config], &[]).await);
    found.fails("database", "/no/such/folder", "make the folder");
    found.fails("redis", "does not answer", "`redis`");
    let text = found.0.iter().map(ToString::to_string).collect::<String>();
    assert!(!text.contains("0123456789abcdef0123456789abcdef"), "a secret is shown: {text}");
}

#[tokio::test]
async fn a_mode_that_differs_on_the_other_side_is_named() {
    let demo = Demo::start("plain").await;
    let (_folder, config) = changed(&demo, "= \"plain\"", "= \"secure\"");
    let callback = format!("{}/callback/{}", demo.gateway, demo.account());
    let found =
        Findings::of(run(&["doctor", "--json", "--config", &config, "--callback", &callback], &[]).await);
    found.fails("mode", "in mode plain", "消息加解密方式");
}

#[tokio::test]
async fn a_token_that_differs_is_named_with_the_place_to_compare() {
    let demo = Demo::start("plain").await;
    let found = doctor(&demo, &["--token", "anotherToken"]).await;
    found.fails("handshake", "the token is another one", "微信开发者平台 → 公众号 → 消息推送");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let body = r#"{"errcode":41001,"errmsg":"access_token missing"}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    let env = [
        ("HONGYAN_APP_ID".to_owned(), "wx0123456789abcdef".to_owned()),
        ("HONGYAN_SECRET".to_owned(), "s".to_owned()),
        ("HONGYAN_API_BASE".to_owned(), base),
    ];
    Findings::of(run(&["doctor", "--json"], &env).await).fails("clock", "apart", "NTP");
}
