//! What the file may say about forwarding, copies and models, and what a person reads when it is wrong.

use hongyan_gateway::config::{ForwardStyle, HandOver, Sealing};
use hongyan_gateway::rules::explain;
use hongyan_wire::Lang;

use crate::rules_world::config;

const KEY: &str = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210abcdefg";

fn rule(lines: &str) -> String {
    format!("[[accounts.main.rules]]\nname = \"r\"\non = {{ any = true }}\n{lines}\n")
}

fn refused(lines: &str) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let error = config(folder.path(), "", &rule(lines)).err().unwrap_or_else(|| panic!("accepted: {lines}"));
    (error.text(Lang::En), error.text(Lang::Zh))
}

#[test]
fn mistakes_are_shown_with_line_and_caret_in_both_languages() {
    let json = |more: &str| format!("forward = {{ url = \"https://a.example/\"{more} }}");
    let platform = |more: &str| json(&format!(", as = \"platform\"{more}"));
    let ai = |more: &str| format!("assistant = {{ url = \"https://a.example/v1\", model = \"m\"{more} }}");
    for (lines, en, zh) in [
        (json(""), "`secret` is missing", "缺少 `secret`"),
        (json(", secret = \"short\""), "at least 16", "至少需要 16"),
        (json(", secret = \"whsec_&&&\""), "not Base64", "不是 Base64"),
        (json(", secret = \"env:HONGYAN_NO_SUCH\""), "HONGYAN_NO_SUCH", "HONGYAN_NO_SUCH"),
        (json(", secrt = \"0123456789abcdef\""), "did you mean `secret`?", "是否想写 `secret`"),
        (json(", secret = \"0123456789abcdef\", timeout = \"6m\""), "at most 5m", "不超过 5m"),
        (
            "forward = { url = \"here\", secret = \"0123456789abcdef\" }".to_owned(),
            "not an address",
            "不是有效的地址",
        ),
        ("forward = \"https://a.example/\"".to_owned(), "must be a table", "必须是表"),
        (platform(""), "`token` is missing", "缺少 `token`"),
        (platform(", token = \"t\", mode = \"secure\""), "needs `aes_key`", "需要 `aes_key`"),
        (platform(", token = \"t\", aes_key = \"x\""), "must have 43", "必须是 43"),
        (platform(", token = \"t\", secret = \"x\""), "unknown key `secret`", "未知的键 `secret`"),
        ("copy_to = []\nreply = { text = \"a\" }".to_owned(), "empty list", "空列表"),
        (ai(", tempo = 1"), "unknown key `tempo`", "未知的键"),
        ("assistant = { url = \"https://a.example\" }".to_owned(), "`model` is missing", "缺少 `model`"),
        (ai(", history = 101"), "from 0 to 100", "0 到 100"),
        (ai(", per_day = {}"), "sets no limit", "没有设置上限"),
        (ai("\n, max_tokens = 0"), "from 1 to", "1 到"),
        (
            format!("{}\nreply = {{ text = \"a\" }}", ai("")),
            "`reply` cannot stand beside `assistant`",
            "不能与 `assistant` 并存",
        ),
        (format!("{}\n{}", ai(""), json(", secret = \"0123456789abcdef\"")), "beside", "并存"),
        (format!("{}\notherwise = {{ text = \"{{{{ fetched.x }}}}\" }}", ai("")), "no `fetch`", "没有"),
    ] {
        let (english, chinese) = refused(&lines);
        assert!(english.contains("hongyan.toml:") && english.contains('^'), "{english}");
        assert!(
            english.contains(en) || en == "no `fetch`" && english.contains("fetched"),
            "{lines}\n{english}"
        );
        assert!(chinese.contains(zh), "{lines}\n{chinese}");
        assert!(!english.contains("0123456789abcdef"), "a secret is shown: {english}");
    }
}

#[test]
fn secrets_have_all_their_forms_and_are_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "whsec_c2l4dGVlbiBieXRlcyBvciBtb3Jl\n").unwrap();
    let forward =
        "forward = { url = \"https://u:hunter2@a.example/x?key=hunter2\", secret = \"file:secret\" }";
    let copy = format!(
        "copy_to = [{{ url = \"http://b/\", as = \"platform\", token = \"hunter2\", aes_key = \"{KEY}\" }}]"
    );
    let read = config(folder.path(), "", &rule(&format!("{forward}\n{copy}"))).unwrap();
    let rule = &read.accounts["main"].rules[0];
    let Some(HandOver::Forward(to)) = &rule.hand_over else { panic!("no forward") };
    let ForwardStyle::Json { key } = &to.style else { panic!("not JSON") };
    assert_eq!(key.bytes(), b"sixteen bytes or more");
    let ForwardStyle::Platform { sealing, .. } = &rule.copy_to[0].style else { panic!("not the platform's") };
    assert!(matches!(sealing, Sealing::Secure(_)), "a key means secure mode");
    let printed = format!("{read:?} {:?} {}", rule.hand_over, to.shown());
    assert!(
        !printed.contains("hunter2") && !printed.contains("sixteen") && !printed.contains(KEY),
        "{printed}"
    );
}

#[tokio::test]
async fn rules_test_names_who_answers_and_asks_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = "http://127.0.0.1:9/hook";
    for (lines, words, zh) in [
        (
            format!("forward = {{ url = \"{nobody}?k=1\", secret = \"0123456789abcdef\" }}"),
            "goes to http://127.0.0.1:9/hook as signed JSON",
            "签名 JSON",
        ),
        (
            format!("forward = {{ url = \"{nobody}\", as = \"platform\", token = \"t\" }}"),
            "as the platform would send it",
            "平台推送",
        ),
        (
            "assistant = { url = \"http://127.0.0.1:9/v1\", model = \"m-1\" }".to_owned(),
            "the model m-1 at http://127.0.0.1:9/v1/chat/completions answers",
            "模型 m-1",
        ),
    ] {
        let read = config(folder.path(), "", &rule(&lines)).unwrap();
        let explained = explain(&read, "main", "hi").await.unwrap();
        assert_eq!(explained.rule.as_deref(), Some("r"));
        assert!(explained.text(Lang::En).contains(words), "{}", explained.text(Lang::En));
        assert!(explained.text(Lang::Zh).contains(zh), "{}", explained.text(Lang::Zh));
    }
}
