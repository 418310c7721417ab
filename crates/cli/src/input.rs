//! What is given on the command line itself, in a file, or on standard input.

use std::io::{self, Read};

use serde_json::Value;

use crate::{failure::Failure, screen::Screen};

/// `@FILE`, `@-` or `-` for standard input, else the text itself.
pub(crate) fn text(given: &str, screen: Screen) -> Result<String, Failure> {
    match given.strip_prefix('@') {
        Some("-") => stdin(screen),
        Some(file) => file_text(file, screen),
        None if given == "-" => stdin(screen),
        None => Ok(given.to_owned()),
    }
}

/// A file's text, or standard input's when the name is `-`.
pub(crate) fn file_text(file: &str, screen: Screen) -> Result<String, Failure> {
    if file == "-" {
        return stdin(screen);
    }
    std::fs::read_to_string(file).map_err(|error| {
        Failure::Usage(format!(
            "{}: {error}",
            screen.lang.pick(format!("{file} cannot be read"), format!("无法读取 {file}"))
        ))
    })
}

/// Standard input as bytes.
pub(crate) fn stdin_bytes(screen: Screen) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
        Failure::Usage(format!(
            "{}: {error}",
            screen.lang.pick("standard input cannot be read", "无法读取标准输入")
        ))
    })?;
    Ok(bytes)
}

fn stdin(screen: Screen) -> Result<String, Failure> {
    String::from_utf8(stdin_bytes(screen)?).map_err(|_| {
        Failure::usage(screen.lang.pick("standard input is not UTF-8 text", "标准输入不是 UTF-8 文本"))
    })
}

/// JSON, with a message that says where it breaks. A leading byte order mark is not held against a file.
pub(crate) fn json(text: &str, name: &str, screen: Screen) -> Result<Value, Failure> {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Failure::Usage(
            screen
                .lang
                .pick(format!("{name} is not JSON: {error}"), format!("{name} 不是合法的 JSON：{error}")),
        )
    })
}
