//! The recipients of a batch, read line by line: CSV with a heading, or JSON lines.

use serde_json::{Map, Value};

use super::csv::{Record, Splitter};
use super::fill::Body;
use crate::outbox::outgoing::Outgoing;

/// A line of JSON may have so many bytes.
const LONGEST: usize = 64 * 1024;
/// OpenIDs are 28 characters in practice.
const OPENID: usize = 64;

/// How the recipients are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A heading with a column `openid`, then a line for each recipient.
    Csv,
    /// A JSON object on each line, with `openid` or `touser`.
    JsonLines,
}

impl Format {
    /// By a file's name or a content type.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        if name == "text/csv" || ends(&[".csv"]) {
            return Some(Self::Csv);
        }
        let json =
            ["application/x-ndjson", "application/jsonl", "application/json-lines"].contains(&name.as_str());
        (json || ends(&[".jsonl", ".ndjson"])).then_some(Self::JsonLines)
    }
}

/// One recipient: its message as it will be stored, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The line of the file, from 1.
    pub(crate) number: u64,
    pub(crate) openid: String,
    pub(crate) message: Result<String, String>,
}

/// Takes bytes, gives recipients.
#[derive(Debug)]
pub(crate) struct Lines {
    body: Option<Body>,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Csv { splitter: Splitter, heading: Option<Vec<String>> },
    Json { rest: Vec<u8>, line: u64, too_long: bool },
}

impl Lines {
    /// `message` is the body that all share; without it each line of JSON is a message of its own.
    pub(crate) fn new(format: Format, message: Option<Map<String, Value>>) -> Result<Self, String> {
        if format == Format::Csv && message.is_none() {
            return Err("recipients in CSV need a message that all of them get".to_owned());
        }
        let body = message.map(Body::new).transpose()?;
        let reader = match format {
            Format::Csv => Reader::Csv { splitter: Splitter::default(), heading: None },
            Format::JsonLines => Reader::Json { rest: Vec::new(), line: 1, too_long: false },
        };
        Ok(Self { body, reader })
    }

    /// Takes the next bytes; an error means that nothing of the file can be used.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Line>, String> {
        self.read(Some(bytes))
    }

    /// The file is over.
    pub(crate) fn end(&mut self) -> Result<Vec<Line>, String> {
        self.read(None)
    }

    fn read(&mut self, bytes: Option<&[u8]>) -> Result<Vec<Line>, String> {
        let body = self.body.as_ref();
        let mut lines = Vec::new();
        match &mut self.reader {
            Reader::Csv { splitter, heading } => {
                let mut records = Vec::new();
                match bytes {
                    Some(bytes) => splitter.push(bytes, &mut records),
                    None => splitter.end(&mut records),
                }
                for record in records {
                    match heading {
                        Some(heading) => lines.push(of_csv(record, heading, body)),
                        None => *heading = Some(columns(record)?),
                    }
                }
            }
            Reader::Json { rest, line, too_long } => {
                for byte in bytes.unwrap_or(b"\n") {
                    if *byte != b'\n' {
                        if rest.len() < LONGEST {
                            rest.push(*byte);
                        } else {
                            *too_long = true;
                        }
                        continue;
                    }
                    let text = std::mem::take(rest);
                    let number = std::mem::replace(line, *line + 1);
                    if std::mem::take(too_long) {
                        lines.push(bad(number, String::new(), "the line is longer than 64 KiB"));
                    } else if !text.trim_ascii().is_empty() {
                        lines.push(of_json(number, &text, body));
                    }
                }
            }
        }
        Ok(lines)
    }
}

fn columns(record: Record) -> Result<Vec<String>, String> {
    let columns: Vec<String> = record
        .fields
        .map_err(|why| format!("the heading of the file cannot be read: {why}"))?
        .into_iter()
        .map(|column| column.trim().to_owned())
        .collect();
    if !columns.iter().any(|column| is_openid(column)) {
        return Err(
            "the first line of the file must name its columns, and one of them must be `openid`".to_owned()
        );
    }
    Ok(columns)
}

fn is_openid(name: &str) -> bool {
    name.eq_ignore_ascii_case("openid") || name.eq_ignore_ascii_case("touser")
}

fn of_csv(record: Record, heading: &[String], body: Option<&Body>) -> Line {
    let number = record.line;
    let fields = match record.fields {
        Ok(fields) => fields,
        Err(why) => return bad(number, String::new(), why),
    };
    if fields.len() != heading.len() {
        let why = format!("the line has {} fields, the heading has {}", fields.len(), heading.len());
        return bad(number, String::new(), why);
    }
    let values: Map<String, Value> =
        heading.iter().cloned().zip(fields.into_iter().map(Value::String)).collect();
    line(number, values, body)
}

fn of_json(number: u64, text: &[u8], body: Option<&Body>) -> Line {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    match serde_json::from_slice(text) {
        Ok(Value::Object(values)) => line(number, values, body),
        Ok(_) => bad(number, String::new(), "the line is not a JSON object"),
        Err(error) => bad(number, String::new(), format!("the line is not JSON: {error}")),
    }
}

