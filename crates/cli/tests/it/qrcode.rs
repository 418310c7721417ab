//! Line 8: QR codes, temporary and permanent, and who scanned them.

use serde_json::json;

use crate::harness::{Demo, person::text_of};

/// What a JPEG of a QR code says.
fn decoded(jpeg: &[u8]) -> String {
    assert_eq!(&jpeg[..3], [0xff, 0xd8, 0xff], "not a JPEG");
    let options = zune_jpeg::zune_core::options::DecoderOptions::default()
        .jpeg_set_out_colorspace(zune_jpeg::zune_core::colorspace::ColorSpace::Luma);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(std::io::Cursor::new(jpeg), options);
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code must be found");
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn each_kind_of_code_is_made_in_three_calls_saved_and_drawn() {
    let demo = Demo::start("secure").await;
    let folder = tempfile::tempdir().unwrap();
    for (scene, life, permanent) in [
        ("poster-7", ["--expires", "30m"].as_slice(), false),
        ("4294967295", &["--expires", "30d"], false),
        ("店铺一", &["--permanent"], true),
        ("100000", &["--permanent"], true),
    ] {
        let file = folder.path().join("qr.jpg");
        let mut arguments = vec!["qrcode", "--scene", scene, "-o", file.to_str().unwrap()];
        arguments.extend(life);
        let drawn = demo.run(&arguments).await;
        assert_eq!(drawn.code, 0, "{drawn:#?}");
        let screen = format!("{}{}", drawn.out, drawn.err);
        assert!(screen.contains('█') || screen.contains('▀'), "no picture in the terminal: {screen}");
        arguments.push("--json");
        let made = demo.run(&arguments).await.json();
        assert_eq!(decoded(&std::fs::read(&file).unwrap()), made["url"].as_str().unwrap(), "{scene}");
        let known = demo.control("GET", "qrcodes", None).await;
        let code = known.as_array().unwrap().iter().find(|code| code["ticket"] == made["ticket"]).unwrap();
        assert_eq!(code["permanent"], permanent, "{code}");
    }
    let exchanges = demo.control("GET", "exchanges?kind=/cgi-bin/showqrcode", None).await;
    assert_eq!(
        exchanges.as_array().unwrap().len(),
        8,
        "the picture was not fetched from the platform: {exchanges}"
    );
}

#[tokio::test]
async fn a_scan_follows_or_greets_and_the_scene_is_known_in_both_cases() {
    let demo = Demo::start("secure").await;
    let made = demo.run(&["qrcode", "--scene", "poster-7", "--expires", "30m", "--json"]).await.json();
    let mut person = demo.person("小明").await;
    let first = person.act("scan", json!({ "ticket": made["ticket"] })).await;
    assert_eq!(first["kind"], "event.subscribe", "{first:#}");
    assert!(first["request"].to_string().contains("qrscene_poster-7"), "{first:#}");
    assert!(text_of(&person.receives_one().await).contains("poster-7"));
    let second = person.act("scan", json!({ "ticket": made["ticket"] })).await;
    assert_eq!(second["kind"], "event.SCAN", "{second:#}");
    assert!(!second["request"].to_string().contains("qrscene_"), "{second:#}");
    let answer = text_of(&person.receives_one().await);
    assert!(answer.contains("poster-7") && !answer.contains("qrscene_"), "{answer}");
    demo.advance(31 * 60).await;
    let expired = person.act("scan", json!({ "ticket": made["ticket"] })).await;
    assert_eq!(expired["outcome"], "none", "an expired code pushed something: {expired:#}");
    assert_eq!(expired["tries"], json!([]), "{expired:#}");
}

#[tokio::test]
async fn a_scene_that_cannot_be_is_refused_before_any_call() {
    let demo = Demo::start("secure").await;
    let before = demo.control("GET", "exchanges", None).await.as_array().unwrap().len();
    for (scene, life, limit) in [
        ("100001", ["--permanent"].as_slice(), "100000"),
        ("0", &["--expires", "1m"], "1"),
        (&"x".repeat(65), &["--permanent"], "64"),
        ("a", &["--expires", "31d"], "2592000"),
    ] {
        let mut arguments = vec!["qrcode", "--scene", scene];
        arguments.extend(life);
        let refused = demo.run(&arguments).await;
        assert_eq!(refused.code, 2, "{refused:#?}");
        assert!(refused.err.contains(limit), "the limit is not named: {}", refused.err);
    }
    let after = demo.control("GET", "exchanges", None).await.as_array().unwrap().len();
    assert_eq!(before, after, "a call was made");
}

#[tokio::test]
async fn looking_at_the_wall_of_posters_leaves_no_trace_in_the_exchanges() {
    let demo = Demo::start("plain").await;
    let made = demo.run(&["qrcode", "--scene", "poster-7", "--expires", "1m", "--json"]).await.json();
    demo.advance(120).await;
    let ticket = made["ticket"].as_str().unwrap();
    let picture = reqwest::get(format!("{}/_sandbox/qrcodes/{ticket}/picture", demo.sandbox)).await.unwrap();
    assert_eq!(decoded(&picture.bytes().await.unwrap()), made["url"].as_str().unwrap());
    let exchanges = demo.control("GET", "exchanges?kind=/cgi-bin/showqrcode", None).await;
    assert_eq!(exchanges, json!([]));
}
