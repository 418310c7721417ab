//! What a person reads when the configuration is wrong.

use std::path::Path;

use hongyan_gateway::config::{Config, ConfigError};
use hongyan_wire::Lang;

fn env(name: &str) -> Option<String> {
    (name == "HONGYAN_SECRET").then(|| "from-env".to_owned())
}

fn refused(text: &str) -> ConfigError {
    Config::parse_with(text, Path::new("conf/hongyan.toml"), &env)
        .err()
        .unwrap_or_else(|| panic!("accepted: {text}"))
}

/// A whole account with one line changed or added.
fn account(line: &str) -> String {
    format!(
        "[accounts.main]\napp_id = \"wx0123456789abcdef\"\nsecret = \"hunter2\"\ntoken = \"hunter3\"\n{line}\n"
    )
}

/// A plain account and a rule.
fn rule(rule: &str) -> String {
    account(&format!("mode = \"plain\"\n[[accounts.main.rules]]\nname = \"r\"\n{rule}"))
}

#[test]
fn an_unknown_key_shows_file_line_caret_and_what_is_allowed() {
    let error = refused("listen = \"127.0.0.1:1\"\ndatta = \"sqlite://a.db\"\n");
    assert_eq!(
        error.text(Lang::En),
        "conf/hongyan.toml:2:1: unknown key `datta`\n  |\n2 | datta = …\n  | ^^^^^\n\
         did you mean `data`? Allowed here: listen, admin_listen, data, redis, history, databases, api_keys, accounts"
    );
    assert_eq!(
        error.text(Lang::Zh),
        "conf/hongyan.toml:2:1: 未知的键 `datta`\n  |\n2 | datta = …\n  | ^^^^^\n\
         是否想写 `data`？此处允许的键：listen, admin_listen, data, redis, history, databases, api_keys, accounts"
    );
}