fn line(number: u64, mut values: Map<String, Value>, body: Option<&Body>) -> Line {
    let given = values.iter().find(|(key, _)| is_openid(key)).and_then(|(_, value)| value.as_str());
    let openid = given.unwrap_or_default().trim().to_owned();
    if !(1..=OPENID).contains(&openid.len()) || !openid.chars().all(|c| c.is_ascii_graphic()) {
        return bad(number, String::new(), "`openid` is not an OpenID");
    }
    let message = match body {
        Some(body) => {
            values.insert("openid".to_owned(), openid.as_str().into());
            body.fill(&values)
        }
        None if values.contains_key("when_closed") => {
            Err("`when_closed` is given once, for the whole batch".to_owned())
        }
        None => {
            values.remove("openid");
            Ok(values)
        }
    };
    let message = message.and_then(|body| Outgoing::from_api(&body)).map(|message| message.stored());
    Line { number, openid, message }
}

fn bad(number: u64, openid: String, why: impl Into<String>) -> Line {
    Line { number, openid, message: Err(why.into()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(content: &str) -> Map<String, Value> {
        let Value::Object(map) = json!({"msgtype": "text", "text": {"content": content}}) else { panic!() };
        map
    }

    fn read(format: Format, message: Option<Map<String, Value>>, file: &str) -> Vec<Line> {
        let mut lines = Lines::new(format, message).unwrap();
        let mut all = lines.push(file.as_bytes()).unwrap();
        all.extend(lines.end().unwrap());
        all
    }

    fn said(line: &Line) -> String {
        let stored: Value = serde_json::from_str(line.message.as_ref().unwrap()).unwrap();
        stored["text"]["content"].as_str().unwrap().to_owned()
    }

    #[test]
    fn one_message_is_filled_for_each_line() {
        let lines = read(Format::Csv, Some(text("{{ name }}好")), "openid,name\no1,小明\no2,小红");
        assert_eq!(lines.iter().map(said).collect::<Vec<_>>(), ["小明好", "小红好"]);
        assert_eq!(
            lines.iter().map(|line| (line.number, &*line.openid)).collect::<Vec<_>>(),
            [(2, "o1"), (3, "o2")]
        );
        let lines = read(
            Format::JsonLines,
            Some(text("{{ name }}好")),
            "{\"openid\":\"o1\",\"name\":\"A\"}\n\n{\"touser\":\"o2\",\"name\":\"B\"}\n",
        );
        assert_eq!(lines.iter().map(said).collect::<Vec<_>>(), ["A好", "B好"]);
        assert_eq!(lines[1].number, 3);
    }

    #[test]
    fn lines_may_be_messages_of_their_own() {
        let file = "{\"touser\":\"o1\",\"msgtype\":\"text\",\"text\":{\"content\":\"a\"}}\n\
                    {\"openid\":\"o2\",\"template_id\":\"T\",\"data\":{}}\n";
        let lines = read(Format::JsonLines, None, file);
        assert_eq!(said(&lines[0]), "a");
        assert!(lines[1].message.as_ref().is_ok_and(|stored| stored.contains("\"template\"")));
    }

    #[test]
    fn a_bad_line_says_why_and_spoils_no_other() {
        let lines = read(Format::Csv, Some(text("{{ name }}")), "openid,name\n,x\no2,y\no3\no4,z\n");
        let wrong: Vec<_> =
            lines.iter().filter_map(|line| Some((line.number, line.message.as_ref().err()?))).collect();
        assert_eq!(wrong.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 4]);
        assert!(wrong[0].1.contains("OpenID") && wrong[1].1.contains("1 fields"), "{wrong:?}");
        assert_eq!(lines.iter().filter(|line| line.message.is_ok()).count(), 2);
        let lines = read(Format::JsonLines, None, "[1]\n{\"openid\":\"o1\"}\nnonsense\n");
        assert!(lines.iter().all(|line| line.message.is_err()), "{lines:?}");
    }

    #[test]
    fn what_spoils_the_whole_file_is_said_at_once() {
        assert!(Lines::new(Format::Csv, None).unwrap_err().contains("message"));
        let mut lines = Lines::new(Format::Csv, Some(text("x"))).unwrap();
        assert!(lines.push(b"name,phone\n").unwrap_err().contains("`openid`"));
        assert!(Lines::new(Format::Csv, Some(text("{{ name"))).is_err());
    }

    #[test]
    fn the_format_is_told_by_name_or_type() {
        assert_eq!(Format::of("people.CSV"), Some(Format::Csv));
        assert_eq!(Format::of("text/csv; charset=utf-8"), Some(Format::Csv));
        assert_eq!(Format::of("a.jsonl"), Some(Format::JsonLines));
        assert_eq!(Format::of("application/x-ndjson"), Some(Format::JsonLines));
        assert_eq!(Format::of("people.xlsx"), None);
    }
}
