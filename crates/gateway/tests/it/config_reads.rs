//! What a good configuration means.

use std::path::Path;
use std::time::Duration;

use hongyan_gateway::capability::{Kind, Right, notes};
use hongyan_gateway::config::{Config, KeyValue, Late, OnUnknown};
use hongyan_server::{Mode, Wait};
use hongyan_wire::Lang;

const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn parse(text: &str, folder: &Path) -> Config {
    let env = |name: &str| (name == "HONGYAN_SECRET").then(|| "from-env".to_owned());
    Config::parse_with(text, &folder.join("hongyan.toml"), &env).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_small_file_gets_sensible_settings() {
    let account =
        format!("[accounts.main]\napp_id = 'wx1'\nsecret = 's'\ntoken = 't'\naes_key = '{AES_KEY}'\n");
    let config = parse(&account, Path::new("/srv"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data, "sqlite:///srv/hongyan.db");
    assert!(config.warnings.is_empty());
    let main = config.account(None).unwrap();
    assert_eq!((main.mode, main.kind, main.verified), (Mode::Secure, Kind::Service, true));
    assert_eq!((main.wait, main.late, main.on_unknown), (Wait::All, Late::CustomerService, OnUnknown::Hold));
    assert_eq!((main.gap, main.max_age), (Duration::from_millis(300), Duration::from_mins(10)));
    assert!(main.api_base.is_none() && main.rules.is_empty());
}

#[test]
fn every_setting_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token.txt"), "from-file\n").unwrap();
    let menu = r#"{"button": [{"type": "click", "name": "a", "key": "k"}]}"#;
    std::fs::write(folder.path().join("menu.json"), menu).unwrap();
    let digest = "ab".repeat(32);
    let config = parse(
        &format!(
            r#"
            listen = "0.0.0.0:80"
            admin_listen = "127.0.0.1:8081"
            data = "mysql://root:hunter2@db.example/hongyan"
            redis = "redis://127.0.0.1:6379"
            history = "30d"
            [databases]
            music = "sqlite://songs.db"
            [[api_keys]]
            name = "ops"
            key = "sha256:{digest}"
            scopes = ["messages", "qrcodes"]
            accounts = ["main"]
            [accounts.main]
            app_id = "wx0123456789abcdef"
            secret = "env:HONGYAN_SECRET"
            token = "file:token.txt"
            aes_key = ["{AES_KEY}", "{AES_KEY}"]
            mode = "compatible"
            kind = "subscription"
            verified = false
            api_base = "http://127.0.0.1:7070/"
            token_endpoint = "classic"
            egress = "http://proxy:3128"
            menu = "menu.json"
            menu_at_start = true
            wait = "one"
            late = "customer_service"
            holding = "请稍候"
            gap = "1s"
            max_age = "5m"
            on_unknown = "retry"
            "#
        ),
        folder.path(),
    );
    let main = &config.accounts["main"];
    assert_eq!((main.secret.expose(), main.token.expose()), ("from-env", "from-file"));
    assert_eq!((main.aes_keys.len(), main.mode, main.kind), (2, Mode::Compatible, Kind::Subscription));
    assert_eq!(main.api_base.as_deref(), Some("http://127.0.0.1:7070"));
    assert_eq!(main.menu.as_deref(), Some(folder.path().join("menu.json").as_path()));
    assert_eq!((main.gap, main.max_age), (Duration::from_secs(1), Duration::from_mins(5)));
    assert_eq!(
        (main.wait, main.on_unknown, main.holding.as_deref()),
        (Wait::One, OnUnknown::Retry, Some("请稍候"))
    );
    assert_eq!(config.databases["music"], format!("sqlite://{}", folder.path().join("songs.db").display()));
    assert!(matches!(config.api_keys[0].key, KeyValue::Sha256(digest) if digest == [0xab; 32]));
    assert_eq!(main.late, Late::NextMessage, "an unverified account may not send");
    assert!(!main.may(Right::CustomerService));

    assert_eq!(config.redis.as_deref(), Some("redis://127.0.0.1:6379"));
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let notes: Vec<_> = notes(main).iter().map(|words| words.text(Lang::Zh).to_owned()).collect();
    assert!(notes[0].contains("没有自定义菜单权限") && notes[1].contains("没有客服消息权限"), "{notes:?}");
    let printed = format!("{config:?}");
    for secret in ["hunter2", "from-env", "from-file", AES_KEY] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}

#[test]
fn a_test_account_needs_no_aes_key() {
    let config =
        parse("[accounts.t]\napp_id = 'wx1'\nsecret = 's'\ntoken = 't'\nkind = 'test'\n", Path::new("/srv"));
    assert_eq!((config.accounts["t"].mode, config.accounts["t"].kind), (Mode::Plain, Kind::Test));
    assert!(config.accounts["t"].may(Right::CustomerService));
}

#[test]
fn the_only_account_needs_no_name() {
    let account = |name: &str| {
        format!("[accounts.{name}]\napp_id = 'wx1'\nsecret = 's'\ntoken = 't'\nmode = 'plain'\n")
    };
    let both = parse(&(account("a") + &account("b")), Path::new("/srv"));
    assert!(both.account(None).unwrap_err().to_string().contains("--account: a, b"));
    assert_eq!(both.account(Some("b")).unwrap().name, "b");
}

#[test]
fn parcel_and_songs_are_written_in_a_few_lines() {
    let config = parse(
        &format!(
            r#"
            listen = "127.0.0.1:8080"
            data   = "sqlite://hongyan.db"
            [databases]
            music = "sqlite://songs.db"
            [accounts.main]
            app_id   = "wx0123456789abcdef"
            secret   = "env:HONGYAN_SECRET"
            token    = "t"
            aes_key  = "{AES_KEY}"
            mode     = "secure"
            kind     = "service"
            verified = true
            api_base = "http://127.0.0.1:7070"
            menu     = "menu.json"
            [[accounts.main.rules]]
            name  = "parcel"
            on    = {{ regex = '^快递\s*(?<number>\w+)$' }}
            fetch = {{ http = "https://parcels.example/{{{{ number }}}}" }}
            reply = {{ text = "{{{{ number }}}} 现在在 {{{{ fetched.place }}}}" }}
            otherwise = {{ text = "查不到 {{{{ number }}}}" }}
            [[accounts.main.rules]]
            name  = "songs"
            on    = {{ regex = '^(?<singer>\S+)$' }}
            fetch = {{ sql = "SELECT title, artist, url FROM songs WHERE artist = :singer", database = "music", pick = "rotate" }}
            reply = {{ music = {{ title = "{{{{ fetched.title }}}}", description = "{{{{ fetched.artist }}}}", musicurl = "{{{{ fetched.url }}}}" }} }}
            "#
        ),
        Path::new("/srv"),
    );
    let names: Vec<_> = config.accounts["main"].rules.iter().map(|rule| rule.name.to_string()).collect();
    assert_eq!(names, ["parcel", "songs"]);
    assert!(config.warnings.is_empty() && notes(&config.accounts["main"]).is_empty());
}
