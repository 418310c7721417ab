//! Wrong files, wrong flags, taken ports: each says what, where, and what to do.

use crate::harness::{Demo, Output, Process, run};

/// Starts the gateway with this configuration; it must refuse.
async fn refused(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    std::fs::write(&config, text).unwrap();
    // An empty file is an empty database.
    std::fs::write(folder.path().join("music.db"), "").unwrap();
    let output = run(&["serve", "--config", config.to_str().unwrap()], &[]).await;
    assert_eq!(output.code, 2, "{output:#?}");
    assert!(output.err.contains("hongyan.toml"), "the file is not named: {}", output.err);
    output
}

const ACCOUNT: &str = "listen = \"127.0.0.1:0\"\ndata = \"sqlite://hongyan.db\"\n[accounts.main]\napp_id = \"wx0123456789abcdef\"\nsecret = \"s3cret\"\ntoken = \"tokenOfTheTest\"\nmode = \"plain\"\napi_base = \"http://127.0.0.1:9\"\n";

#[tokio::test]
async fn an_unknown_key_is_named_with_its_line_and_the_allowed_ones() {
    let output = refused(&format!("{ACCOUNT}colour = \"red\"\n")).await;
    assert!(output.err.contains("colour") && output.err.contains(":9"), "{}", output.err);
    assert!(output.err.contains("token_endpoint"), "the allowed keys are not listed: {}", output.err);
}

#[tokio::test]
async fn a_missing_key_a_bad_regex_a_bad_template_and_bad_sql_are_found_at_start() {
    let missing = refused("[accounts.main]\nsecret = \"s\"\ntoken = \"abc\"\nmode = \"plain\"\n").await;
    assert!(missing.err.contains("app_id"), "{}", missing.err);
    for (rule, word) in [
        ("on = { regex = '(' }\nreply = { text = \"x\" }", "regex"),
        ("on = { text = 'a' }\nreply = { text = \"{{ x \" }", "template"),
        (
            "on = { text = 'a' }\nfetch = { sql = \"SELECT 1\", database = \"nowhere\" }\nreply = { text = \"x\" }",
            "nowhere",
        ),
        ("on = { text = 'a', click = 'b' }\nreply = { text = \"x\" }", "on"),
    ] {
        let output = refused(&format!("{ACCOUNT}[[accounts.main.rules]]\nname = \"r\"\n{rule}\n")).await;
        assert!(output.err.to_lowercase().contains(word), "{word}: {}", output.err);
    }
}

#[tokio::test]
async fn a_query_that_the_database_cannot_read_is_found_at_start() {
    let text =
        ACCOUNT.replace("[accounts.main]", "[databases]\nmusic = \"sqlite://music.db\"\n[accounts.main]");
    let rule = "name = \"songs\"\non = { text = 'a' }\nfetch = { sql = \"SELEC title FROM songs\", database = \"music\" }\nreply = { text = \"{{ fetched.title }}\" }";
    let output = refused(&format!("{text}[[accounts.main.rules]]\n{rule}\n")).await;
    assert!(output.err.contains("SELEC") && output.err.contains(":14"), "{}", output.err);
}

#[tokio::test]
async fn errors_speak_chinese_where_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    std::fs::write(&config, format!("{ACCOUNT}colour = \"red\"\n")).unwrap();
    let env = [("HONGYAN_LANG".to_owned(), "zh".to_owned())];
    let output = run(&["serve", "--config", config.to_str().unwrap()], &env).await;
    assert_eq!(output.code, 2, "{output:#?}");
    assert!(
        output.err.contains("colour") && output.err.chars().any(|c| ('一'..='龥').contains(&c)),
        "{}",
        output.err
    );
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["sandbox", "--listen", &address], &[]).await;
    assert_ne!(output.code, 0, "{output:#?}");
    assert!(output.err.contains(&address) && output.err.contains("--listen"), "{}", output.err);
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    std::fs::write(&config, ACCOUNT.replace("127.0.0.1:0", &address)).unwrap();
    let output = run(&["serve", "--config", config.to_str().unwrap()], &[]).await;
    assert_ne!(output.code, 0, "{output:#?}");
    assert!(output.err.contains(&address) && output.err.contains("listen"), "{}", output.err);
}

#[tokio::test]
async fn a_file_of_the_wrong_kind_or_size_is_refused_before_the_call() {
    let demo = Demo::start("secure").await;
    let person = demo.follower("小明").await;
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("not-a-picture.jpg");
    std::fs::write(&text, "hello").unwrap();
    let big = folder.path().join("big.jpg");
    let mut bytes = vec![0u8; 10 * 1024 * 1024 + 1];
    bytes[..3].copy_from_slice(&[0xff, 0xd8, 0xff]);
    std::fs::write(&big, bytes).unwrap();
    for (file, word) in [(&text, "not-a-picture.jpg"), (&big, "10")] {
        let output = demo.run(&["send", &person.openid, "--image", file.to_str().unwrap()]).await;
        assert_eq!(output.code, 2, "{output:#?}");
        assert!(output.err.contains(word), "{}", output.err);
    }
    let exchanges = demo.control("GET", "exchanges?kind=/cgi-bin/media/upload", None).await;
    let after: Vec<_> =
        exchanges.as_array().unwrap().iter().filter(|e| e.to_string().contains("big.jpg")).collect();
    assert!(after.is_empty(), "{after:?}");
}

#[tokio::test]
async fn an_unknown_account_is_named_with_the_known_ones() {
    let demo = Demo::start("secure").await;
    let config = demo.config.display().to_string();
    let output = run(&["token", "--config", &config, "--account", "nobody"], &[]).await;
    assert_eq!(output.code, 2, "{output:#?}");
    assert!(output.err.contains("nobody") && output.err.contains(&demo.account()), "{}", output.err);
}

#[tokio::test]
async fn a_gateway_whose_platform_is_away_starts_answers_and_stops_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("hongyan.toml");
    std::fs::write(&config, ACCOUNT).unwrap();
    let mut gateway = Process::start(&["serve", "--config", config.to_str().unwrap()], &[]);
    let address = crate::kinds::listening(&gateway).await;
    assert_eq!(reqwest::get(format!("{address}/livez")).await.unwrap().status(), 200);
    assert_eq!(reqwest::get(format!("{address}/readyz")).await.unwrap().status(), 200);
    assert_eq!(gateway.terminate().await, Some(0));
}
