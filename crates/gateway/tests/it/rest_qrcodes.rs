//! QR codes by the API: made, shown, scanned, counted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rest_stage::{MAIN, ask, on_mariadb, on_sqlite, read};
use crate::stage::Stage;

async fn make(stage: &Stage, body: Value) -> Value {
    let (status, code) = stage.api(Method::POST, &format!("{MAIN}/qrcodes"), Some(body)).await;
    assert_eq!(status, 201, "{code}");
    code
}

async fn scans_are_kept_and_counted(stage: Stage) {
    let shelf = make(&stage, json!({"scene": "货架-7", "expires_seconds": 3600})).await;
    let table = make(&stage, json!({"scene": 42, "permanent": true})).await;
    let id = shelf["id"].as_str().unwrap();
    let (new, old) = (stage.person("新").await, stage.follower("老").await);
    new.act("scan", json!({"ticket": shelf["ticket"]})).await;
    old.act("scan", json!({"ticket": shelf["ticket"]})).await;
    old.act("scan", json!({"ticket": table["ticket"]})).await;

    let scans = stage.get(&format!("/qrcodes/{id}/scans")).await;
    let rows: Vec<_> = scans["scans"].as_array().unwrap().iter().collect();
    assert_eq!(rows.len(), 2, "{scans}");
    let of = |openid: &str| rows.iter().find(|row| row["openid"] == openid).unwrap()["followed"].clone();
    assert_eq!((of(&new.openid), of(&old.openid)), (json!(true), json!(false)));
    let one = stage.get(&format!("/qrcodes/{id}")).await;
    assert_eq!(
        (one["scans"].as_i64(), one["follows"].as_i64(), one["users"].as_i64()),
        (Some(2), Some(1), Some(2))
    );
    let days = stage.get(&format!("/qrcodes/{id}/days")).await;
    assert_eq!(days["days"][0]["scans"], 2, "{days}");
    let by_scene = stage.get("/scans?scene=42").await;
    assert_eq!(by_scene["scans"].as_array().unwrap().len(), 1, "{by_scene}");

    let first = stage.get("/scans?limit=2").await;
    let next = stage.get(&format!("/scans?limit=2&before={}", first["next"].as_str().unwrap())).await;
    assert_eq!(first["scans"].as_array().unwrap().len(), 2);
    assert_eq!((next["scans"].as_array().unwrap().len(), &next["next"]), (1, &Value::Null));
    let touched = stage.get(&format!("/users/{}", old.openid)).await;
    assert_eq!(
        (&touched["first_touch"]["scene"], &touched["last_touch"]["scene"]),
        (&json!("货架-7"), &json!("42"))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_are_kept_and_counted_on_sqlite() {
    scans_are_kept_and_counted(on_sqlite("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn scans_are_kept_and_counted_on_mariadb() {
    scans_are_kept_and_counted(on_mariadb("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_program_is_counted_by_its_scene_and_survives_a_restart() {
    let mut stage = Stage::new("").await;
    // Made at the platform by somebody else, with the account's own token.
    let token = stage.get("/token").await;
    let url = format!(
        "{}/cgi-bin/qrcode/create?access_token={}",
        stage.sandbox.url(),
        token["access_token"].as_str().unwrap()
    );
    let body = json!({"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "=poster"}}});
    let code = read(reqwest::Client::new().post(url).json(&body).send().await.unwrap()).await.1;
    let openid = {
        let person = stage.person("新").await;
        person.act("scan", json!({"ticket": code["ticket"]})).await;
        person.openid.clone()
    };
    stage.restart().await;
    let scans = stage.get("/scans?scene==poster").await;
    assert_eq!(scans["scans"][0]["openid"], openid, "{scans}");
    let csv = [("accept", "text/csv")];
    let answer = ask(stage.running(), Method::GET, &format!("{MAIN}/scans"), &csv, None).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with("at_ms,openid,scene,followed\r\n"), "{text}");
    assert!(text.contains(",\"'=poster\",true"), "a spreadsheet would run it: {text}");
    let days = ask(stage.running(), Method::GET, &format!("{MAIN}/scans/days?format=csv"), &[], None).await;
    assert!(days.text().await.unwrap().contains(",1,1,1\r\n"));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_shown_by_its_link_and_by_no_other() {
    let stage = Stage::new("").await;
    let code = make(&stage, json!({"scene": "poster", "expires_seconds": 2_592_000})).await;
    let link = code["picture"].as_str().unwrap();
    let answer = reqwest::get(link).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
    let picture = answer.bytes().await.unwrap();
    let url = format!("{}/_sandbox/decode", stage.sandbox.url());
    let read_back = reqwest::Client::new().post(url).body(picture).send().await.unwrap();
    assert_eq!(read(read_back).await.1["text"], code["url"]);

    let later = link.replace("expires=1", "expires=2");
    let other = make(&stage, json!({"scene": "other", "expires_seconds": 60})).await;
    let moved = link.replace(code["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let bare = link.split('?').next().unwrap();
    let cut = &link[..link.len() - 20];
    for bad in [later.as_str(), &moved, bare, cut] {
        assert_ne!(bad, link);
        assert_eq!(reqwest::get(bad).await.unwrap().status(), 403, "{bad}");
    }
    stage.control("clock/advance", &json!({"seconds": 25 * 3600})).await;
    assert_eq!(reqwest::get(link).await.unwrap().status(), 403);
    let fresh = stage.get(&format!("/qrcodes/{}", code["id"].as_str().unwrap())).await;
    assert_eq!(reqwest::get(fresh["picture"].as_str().unwrap()).await.unwrap().status(), 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_admin_listen_the_picture_is_on_the_public_listener() {
    let admin = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let stage = on_sqlite(&format!("admin_listen = \"{admin}\"")).await;
    let code = make(&stage, json!({"scene": "poster", "permanent": true})).await;
    let link = code["picture"].as_str().unwrap();
    assert!(link.starts_with(&stage.running().url()), "{link}");
    assert_eq!(reqwest::get(link).await.unwrap().status(), 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_listed_page_by_page_and_refused_beyond_the_limits() {
    let stage = Stage::new("").await;
    for scene in 1..=5 {
        make(&stage, json!({"scene": scene, "expires_seconds": 60})).await;
    }
    let first = stage.get("/qrcodes?limit=3").await;
    let next = stage.get(&format!("/qrcodes?limit=3&before={}", first["next"].as_str().unwrap())).await;
    let mut scenes: Vec<i64> = Vec::new();
    for page in [&first, &next] {
        scenes.extend(page["qrcodes"].as_array().unwrap().iter().map(|code| code["scene"].as_i64().unwrap()));
    }
    scenes.sort_unstable();
    assert_eq!((scenes, &next["next"]), (vec![1, 2, 3, 4, 5], &Value::Null));
    let path = format!("{MAIN}/qrcodes");
    for (body, word) in [
        (json!({"expires_seconds": 60}), "scene"),
        (json!({"scene": "x"}), "expires_seconds"),
        (json!({"scene": "x", "expires_seconds": 60, "permanent": true}), "not both"),
        (json!({"scene": "x", "expires_seconds": 2_592_001}), "2592000"),
        (json!({"scene": 100_001, "permanent": true}), "100000"),
    ] {
        let (status, problem) = stage.api(Method::POST, &path, Some(body)).await;
        assert_eq!(status, 400, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    stage.end().await;
}

async fn a_repeated_request_makes_one_code(stage: Stage) {
    let body = json!({"scene": "poster", "expires_seconds": 60});
    let headers = [("idempotency-key", "poster")];
    let path = format!("{MAIN}/qrcodes");
    let all = (0..6).map(|_| ask(stage.running(), Method::POST, &path, &headers, Some(body.clone())));
    let mut ids = Vec::new();
    for answer in futures_util::future::join_all(all).await {
        let (status, code) = read(answer).await;
        assert_eq!(status, 201, "{code}");
        ids.push(code["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stage.calls("/cgi-bin/qrcode/create").await, 1);
    let other = json!({"scene": "another", "expires_seconds": 60});
    let (status, _) = read(ask(stage.running(), Method::POST, &path, &headers, Some(other)).await).await;
    assert_eq!(status, 422);
    // What the platform refused is not remembered: the program may try again.
    stage.faults(json!([{"on": {"direction": "api"}, "do": {"errcode": 45009}, "times": 1}])).await;
    let again = [("idempotency-key", "again")];
    let refused = read(ask(stage.running(), Method::POST, &path, &again, Some(body.clone())).await).await;
    assert_eq!((refused.0, refused.1["errcode"].as_i64()), (502, Some(45009)), "{}", refused.1);
    assert_eq!(ask(stage.running(), Method::POST, &path, &again, Some(body)).await.status(), 201);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_makes_one_code_on_sqlite() {
    a_repeated_request_makes_one_code(on_sqlite("").await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "scripts/test"]
async fn a_repeated_request_makes_one_code_on_mariadb() {
    a_repeated_request_makes_one_code(on_mariadb("").await).await;
}
