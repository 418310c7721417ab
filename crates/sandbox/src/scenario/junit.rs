//! Reports as JUnit XML, which every CI server reads.

use std::fmt::Write as _;

use hongyan_wire::Lang;

use super::report::{Outcome, Report, StepReport};

/// All reports as one document.
pub fn junit(reports: &[Report], lang: Lang) -> String {
    let all = |outcome| reports.iter().map(|report| report.count(outcome)).sum::<usize>();
    let steps: usize = reports.iter().map(|report| report.steps.len()).sum();
    let took = reports.iter().map(Report::took_ms).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<testsuites tests=\"{steps}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"{}\">",
        all(Outcome::Failed),
        all(Outcome::Skipped),
        seconds(took)
    );
    for report in reports {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"{}\">",
            escaped(&report.name),
            escaped(&report.file),
            report.steps.len(),
            report.count(Outcome::Failed),
            report.count(Outcome::Skipped),
            seconds(report.took_ms())
        );
        for step in &report.steps {
            case(&mut out, report, step, lang);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, report: &Report, step: &StepReport, lang: Lang) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}: {}\" file=\"{}\" line=\"{}\" time=\"{}\"",
        escaped(&report.file),
        step.line,
        escaped(&step.step),
        escaped(&report.file),
        step.line,
        seconds(step.took_ms)
    );
    match step.outcome {
        Outcome::Ok => out.push_str("/>\n"),
        Outcome::Skipped => out.push_str("><skipped/></testcase>\n"),
        Outcome::Failed => {
            let text = |words: &Option<super::words::Words>| {
                words.as_ref().map(|words| words.text(lang).to_owned()).unwrap_or_default()
            };
            let (expected, got) = (text(&step.expected), text(&step.got));
            let _ = writeln!(
                out,
                "><failure message=\"{}\">{}:{}\nexpected: {}\ngot: {}</failure></testcase>",
                escaped(&got),
                escaped(&report.file),
                step.line,
                escaped(&expected),
                escaped(&got)
            );
        }
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text for an attribute or an element; letters that XML cannot hold become a mark.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::xml;
    use crate::scenario::words::Words;

    #[test]
    fn any_text_makes_a_document_that_can_be_read() {
        let step = |outcome| StepReport {
            line: 3,
            step: "小明: say <b>&\"\u{1}\n".into(),
            outcome,
            took_ms: 1234,
            expected: Some(Words::same("]]> & <")),
            got: Some(Words::new("nothing \"here\"", "没有")),
        };
        let steps = [Outcome::Ok, Outcome::Failed, Outcome::Skipped].map(step).to_vec();
        let report = Report { name: "a & b".into(), file: "a.yaml".into(), steps };
        let text = junit(&[report], Lang::Zh);
        let inner = text.replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "", 1);
        let as_read = inner.replacen("<testsuites ", "<xml ", 1).replace("</testsuites>", "</xml>");
        assert!(xml::read(&as_read).is_ok(), "{text}");
        assert!(
            text.contains("tests=\"3\" failures=\"1\" skipped=\"1\"") && text.contains("time=\"3.702\""),
            "{text}"
        );
        assert!(text.contains("没有") && !text.contains('\u{1}'), "{text}");
    }
}
