//! `hongyan token`: a token that the platform accepts now.

use clap::Args;
use hongyan::{Call, Error};
use serde_json::{Value, json};

use crate::{account::AccountArgs, failure::Failure, refusal, screen::Screen};

#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  curl \"https://api.weixin.qq.com/cgi-bin/menu/get?access_token=$(hongyan token)\""
)]
pub(crate) struct TokenArgs {
    /// Print {"access_token":"…","expires_in":seconds}
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: TokenArgs, screen: Screen) -> Result<(), Failure> {
    let client = args.account.connect(screen).await?.client;
    // A kept token may have been replaced by somebody else's refresh. One cheap call proves it, and renews it if need be.
    let proof = client.send::<Value>(Call::get("/cgi-bin/get_api_domain_ip").safe()).await;
    match proof {
        Ok(_) => {}
        Err(error) if is_about_the_token(&error) => return Err(refusal::failure(&error, screen.lang)),
        Err(error) => screen.note(&error.text(screen.lang)),
    }
    let token = client.token().await.map_err(|error| refusal::failure(&error, screen.lang))?;
    if args.json {
        let value = json!({"access_token": token.token.expose(), "expires_in": token.expires_in.as_secs()});
        return screen.json(&value);
    }
    screen.data(token.token.expose())
}

/// Refusals of the call itself, such as a spent quota, say nothing against the token.
fn is_about_the_token(error: &Error) -> bool {
    match error {
        Error::Refused(refusal) => {
            refusal.endpoint.starts_with("token.") || refusal.class() == hongyan_wire::Class::Token
        }
        _ => true,
    }
}
