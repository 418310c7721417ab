//! A bot that says again what it is told, on `http://127.0.0.1:8080/callback`, token `demo-token`, plain mode.
//!
//! `cargo run -p hongyan --features server --example echo`

use axum::routing::any_service;
use hongyan::server::{Account, Callback, Context, Router};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let token = std::env::var("HONGYAN_TOKEN").unwrap_or_else(|_| "demo-token".into());
    let router = Router::new()
        .subscribe(async |_: Context| "欢迎！")
        .any(async |context: Context| context.text().unwrap_or("…").to_owned());
    let callback = Callback::builder(Account::plain("wx0123456789abcdef", token), router).build();

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, axum::Router::new().route("/callback", any_service(callback))).await
}