#[test]
fn a_misspelt_secret_is_not_shown() {
    let text = refused(&account("mode = \"plain\"\nsecrt = \"hunter2\"")).text(Lang::En);
    assert!(text.starts_with("conf/hongyan.toml:6:1: unknown key `secrt` in [accounts.main]\n"), "{text}");
    assert!(text.contains("6 | secrt = …\n  | ^^^^^\n") && text.contains("did you mean `secret`?"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn every_mistake_says_what_where_and_what_to_do() {
    for (text, line, what, hint) in [
        (String::new(), 1, "there is no account", "[accounts.main]"),
        ("listen = 8080\n".to_owned(), 1, "`listen` must be a string in quotes, not integer", ""),
        ("listen = \"here\"\n".to_owned(), 1, "not an address and port: \"here\"", "127.0.0.1:8080"),
        ("data = \"postgres://a/b\"\n".to_owned(), 1, "not the address of a database", "sqlite://FILE"),
        (
            "[[api_keys]]\nname = \"ops\"\nkey = \"hunter2\"\nscopes = [\"all\"]\n".to_owned(),
            4,
            "no scope \"all\"",
            "messages, menu",
        ),
        (
            "[[api_keys]]\nname = \"ops\"\nkey = \"sha256:hunter2\"\nscopes = \"*\"\n".to_owned(),
            3,
            "64 hexadecimal digits",
            "sha256sum",
        ),
        (
            "redis = \"hunter2\"\n".to_owned() + &account("mode = \"plain\""),
            1,
            "not the address of a Redis",
            "redis://",
        ),
        ("x = \n".to_owned(), 1, "this is not TOML", ""),
        (
            "[accounts.main]\ntoken = \"t\"\n".to_owned(),
            1,
            "`app_id` is missing in [accounts.main]",
            "settings page",
        ),
        (account(""), 1, "`aes_key` is missing in [accounts.main]: mode \"secure\"", "43 characters"),
        (account("mode = \"compatible\""), 1, "mode \"compatible\"", "mode = \"plain\""),
        (
            account("aes_key = \"tooshort\""),
            5,
            "`aes_key` has 8 characters and must have 43",
            "EncodingAESKey",
        ),
        (account(&format!("aes_key = \"{}!\"", "a".repeat(42))), 5, "does not belong", "EncodingAESKey"),
        (account("mode = \"safe\""), 5, "`mode` cannot be \"safe\"", "\"plain\", \"compatible\", \"secure\""),
        (account("mode = \"plain\"\nkind = \"personal\""), 6, "`kind` cannot be", "\"subscription\""),
        (account("mode = \"plain\"\nverified = \"yes\""), 6, "`verified` must be true or false", ""),
        (account("mode = \"plain\"\ngap = \"soon\""), 6, "not a length of time: \"soon\"", "\"300ms\""),
        (account("mode = \"plain\"\napi_base = \"localhost\""), 6, "`api_base` is not an address", "http://"),
        (
            account("mode = \"plain\"\ntoken_from = { http = \"https://t.example\", pointer = \"token\" }"),
            6,
            "`pointer` is not a place in a JSON answer",
            "begins with a slash",
        ),
        (
            account("mode = \"plain\"\ntoken_from = { http = \"t.example\" }"),
            6,
            "`http` is not an address",
            "",
        ),
        (
            account("mode = \"plain\"\noauth = { return = [\"https://u@shop.example/\"] }"),
            6,
            "has a user, a query or a fragment",
            "",
        ),
        (account("mode = \"plain\"\noauth = { scope = \"snsapi_base\" }"), 6, "`return` is missing", ""),
        (account("mode = \"plain\"\nmenu_at_start = true"), 6, "needs `menu`", ""),
        (account("mode = \"plain\"\nholding = \"\""), 6, "1 to 2048", ""),
        (
            rule("on = { text = \"a\", click = \"b\" }\nreply = { text = \"x\" }"),
            8,
            "2 keys",
            "one of: text, contains",
        ),
        (
            rule("on = { txt = \"a\" }\nreply = { text = \"x\" }"),
            8,
            "unknown key `txt`",
            "did you mean `text`?",
        ),
        (rule("on = { any = false }\nreply = { text = \"x\" }"), 8, "`any` must be true\n", "left out"),
        (rule("on = { subscribe = false }\nreply = { text = \"x\" }"), 8, "`subscribe` must be true\n", ""),
        (rule("on = { text = [] }\nreply = { text = \"x\" }"), 8, "`text` is an empty list", ""),
        (rule("on = { scan = [] }\nreply = { text = \"x\" }"), 8, "`scan` is an empty list", ""),
        (rule("on = { any = true }\nreply = []"), 9, "`reply` is an empty list", "{ none = true }"),
        (
            account("mode = \"plain\"\nmenu = \"no.json\"\nmenu_at_start = true"),
            6,
            "the menu",
            "leave `menu_at_start` out",
        ),
        (rule("reply = { text = \"x\" }"), 6, "`on` is missing", "on = {"),
        (rule("on = { any = true }"), 6, "`reply` is missing", "reply = {"),
        (
            rule("on = { regex = '(' }\nreply = { text = \"x\" }"),
            8,
            "regular expression is wrong",
            "single quotes",
        ),
        (rule("on = { regex = '(?<openid>x)' }\nreply = { text = \"x\" }"), 8, "`openid`", "another name"),
        (
            rule("on = { any = true }\nreply = { text = \"{{ numbr }}\" }"),
            9,
            "`numbr`, which nothing provides",
            "",
        ),
        (
            rule("on = { any = true }\nreply = [\n{ text = \"a\" },\n{ text = \"{{ x\" },\n]"),
            11,
            "the template is wrong",
            "",
        ),
        (rule("on = { any = true }\nreply = { text = \"{{ fetched.a }}\" }"), 9, "no `fetch`", ""),
        (rule("on = { any = true }\nreply = { txt = \"a\" }"), 9, "no message kind `txt`", ""),
        (rule("on = { any = true }\nreply = { image = \"file:no.png\" }"), 9, "there is no file", ""),
        (
            rule("on = { any = true }\nreply = [{ text = \"a\" }, { none = true }]"),
            9,
            "`none` cannot stand in a list",
            "",
        ),
        (
            rule("on = { any = true }\nreply = { text = \"a\" }\nforward = { url = \"x\" }"),
            9,
            "`reply` cannot stand beside `forward`",
            "`forward` answers",
        ),
        (
            rule(
                "on = { any = true }\nfetch = { sql = \"SELECT 1\", database = \"music\" }\nreply = { text = \"a\" }",
            ),
            9,
            "no database \"music\"",
            "[databases] music =",
        ),
        (
            rule(
                "on = { any = true }\nfetch = { http = \"https://{{ openid }}/\" }\nreply = { text = \"a\" }",
            ),
            9,
            "scheme and host of the address must be written out",
            "",
        ),
        (
            rule("on = { any = true }\nfetch = { pick = \"all\" }\nreply = { text = \"a\" }"),
            9,
            "either `sql` or `http`",
            "fetch = {",
        ),
        (
            format!(
                "{}[[accounts.main.rules]]\nname = \"r\"\non = {{ any = true }}\nreply = {{ text = \"x\" }}\n",
                rule("on = { any = true }\nreply = { text = \"x\" }\n")
            ),
            12,
            "a second rule is named \"r\" (the first is at line 7)",
            "its own name",
        ),
    ] {
        let error = refused(&text);
        let (english, chinese) = (error.text(Lang::En), error.text(Lang::Zh));
        let place = format!("conf/hongyan.toml:{line}:");
        assert!(
            english.starts_with(&place) && chinese.starts_with(&place),
            "line {line}: {english}\n{chinese}"
        );
        assert!(english.contains(what), "`{what}` is not in: {english}");
        assert!(english.contains(hint), "`{hint}` is not in: {english}");
        assert!(english.contains('^') && english != chinese, "{english}");
        assert!(!english.contains("hunter"), "{english}");
    }
}

#[test]
fn the_caret_stands_under_an_unknown_key_of_an_inline_table() {
    let text = refused(&rule("on = { txt = \"a\" }\nreply = { text = \"x\" }")).text(Lang::En);
    assert!(text.contains("\n8 | on = { txt = …\n  |        ^^^\n"), "{text}");
}

#[test]
fn a_menu_that_cannot_be_applied_at_start_is_shown_where_it_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hongyan.toml");
    let menu = folder.path().join("menu.json");
    let text = account("mode = \"plain\"\nmenu = \"menu.json\"\nmenu_at_start = true");
    let error = |body: &str| {
        std::fs::write(&menu, body).unwrap();
        Config::parse(&text, &file).map(drop)
    };
    let slip = error("{\n  \"button\": [\n    { \"name\": \"a\",, }\n  ]\n}").unwrap_err().text(Lang::En);
    assert!(slip.starts_with(&format!("{}:3:19: the menu is not JSON", menu.display())), "{slip}");
    assert!(slip.contains("3 |     { \"name\": \"a\",, }\n  |                   ^"), "{slip}");
    let empty = error("{\"button\": []}").unwrap_err().text(Lang::Zh);
    assert!(empty.contains("hongyan.toml:6:8: 菜单文件") && empty.contains("列表为空"), "{empty}");
    let long = "x".repeat(17);
    let large =
        error(&format!("{{\"button\": [{{\"type\": \"click\", \"name\": \"{long}\", \"key\": \"k\"}}]}}"));
    assert!(large.unwrap_err().text(Lang::En).contains("cannot be applied"));
    error("{\"button\": [{\"type\": \"click\", \"name\": \"a\", \"key\": \"k\"}]}").unwrap();
}

#[test]
fn names_that_nobody_knows_are_warned_about_with_what_was_meant() {
    let warnings = |on: &str| {
        let text = rule(&format!("on = {on}\nreply = {{ text = \"x\" }}"));
        let config = Config::parse_with(&text, Path::new("conf/hongyan.toml"), &env);
        let config = config.unwrap_or_else(|error| panic!("{error}"));
        config.warnings.iter().map(|words| words.text(Lang::En).to_owned()).collect::<Vec<_>>()
    };
    for (on, name, near) in [
        ("{ type = [\"image\", \"imag\"] }", "\"imag\"", "did you mean \"image\"?"),
        ("{ event = \"clik\" }", "\"clik\"", "did you mean \"CLICK\"?"),
        ("{ event = \"something_new\" }", "\"something_new\"", ""),
    ] {
        let said = warnings(on);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("conf/hongyan.toml:8:6: rule r:"), "{said:?}");
        assert!(said[0].contains(name) && said[0].contains(near), "{said:?}");
    }
    assert_eq!(warnings("{ event = [\"click\", \"SCAN\", \"View\"] }"), [""; 0]);
    assert_eq!(warnings("{ type = [\"text\", \"event\"] }"), [""; 0]);
}

#[test]
fn a_query_that_names_what_is_not_there_shows_its_line() {
    let rules = "on = { regex = '^(?<singer>.+)$' }\nfetch = { sql = \"SELECT :singr\", database = \"m\" }\nreply = { text = \"a\" }";
    let error = refused(&format!("databases.m = \"sqlite://m.db\"\n{}", rule(rules)));
    let text = error.text(Lang::En);
    assert!(text.starts_with("conf/hongyan.toml:10:17: nothing provides :singr; there is:"), "{text}");
    assert!(text.contains(":singer"), "{text}");
}

#[test]
fn a_variable_or_file_that_is_not_there_is_named() {
    let text =
        refused(&account("mode = \"plain\"").replace("\"hunter2\"", "\"env:MISSING_ONE\"")).text(Lang::En);
    assert!(
        text.contains("environment variable MISSING_ONE, which is not set")
            && text.contains("export MISSING_ONE=…"),
        "{text}"
    );
    let text =
        refused(&account("mode = \"plain\"").replace("\"hunter2\"", "\"file:missing.txt\"")).text(Lang::Zh);
    assert!(text.contains("无法从") && text.contains("missing.txt"), "{text}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load(Path::new("/nonexistent/hongyan.toml")).unwrap_err();
    assert!(error.text(Lang::En).contains("/nonexistent/hongyan.toml"));
    assert!(error.text(Lang::Zh).contains("无法读取配置文件"));
}
