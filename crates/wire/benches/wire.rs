//! How long the steps of one push take: signature, opening, reading, writing, sealing.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hongyan_wire::inbound::Body;
use hongyan_wire::signature::{msg_signature, signature};
use hongyan_wire::{AesKey, AppId, Format, Inbound, OpenId, OriginalId, Reply, Timestamp, envelope};

const TEXT: &str = "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oEmuUser0000000000000000001A]]></FromUserName><CreateTime>1732000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好, hello]]></Content><MsgId>24000000000000001</MsgId></xml>";
const JSON: &str = r#"{"ToUserName":"gh_0123456789ab","FromUserName":"oEmuUser0000000000000000001A","CreateTime":1732000000,"MsgType":"text","Content":"你好, hello","MsgId":"24000000000000001"}"#;

fn steps(c: &mut Criterion) {
    let keys =
        [AesKey::parse("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG").unwrap_or_else(|_| unreachable!())];
    let app_id = AppId::from("wx0123456789abcdef");
    let sealed = envelope::seal(&keys[0], &app_id, [7; 16], TEXT.as_bytes());
    let body = format!(
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    );
    let reply = Reply::Text("你好，这里是回复。".into());
    let (to, from) = (OpenId::from("oEmuUser0000000000000000001A"), OriginalId::from("gh_0123456789ab"));

    c.bench_function("signature", |b| b.iter(|| signature(black_box("token"), "1732000000", "900913")));
    c.bench_function("msg_signature", |b| {
        b.iter(|| msg_signature(black_box("token"), "1732000000", "900913", &sealed));
    });
    c.bench_function("look at a sealed body", |b| b.iter(|| Body::look(black_box(body.as_bytes()))));
    c.bench_function("open", |b| b.iter(|| envelope::open(&keys, &app_id, black_box(&sealed))));
    c.bench_function("read a text, XML", |b| b.iter(|| Inbound::parse(black_box(TEXT.as_bytes()))));
    c.bench_function("read a text, JSON", |b| b.iter(|| Inbound::parse(black_box(JSON.as_bytes()))));
    c.bench_function("write a reply", |b| {
        b.iter(|| {
            let mut out = String::with_capacity(512);
            reply.write(Format::Xml, &to, &from, Timestamp(1_732_000_001_000), &mut out);
            out
        });
    });
    c.bench_function("seal", |b| {
        b.iter(|| envelope::seal(&keys[0], &app_id, [7; 16], black_box(TEXT.as_bytes())));
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
