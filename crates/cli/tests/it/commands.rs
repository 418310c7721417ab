//! What the commands say: in Chinese, about numbers that are texts, about files and variables that disagree.

use crate::harness::{Demo, Output, run, run_with_input};

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A command in Chinese, for an account whose platform is nowhere.
async fn chinese(arguments: &[&str]) -> Output {
    let env = env(&[
        ("HONGYAN_LANG", "zh"),
        ("HONGYAN_APP_ID", "wx0123456789abcdef"),
        ("HONGYAN_SECRET", "s3cret-of-the-test"),
        ("HONGYAN_API_BASE", "http://127.0.0.1:9"),
    ]);
    run(arguments, &env).await
}

#[tokio::test]
async fn mistakes_of_the_command_line_are_named_in_chinese() {
    for (arguments, words) in [
        (["token", "--jason"].as_slice(), ["--jason", "没有"]),
        (&["tokken"], ["tokken", "没有"]),
        (&["qrcode", "--permanent"], ["--scene", "缺少"]),
        (&["demo", "--mode", "loud"], ["--mode", "不对"]),
        (&["qrcode", "--scene", "0", "--permanent"], ["场景值", "1 到 100000"]),
        (&["qrcode", "--scene", "a", "--expires", "31d"], ["2592000", "有效期"]),
        (&["qrcode", "--scene", "a", "--expires", "banana"], ["30m", "不是时间长度"]),
        (&["qrcode", "--scene", "", "--permanent"], ["场景值是空的", "64 个字符"]),
        (&["call", "create"], ["menu.create", "请写明"]),
    ] {
        let output = chinese(arguments).await;
        assert_eq!(output.code, 2, "{arguments:?}: {output:#?}");
        for word in words {
            assert!(output.err.contains(word), "{arguments:?} lacks {word}: {}", output.err);
        }
        for english in ["error:", "Usage", "scene", "needed"] {
            let shown = output.err.replace("--scene", "");
            assert!(!shown.contains(english), "{arguments:?} says {english}: {}", output.err);
        }
    }
}

#[tokio::test]
async fn a_platform_that_is_away_and_a_bad_address_are_named_in_chinese() {
    let away = chinese(&["menu", "get"]).await;
    assert_eq!(away.code, 1, "{away:#?}");
    assert!(away.err.contains("无法连接 http://127.0.0.1:9") && !away.err.contains("reach"), "{}", away.err);
    let env = env(&[
        ("HONGYAN_LANG", "zh"),
        ("HONGYAN_APP_ID", "wx0123456789abcdef"),
        ("HONGYAN_SECRET", "s3cret-of-the-test"),
        ("HONGYAN_API_BASE", "ftp://127.0.0.1"),
    ]);
    let bad = run(&["token"], &env).await;
    assert_eq!(bad.code, 2, "{bad:#?}");
    assert!(bad.err.contains("平台地址") && !bad.err.contains("address"), "{}", bad.err);
}

#[tokio::test]
async fn the_doctor_names_its_checks_in_chinese() {
    let output = chinese(&["doctor"]).await;
    assert_eq!(output.code, 1, "{output:#?}");
    for word in ["正常  配置", "错误  网络", "错误  令牌", "注意  回调"] {
        assert!(output.out.contains(word), "{word}: {}", output.out);
    }
}

#[tokio::test]
async fn a_number_too_great_for_a_scene_is_said_to_be_a_text() {
    let demo = Demo::start("plain").await;
    for (lang, word) in [("en", "carries it as a text"), ("zh", "作为文本携带")] {
        let mut all = demo.env.clone();
        all.push(("HONGYAN_LANG".to_owned(), lang.to_owned()));
        let output = run(&["qrcode", "--scene", "5000000000", "--expires", "1m"], &all).await;
        assert!(output.err.contains(word) && output.err.contains("4294967295"), "{output:#?}");
        assert_eq!(output.code, 0, "{output:#?}");
    }
    let forced = demo.run(&["qrcode", "--scene", "42", "--text", "--permanent", "--json"]).await;
    assert!(forced.err.is_empty(), "{forced:#?}");
    let ticket = forced.json()["ticket"].clone();
    let known = demo.control("GET", "qrcodes", None).await;
    let code = known.as_array().unwrap().iter().find(|code| code["ticket"] == ticket).unwrap();
    assert_eq!(code["scene"], "42", "not a text: {code}");
}

