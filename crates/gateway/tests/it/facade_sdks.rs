//! Programs that nobody here wrote, unchanged, moved over to the gateway by host and secret: wechatpy and co-wechat-api.
//!
//! Their scripts are those that the sandbox is tested with, so what they do to the platform is the same.

use std::path::PathBuf;
use std::process::Command;

use hongyan_sandbox::Options;
use serde_json::{Value, json};

use crate::stage::Stage;

const HEAD: &str = r#"
data = "sqlite://hongyan.db"
[[api_keys]]
name = "old program"
key = "key-of-the-old-program"
scopes = ["proxy"]
"#;

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Where scripts/test has installed the packages.
fn packages(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run scripts/test, which installs the packages of other SDKs")
    })
}

async fn tour(mut program: Command) {
    // The account's IP list holds nobody but the gateway's own machine; the program does not care.
    let stage = Stage::under(HEAD, Options::default(), "", "").await;
    let person = stage.follower("小明").await;
    person.say("你好").await;
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"] {
        program.env_remove(name).env_remove(name.to_lowercase());
    }
    program
        .env("HONGYAN_PLATFORM", format!("{}/platform/main", stage.gateway.as_ref().unwrap().url()))
        .env("HONGYAN_APP_ID", Options::default().app_id)
        .env("HONGYAN_SECRET", "key-of-the-old-program")
        .env("HONGYAN_OPENID", &person.openid)
        .env("HONGYAN_PICTURE", root().join("crates/cli/demo/media/goose.jpg"));
    let output = tokio::task::spawn_blocking(move || program.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();

    assert_eq!(told["token"], true, "{told:#}");
    assert_eq!(told["no_menu"], 46003, "{told:#}");
    assert_eq!(told["menu"]["menu"]["button"][1]["sub_button"][1]["key"], "V1001_GOOD", "{told:#}");
    assert_eq!(told["media_type"], "image");
    assert_eq!(told["same_picture"], true, "the picture came back changed");
    assert_eq!(told["unknown_openid"], 40003, "{told:#}");
    assert_eq!(told["qrcode"]["content_type"], "image/jpg", "{told:#}");
    assert_eq!(told["user"]["openid"], person.openid.as_str());
    assert_eq!(told["followers"], json!([person.openid]));
    assert_eq!(told["remark"], "老朋友");
    assert!(person.hears(3).await.contains(&"你好，“引号”与 <标签> & 😀".to_owned()));
    // The platform gave one token, to the gateway, and nothing of the program's reached it.
    assert_eq!(stage.calls("/cgi-bin/token").await, 0);
    assert_eq!(stage.calls("/cgi-bin/stable_token").await, 1);
    let seen = stage.watch("exchanges").await.to_string();
    assert!(
        !seen.contains("key-of-the-old-program") && !seen.contains("HY_"),
        "the platform saw the program's key"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn wechatpy_moves_over_by_host_and_secret() {
    let mut program = Command::new("python3");
    program.arg(root().join("tests/sdks/wechatpy/api.py"));
    program.env("PYTHONPATH", packages("HONGYAN_TEST_PYTHON_PATH")).env("PYTHONDONTWRITEBYTECODE", "1");
    tour(program).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn co_wechat_api_moves_over_by_host_and_secret() {
    let mut program = Command::new("node");
    program.arg(root().join("tests/sdks/co-wechat/api.mjs"));
    program.env("HONGYAN_TEST_NODE_PATH", packages("HONGYAN_TEST_NODE_PATH"));
    tour(program).await;
}
