//! The doctor's findings, one line each, with what to do.

use hongyan_wire::Lang;
use serde_json::{Value, json};

use crate::{failure::Failure, screen::Screen};

/// What has been found so far.
pub(super) struct Report {
    screen: Screen,
    as_json: bool,
    found: Vec<Value>,
    failed: bool,
}

/// What to do, in English and Chinese; empty where there is nothing to do.
pub(super) type Fix<'a> = (&'a str, &'a str);

impl Report {
    pub(super) fn new(screen: Screen, as_json: bool) -> Self {
        Self { screen, as_json, found: Vec::new(), failed: false }
    }

    pub(super) fn ok(&mut self, check: &str, english: &str, chinese: &str) -> Result<(), Failure> {
        self.line("ok", check, english, chinese, ("", ""))
    }

    pub(super) fn warn(
        &mut self,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        self.line("warn", check, english, chinese, fix)
    }

    pub(super) fn fail(
        &mut self,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        self.failed = true;
        self.line("fail", check, english, chinese, fix)
    }

    /// The end: with anything failed, the command has failed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if self.as_json {
            self.screen.json(&self.found)?;
        }
        if self.failed { Err(Failure::Told) } else { Ok(()) }
    }

    fn line(
        &mut self,
        state: &str,
        check: &str,
        english: &str,
        chinese: &str,
        fix: Fix<'_>,
    ) -> Result<(), Failure> {
        let text = self.screen.lang.pick(english, chinese);
        let fix = self.screen.lang.pick(fix.0, fix.1);
        if self.as_json {
            let fix = (!fix.is_empty()).then_some(fix);
            self.found.push(json!({"state": state, "check": check, "text": text, "fix": fix}));
            return Ok(());
        }
        let (state, check) = match self.screen.lang {
            Lang::En => (state, check),
            Lang::Zh => (in_chinese(state), in_chinese(check)),
        };
        self.screen.data(&format!("{} {} {text}", padded(state, 5), padded(check, 14)))?;
        if !fix.is_empty() {
            self.screen.data(&format!("{:<20} → {fix}", ""))?;
        }
        Ok(())
    }
}

/// A state or a check as it is shown. In JSON they stay as they are: programs compare them.
fn in_chinese(word: &str) -> &str {
    WORDS.iter().find(|(english, _)| *english == word).map_or(word, |(_, chinese)| *chinese)
}

const WORDS: &[(&str, &str)] = &[
    ("ok", "正常"),
    ("warn", "注意"),
    ("fail", "错误"),
    ("configuration", "配置"),
    ("network", "网络"),
    ("database", "数据库"),
    ("redis", "缓存 Redis"),
    ("api_base", "平台地址"),
    ("clock", "时钟"),
    ("app id", "开发者 ID"),
    ("secret", "密钥"),
    ("kept token", "已存令牌"),
    ("token", "令牌"),
    ("ip list", "IP 白名单"),
    ("permissions", "接口权限"),
    ("menu", "菜单"),
    ("auto-replies", "自动回复"),
    ("callback", "回调"),
    ("address", "回调地址"),
    ("handshake", "握手"),
    ("signature", "签名"),
    ("test push", "测试推送"),
    ("mode", "加密模式"),
    ("plain push", "明文推送"),
];

/// Filled up with blanks; a Chinese character takes two columns.
fn padded(word: &str, width: usize) -> String {
    let taken: usize = word.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{word}{}", " ".repeat(width.saturating_sub(taken)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_chinese_name_and_lines_up() {
        for (english, chinese_name) in WORDS {
            assert_eq!(in_chinese(english), *chinese_name);
            assert!(!chinese_name.is_ascii(), "{english}");
        }
        assert_eq!(padded("时钟", 6), "时钟  ");
        assert_eq!(padded("clock", 6), "clock ");
    }
}
