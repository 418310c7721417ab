//! `hongyan call`: any endpoint, by its name in the table or by its path.

use std::path::PathBuf;

use clap::Args;
use hongyan::{Call, Endpoint, File, Upload};
use serde_json::Value;

use crate::{account::AccountArgs, failure::Failure, input, progress, refusal, screen::Screen};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  hongyan call get_api_domain_ip\n  hongyan call menu.create @menu.json\n  hongyan call user.info '{\"openid\":\"oABC\"}'\n  hongyan call '/cgi-bin/media/upload?type=image' --file logo.png\n  hongyan call list"
)]
pub(crate) struct CallArgs {
    /// A name such as menu.create, a path such as /cgi-bin/menu/get or its last part, or `list` for all names
    #[arg(value_name = "NAME_OR_PATH")]
    target: String,
    /// The input: one JSON object, @FILE, or - for standard input
    #[arg(value_name = "JSON|@FILE")]
    input: Option<String>,
    /// GET or POST for a path that is not in the table; otherwise GET without input and POST with it
    #[arg(long, value_name = "METHOD", value_parser = ["GET", "POST"], ignore_case = true)]
    method: Option<String>,
    /// A file to upload as `media`
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Save the answer to a file instead of printing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the answer's JSON on one line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    account: AccountArgs,
}

pub(crate) async fn run(args: CallArgs, screen: Screen) -> Result<(), Failure> {
    if args.target == "list" {
        return list(screen);
    }
    let input = match &args.input {
        Some(given) => input::json(&input::text(given, screen)?, given, screen)?,
        None => Value::Null,
    };
    let mut call = prepare(&args, input, screen)?;
    if let Some(path) = &args.file {
        let upload = Upload::path(path).await.map_err(|error| refusal::failure(&error, screen.lang))?;
        let bar = progress::bar(&path.display().to_string());
        call = call.file(upload.on_progress(progress::follow(&bar)));
    }
    if let Some(file) = &args.output {
        let follow = progress::follow(&progress::bar(&file.display().to_string()));
        call = call.on_download(move |got, total| {
            if let Some(total) = total {
                follow(got, total);
            }
        });
    }
    let client = args.account.connect(screen).await?.client;
    let answer = client.send::<File>(call).await.map_err(|error| refused(&args.target, &error, screen))?;
    if let Some(file) = &args.output {
        return std::fs::write(file, &answer.bytes)
            .map_err(|error| Failure::Refused(format!("{}: {error}", file.display())));
    }
    match serde_json::from_slice::<Value>(&answer.bytes) {
        Ok(value) if args.json => screen.data(&value.to_string()),
        Ok(value) => screen.json(&value),
        Err(_) => screen.bytes(&answer.bytes),
    }
}

/// Names what was asked for as it was asked for: errors use the table's name where there is one.
fn refused(target: &str, error: &hongyan::Error, screen: Screen) -> Failure {
    let target = target.split('?').next().unwrap_or(target);
    match refusal::failure(error, screen.lang) {
        Failure::Refused(text) if !text.contains(target) => Failure::Refused(format!("{target}: {text}")),
        other => other,
    }
}

fn list(screen: Screen) -> Result<(), Failure> {
    for endpoint in hongyan::endpoints() {
        screen.data(&format!(
            "{:<28} {:<4} {:<44} {}",
            endpoint.name,
            endpoint.method.as_str(),
            endpoint.path,
            endpoint.summary
        ))?;
    }
    Ok(())
}

/// The one endpoint whose path ends in this part.
fn by_last_part(target: &str, screen: Screen) -> Result<Option<&'static Endpoint>, Failure> {
    let ends = |endpoint: &&Endpoint| endpoint.path.rsplit('/').next() == Some(target);
    let found: Vec<&Endpoint> = hongyan::endpoints().filter(ends).collect();
    if let [] | [_] = found.as_slice() {
        return Ok(found.first().copied());
    }
    let names: Vec<String> =
        found.iter().map(|endpoint| format!("  {:<24} {}", endpoint.name, endpoint.path)).collect();
    let names = names.join("\n");
    Err(Failure::Usage(screen.lang.pick(
        format!("`{target}` is the end of several paths; name one of them:\n{names}"),
        format!("有多个接口的路径以 `{target}` 结尾，请写明其中一个：\n{names}"),
    )))
}

fn prepare(args: &CallArgs, input: Value, screen: Screen) -> Result<Call, Failure> {
    let known = match hongyan::endpoint(&args.target) {
        Some(endpoint) => Some(endpoint),
        None => by_last_part(&args.target, screen)?,
    };
    if let (Some(endpoint), None) = (known, &args.method) {
        return endpoint.call(input).map_err(|error| refusal::failure(&error, screen.lang));
    }
    if !args.target.starts_with('/') {
        let name = &args.target;
        return Err(Failure::Usage(screen.lang.pick(
            format!("There is no endpoint `{name}`; `hongyan call list` shows the names, and any path beginning with / works"),
            format!("没有名为 `{name}` 的接口；`hongyan call list` 列出全部名称，也可以直接写以 / 开头的路径"),
        )));
    }
    let get = match args.method.as_deref() {
        Some(method) => method.eq_ignore_ascii_case("GET"),
        None => input.is_null() && args.file.is_none(),
    };
    if !get {
        let call = Call::post(args.target.clone());
        return Ok(match input {
            Value::Null => call,
            Value::Object(fields) if args.file.is_some() => {
                fields.into_iter().fold(call, |call, (key, value)| call.field(key, value))
            }
            body => call.body(&body),
        });
    }
    let call = Call::get(args.target.clone());
    match input {
        Value::Null => Ok(call),
        Value::Object(fields) => {
            Ok(fields.into_iter().fold(call, |call, (key, value)| call.query(key, value)))
        }
        _ => Err(Failure::usage(
            screen.lang.pick("The input of a GET is one JSON object", "GET 的输入应是一个 JSON 对象"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;

    #[test]
    fn the_last_part_of_a_path_is_enough_where_it_is_the_only_one() {
        let screen = Screen { lang: Lang::En };
        let found = by_last_part("get_api_domain_ip", screen).expect("one").expect("one");
        assert_eq!(found.name, "ip.api");
        assert!(by_last_part("nothing_like_it", screen).is_ok_and(|found| found.is_none()));
        let failure = by_last_part("create", screen).expect_err("several");
        let text = failure.text().unwrap_or_default();
        assert!(text.contains("menu.create") && text.contains("/cgi-bin/qrcode/create"), "{text}");
        assert_eq!(failure.exit_code(), 2);
    }
}
