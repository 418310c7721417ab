//! What is wrong with a command line, in Chinese: the parser itself speaks only English.

use std::fmt::Write as _;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

/// The parser's complaint in Chinese; nothing for what is no complaint, such as the help.
pub(crate) fn sentence(error: &Error) -> Option<String> {
    let of = |kind| error.get(kind).map(plain).unwrap_or_default();
    let argument = of(ContextKind::InvalidArg);
    let value = of(ContextKind::InvalidValue);
    let mut text = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有 {argument} 这个参数"),
        ErrorKind::InvalidSubcommand => format!("没有 {} 这个命令", of(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => format!("缺少必填参数：{argument}"),
        ErrorKind::MissingSubcommand => "缺少子命令".to_owned(),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 缺少值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("{argument} 的值 {value:?} 不对")
        }
        ErrorKind::TooManyValues => format!("{argument} 的值太多：{value:?} 是多余的"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("{argument} 的值个数不对"),
        ErrorKind::NoEquals => format!("{argument} 与它的值之间要用 = 连接"),
        ErrorKind::ArgumentConflict => match of(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == argument => {
                format!("{argument} 不能重复，也不能与其他参数同用")
            }
            prior => format!("{argument} 不能与 {prior} 同用"),
        },
        ErrorKind::InvalidUtf8 => "参数不是 UTF-8 文本".to_owned(),
        _ => return None,
    };
    if let Some(cause) = std::error::Error::source(error) {
        let _ = write!(text, "（{cause}）");
    }
    let choices = of(ContextKind::ValidValue);
    if !choices.is_empty() {
        let _ = write!(text, "\n可选的值：{choices}");
    }
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue] {
        let near = of(kind);
        if !near.is_empty() {
            let _ = write!(text, "\n是不是想写 {near}？");
        }
    }
    let usage = of(ContextKind::Usage);
    if let Some(usage) = usage.trim().strip_prefix("Usage:") {
        let _ = write!(text, "\n\n用法：{}", usage.trim());
    }
    text.push_str("\n\n用 --help 查看说明。");
    Some(text)
}

fn plain(value: &ContextValue) -> String {
    match value {
        ContextValue::None => String::new(),
        ContextValue::Strings(all) => all.join("、"),
        ContextValue::StyledStrs(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use hongyan_wire::Lang;

    use super::*;
    use crate::cli;

    fn said(arguments: &[&str]) -> String {
        let all = std::iter::once("hongyan").chain(arguments.iter().copied());
        let error = cli::command(Lang::Zh).try_get_matches_from(all).expect_err("a wrong command line");
        sentence(&error).expect("a complaint")
    }

    #[test]
    fn the_usual_mistakes_name_the_flag_in_chinese() {
        for (arguments, words) in [
            (["token", "--jason"].as_slice(), ["没有 --jason 这个参数", "是不是想写 --json？"]),
            (&["tokken"], ["没有 tokken 这个命令", "是不是想写 token？"]),
            (&["qrcode", "--permanent"], ["缺少必填参数：--scene <SCENE>", "用法：hongyan qrcode"]),
            (&["demo", "--mode", "loud"], ["\"loud\" 不对", "可选的值：plain、compatible、secure"]),
            (&["qrcode", "--scene"], ["--scene <SCENE> 缺少值", "用 --help"]),
            (&["users", "--limit", "many"], ["--limit <N> 的值 \"many\" 不对", "用 --help"]),
            (&["qrcode", "--scene", "a", "--expires", "1m", "--permanent"], ["不能与", "--permanent"]),
        ] {
            let said = said(arguments);
            for word in words {
                assert!(said.contains(word), "{arguments:?} lacks {word}: {said}");
            }
            assert!(!said.contains("Usage") && !said.contains("error:"), "{said}");
        }
    }

    #[test]
    fn help_and_version_are_no_complaints() {
        for flag in ["--help", "--version"] {
            let error =
                cli::command(Lang::Zh).try_get_matches_from(["hongyan", flag]).expect_err("an early end");
            assert_eq!(sentence(&error), None);
        }
    }
}