#[tokio::test]
async fn a_plan_is_refused_for_what_would_be_refused_at_the_end() {
    let demo = Demo::start("plain").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("menu.json");
    let long = "技术支持中心";
    std::fs::write(&file, format!(r#"{{"button":[{{"type":"click","name":"{long}","key":"k"}}]}}"#)).unwrap();
    for action in ["plan", "apply"] {
        let output = demo.run(&["menu", action, file.to_str().unwrap()]).await;
        assert_eq!(output.code, 2, "{action}: {output:#?}");
        assert!(output.err.contains(long) && output.err.contains("16 bytes"), "{action}: {}", output.err);
    }
}

#[tokio::test]
async fn an_endpoint_is_called_by_the_last_part_of_its_path() {
    let demo = Demo::start("plain").await;
    let answer = demo.run(&["call", "get_api_domain_ip"]).await.json();
    assert!(answer["ip_list"].is_array(), "{answer}");
    let several = demo.run(&["call", "create"]).await;
    assert_eq!(several.code, 2, "{several:#?}");
    assert!(several.err.contains("menu.create") && several.err.contains("qrcode.create"), "{}", several.err);
}

#[tokio::test]
async fn a_picture_of_an_unknown_ticket_is_not_blamed_on_the_address() {
    let demo = Demo::start("plain").await;
    let output = demo.run(&["call", "qrcode.picture", r#"{"ticket":"nobody"}"#]).await;
    assert_eq!(output.code, 1, "{output:#?}");
    assert!(output.err.contains("ticket is unknown or expired"), "{}", output.err);
    assert!(!output.err.contains("proxy"), "{}", output.err);
}

#[tokio::test]
async fn a_configuration_that_was_asked_for_goes_before_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    let (right, wrong) = ("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "B".repeat(43));
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"wx0123456789abcdef\"\nsecret = \"s3cret\"\ntoken = \"tokenOfTheFile\"\naes_key = \"{right}\"\nmode = \"secure\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let key = hongyan_wire::AesKey::parse(right).unwrap();
    let message = b"<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1732000000</CreateTime><MsgType>text</MsgType><Content>opened</Content></xml>";
    let app_id = hongyan_wire::AppId::from("wx0123456789abcdef");
    let sealed = hongyan_wire::envelope::seal(&key, &app_id, [7; 16], message);
    let token = hongyan_wire::Secret::new("tokenOfTheFile");
    let push = hongyan_wire::envelope::sealed_reply_xml(&token, &sealed, "1732000000", "n");
    let env = env(&[
        ("HONGYAN_AES_KEY", &wrong),
        ("HONGYAN_TOKEN", "tokenOfTheEnvironment"),
        ("HONGYAN_APP_ID", "wxffffffffffffffff"),
        ("HONGYAN_SECRET", "s"),
    ]);
    let file = config.to_str().unwrap();
    let opened = run_with_input(&["decode", "--config", file], &env, push.as_bytes()).await;
    assert_eq!(opened.json()["Content"], "opened");
    let flagged =
        run_with_input(&["decode", "--config", file, "--aes-key", &wrong], &env, push.as_bytes()).await;
    assert_eq!(flagged.code, 1, "the flag was not taken: {flagged:#?}");
    let environment = run_with_input(&["decode"], &env, push.as_bytes()).await;
    assert_eq!(environment.code, 1, "the environment was not taken: {environment:#?}");
}

#[tokio::test]
async fn what_a_killed_demo_left_behind_goes_with_the_next_one() {
    let mut killed = Demo::start("plain").await;
    let left = killed.config.parent().unwrap().to_owned();
    killed.kill().await;
    assert!(left.is_dir(), "a killed demo cannot have tidied up");
    let running = Demo::start("plain").await;
    assert!(!left.exists(), "{} is still there", left.display());
    let third = Demo::start("plain").await;
    assert!(running.config.is_file() && third.config.is_file(), "a running demo lost its folder");
}
