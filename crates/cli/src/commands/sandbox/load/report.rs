//! The summary of a load as a table for people.

use std::fmt::Write as _;

use hongyan_wire::Lang;
use serde_json::Value;

/// The lines of the table.
pub(super) fn table(summary: &Value, lang: Lang) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}{value}", padded(name));
    };
    let count = |value: &Value| value.as_u64().unwrap_or(0).to_string();
    line(lang.pick("target", "目标"), summary["target"].as_str().unwrap_or_default().to_owned());
    let pushes = &summary["pushes"];
    line(lang.pick("arrivals", "到达"), count(&summary["arrivals"]));
    line(
        lang.pick("  not started", "  未能开始"),
        lang.pick(
            format!(
                "{} too many open, {} everybody pausing",
                summary["not_started"]["too_many_in_flight"], summary["not_started"]["nobody_free"]
            ),
            format!(
                "{} 同时进行的太多，{} 所有人都在停顿",
                summary["not_started"]["too_many_in_flight"], summary["not_started"]["nobody_free"]
            ),
        ),
    );
    for (key, name) in [
        ("replied", lang.pick("  replied", "  有回复")),
        ("silent", lang.pick("  silent", "  无需回复")),
        ("failed", lang.pick("  failed", "  失败")),
        ("not_pushed", lang.pick("  not pushed", "  没有推送")),
        ("broken", lang.pick("  broken off", "  中断")),
    ] {
        line(name, count(&pushes[key]));
    }
    line(
        lang.pick("deliveries", "推送次数"),
        match summary["deliveries_per_push"].as_f64() {
            Some(each) => lang.pick(
                format!("{} ({each:.2} for each push)", summary["deliveries"]),
                format!("{}（每条消息 {each:.2} 次）", summary["deliveries"]),
            ),
            None => count(&summary["deliveries"]),
        },
    );
    line(lang.pick("  retries", "  重试"), count(&summary["retries"]));
    line(lang.pick("  timed out", "  超时"), count(&summary["timeouts"]));
    line(lang.pick("wrong answers", "错误的回答"), count(&summary["wrong_answers"]));
    line(lang.pick("double answers", "重复的回答"), count(&summary["double_answers"]));
    line(lang.pick("answer, ms", "回答用时（毫秒）"), spread(&summary["answer_ms"]));
    line(lang.pick("whole push, ms", "整条用时（毫秒）"), spread(&summary["whole_ms"]));
    for (key, name) in [
        ("http_status", lang.pick("HTTP status", "HTTP 状态")),
        ("findings", lang.pick("findings", "诊断")),
        ("errcodes", lang.pick("error codes", "错误码")),
    ] {
        let counts = summary[key].as_object().into_iter().flatten();
        let counts: Vec<String> = counts.map(|(name, count)| format!("{name} × {count}")).collect();
        if !counts.is_empty() {
            line(name, counts.join(", "));
        }
    }
    line(lang.pick("most open at once", "同时进行最多"), count(&summary["most_in_flight"]));
    out.truncate(out.trim_end().len());
    out
}

fn spread(spread: &Value) -> String {
    if spread["count"] == 0 {
        return "–".to_owned();
    }
    let at = |name: &str| spread[name].as_f64().map_or_else(|| "–".to_owned(), |value| format!("{value:.1}"));
    format!(
        "p50 {}  p90 {}  p99 {}  p99.9 {}  max {}",
        at("p50"),
        at("p90"),
        at("p99"),
        at("p99_9"),
        at("max")
    )
}

/// The name in a column of twenty places, where a Chinese character takes two.
fn padded(name: &str) -> String {
    let width: usize = name.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    format!("{name}{}", " ".repeat(20_usize.saturating_sub(width)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_table_says_what_was_counted() {
        let summary = json!({
            "target": "http://127.0.0.1:7070",
            "arrivals": 12,
            "not_started": {"too_many_in_flight": 1, "nobody_free": 2},
            "pushes": {"replied": 5, "silent": 1, "failed": 3, "not_pushed": 0, "broken": 0},
            "deliveries": 15,
            "deliveries_per_push": 1.667,
            "retries": 6, "timeouts": 9, "wrong_answers": 0, "double_answers": 0,
            "answer_ms": {"count": 6, "p50": 1.25, "p90": 2.0, "p99": 3.0, "p99_9": 3.0, "max": 3.0},
            "whole_ms": {"count": 0},
            "findings": {"late": 3},
            "most_in_flight": 4,
        });
        let english = table(&summary, Lang::En);
        assert!(english.contains("deliveries          15 (1.67 for each push)"), "{english}");
        assert!(english.contains("p50 1.2") && english.contains("late × 3"), "{english}");
        let chinese = table(&summary, Lang::Zh);
        assert!(chinese.contains("  重试              6"), "{chinese}");
    }
}
