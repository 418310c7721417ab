//! `hongyan decode`: what a push or an envelope says.

use clap::Args;
use hongyan_wire::{
    AesKey, AppId, Inbound, Secret, envelope,
    inbound::{self, Fields},
    signature,
};
use serde_json::Value;

use crate::{
    account::{AccountArgs, Source, variable},
    callback_keys::CallbackKeys,
    failure::Failure,
    input,
    screen::Screen,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan decode < push.xml\n  hongyan decode --config hongyan.toml < envelope.xml\n  hongyan decode --aes-key KEY --app-id wx0123456789abcdef < envelope.xml\n  hongyan decode --token TOKEN --query 'signature=…&timestamp=…&nonce=…' < push.xml"
)]
pub(crate) struct DecodeArgs {
    #[command(flatten)]
    keys: CallbackKeys,
    /// The account's AppID, which stands inside every envelope; otherwise the configuration's, and without --config HONGYAN_APP_ID
    #[arg(long, value_name = "ID")]
    app_id: Option<String>,
    /// The query the push came with; with the token its signatures are checked
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    #[command(flatten)]
    account: AccountArgs,
}

/// What opens and proves a push: from the flags, else from a configuration file that was asked for, else from the environment.
struct Means {
    token: Option<Secret>,
    keys: Vec<AesKey>,
    app_id: Option<AppId>,
}

impl Means {
    fn of(args: &DecodeArgs, screen: Screen) -> Result<Self, Failure> {
        // A file that merely lies in the folder is not asked: most pushes need none.
        let source = match args.account.config {
            Some(_) => Some(args.account.source(screen)?),
            None => None,
        };
        let account = source.as_ref().and_then(Source::account);
        let app_id = match (&args.app_id, account) {
            (Some(flag), _) => Some(AppId::new(flag.as_str())),
            (None, Some(account)) => Some(account.app_id.clone()),
            (None, None) => variable("HONGYAN_APP_ID").map(AppId::new),
        };
        Ok(Self { token: args.keys.token(account), keys: args.keys.aes_keys(account, screen)?, app_id })
    }
}

pub(crate) fn run(args: &DecodeArgs, screen: Screen) -> Result<(), Failure> {
    let body = input::stdin_bytes(screen)?;
    let read = |body: &[u8]| {
        inbound::parse_fields(body).map_err(|error| {
            let said = error.text(screen.lang);
            Failure::Refused(screen.lang.pick(
                format!("This is neither a push nor an envelope: {said}"),
                format!("这既不是推送也不是加密包：{said}"),
            ))
        })
    };
    let (format, fields) = read(&body)?;
    let encrypt = fields.text("Encrypt").map(str::to_owned);
    let means = Means::of(args, screen)?;
    if let Some(token) = &means.token {
        check_signatures(token, args.query.as_deref(), &fields, encrypt.as_deref(), screen)?;
    }
    let (format, fields) = match encrypt {
        Some(encrypt) => read(&open(&means, &encrypt, &fields, screen)?)?,
        None => (format, fields),
    };
    // What carries no sender is no message, such as the notices of a third-party platform; its fields are shown as they are.
    let shown: Value = match Inbound::from_fields(format, fields.clone()) {
        Ok(message) => message.to_json(),
        Err(_) => fields.to_json(),
    };
    screen.json(&shown)
}

/// The message inside the envelope. In compatible mode the plain fields beside it are not looked at: anybody can change them.
fn open(means: &Means, encrypt: &str, fields: &Fields, screen: Screen) -> Result<Vec<u8>, Failure> {
    let (false, Some(app_id)) = (means.keys.is_empty(), &means.app_id) else {
        let plain = fields.text("MsgType").is_some();
        return Err(Failure::Usage(screen.lang.pick(
            format!(
                "The push is encrypted{}: give --aes-key and --app-id (or HONGYAN_AES_KEY and HONGYAN_APP_ID)",
                if plain { " (compatible mode)" } else { "" }
            ),
            format!(
                "推送是加密的{}：请给出 --aes-key 和 --app-id（或 HONGYAN_AES_KEY 与 HONGYAN_APP_ID）",
                if plain { "（兼容模式）" } else { "" }
            ),
        )));
    };
    envelope::open(&means.keys, app_id, encrypt).map(|opened| opened.message).map_err(|error| {
        let said = error.text(screen.lang);
        Failure::Refused(
            screen
                .lang
                .pick(format!("The envelope does not open: {said}"), format!("无法解开加密包：{said}")),
        )
    })
}

/// Checks what there is to check: the query of a push, or the signature that an encrypted reply carries itself.
fn check_signatures(
    token: &Secret,
    query: Option<&str>,
    fields: &Fields,
    encrypt: Option<&str>,
    screen: Screen,
) -> Result<(), Failure> {
    let token = token.expose();
    let wrong = |name: &str| {
        Failure::Refused(screen.lang.pick(
            format!("{name} does not fit: the token is another one, or the push was changed"),
            format!("{name} 不符：token 不同，或推送被改动过"),
        ))
    };
    if let (Some(encrypt), Some(given)) = (encrypt, fields.text("MsgSignature")) {
        let (timestamp, nonce) =
            (fields.text("TimeStamp").unwrap_or_default(), fields.text("Nonce").unwrap_or_default());
        if !signature::msg_signature(token, timestamp, nonce, encrypt).matches(given) {
            return Err(wrong("MsgSignature"));
        }
    }
    let Some(query) = query else { return Ok(()) };
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.rsplit('?').next().unwrap_or(query).as_bytes())
            .into_owned()
            .collect();
    let value =
        |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if !signature::signature(token, value("timestamp"), value("nonce")).matches(value("signature")) {
        return Err(wrong("signature"));
    }
    if let Some(encrypt) = encrypt
        && !signature::msg_signature(token, value("timestamp"), value("nonce"), encrypt)
            .matches(value("msg_signature"))
    {
        return Err(wrong("msg_signature"));
    }
    screen.remark("the signature is right", "签名正确");
    Ok(())
}
