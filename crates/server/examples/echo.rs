//! An echo bot: `HONGYAN_TOKEN=… cargo run -p hongyan-server --example echo`, then give the platform its address.

use hongyan_server::{Account, Callback, Context, Router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let token = std::env::var("HONGYAN_TOKEN")?;
    let app_id = std::env::var("HONGYAN_APP_ID").unwrap_or_else(|_| "wx0123456789abcdef".into());
    let router = Router::new()
        .subscribe(async |_: Context| "Write something, and I shall say it again.")
        .click("ABOUT", async |_: Context| "An echo, in twenty lines.")
        .any(async |context: Context| context.text().map(str::to_owned));
    let callback = Callback::builder(Account::plain(app_id, token), router).build();

    let app = axum::Router::new().route_service("/callback/main", callback);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
