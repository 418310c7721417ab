//! `hongyan sandbox ca`: the certificate that programs under test are told to trust.

use std::path::PathBuf;

use clap::Args;

use super::folder::CaFolder;
use crate::{failure::Failure, screen::Screen};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan sandbox ca -o hongyan-ca.pem\n  NODE_EXTRA_CA_CERTS=hongyan-ca.pem HTTPS_PROXY=http://127.0.0.1:7072 node app.js"
)]
pub(crate) struct CaArgs {
    /// Write the certificate to a file instead of printing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    folder: CaFolder,
}

pub(crate) fn run(args: &CaArgs, screen: Screen) -> Result<(), Failure> {
    let authority = args.folder.open(screen)?;
    let Some(file) = &args.output else {
        return screen.bytes(authority.certificate_pem().as_bytes());
    };
    let name = file.display();
    std::fs::write(file, authority.certificate_pem()).map_err(|error| {
        Failure::Usage(
            screen
                .lang
                .pick(format!("{name} cannot be written: {error}"), format!("无法写入 {name}：{error}")),
        )
    })?;
    screen.note(&screen.lang.pick(
        format!("{name} holds the certificate to trust; it is good for the platform's host names on this machine only"),
        format!("{name} 是需要信任的证书，只对本机上的微信平台域名有效"),
    ));
    Ok(())
}
