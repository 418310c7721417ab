//! Sends a text to one person: `HONGYAN_APP_ID=… HONGYAN_SECRET=… cargo run -p hongyan --example send OPENID TEXT`.

use hongyan::{Client, Lang, OutMessage, Secret};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [openid, text] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "send OPENID TEXT")?;
    let mut client =
        Client::builder(std::env::var("HONGYAN_APP_ID")?, Secret::new(std::env::var("HONGYAN_SECRET")?));
    if let Ok(base) = std::env::var("HONGYAN_API_BASE") {
        client = client.api_base(base);
    }
    let sent = client.build()?.message().send(&OutMessage::new(openid, text)).await;
    sent.map_err(|error| error.text(Lang::En))?;
    Ok(())
}
