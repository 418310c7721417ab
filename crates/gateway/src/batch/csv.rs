//! Splits CSV into records as its bytes come in: quoted fields, line breaks inside quotes, a byte order mark.
//!
//! A broken record is reported with its line and does not touch the ones after it.

/// A record may have so many bytes.
const LONGEST: usize = 64 * 1024;

/// One record and the line of the file it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) line: u64,
    /// Its fields, or what is wrong with it.
    pub(crate) fields: Result<Vec<String>, &'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: its end, or the first of two.
    Quote,
}

/// Takes bytes, gives records.
#[derive(Debug)]
pub(crate) struct Splitter {
    at: At,
    line: u64,
    began: u64,
    size: usize,
    field: Vec<u8>,
    fields: Vec<String>,
    wrong: Option<&'static str>,
    /// How much of a byte order mark has been seen at the very start.
    mark: usize,
}

const MARK: &[u8] = b"\xef\xbb\xbf";

impl Default for Splitter {
    fn default() -> Self {
        Self {
            at: At::FieldStart,
            line: 1,
            began: 1,
            size: 0,
            field: Vec::new(),
            fields: Vec::new(),
            wrong: None,
            mark: 0,
        }
    }
}

impl Splitter {
    /// Takes the next bytes; gives the records that are complete.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<Record>) {
        for byte in bytes {
            if self.mark < MARK.len() {
                if *byte == MARK[self.mark] {
                    self.mark += 1;
                    continue;
                }
                self.mark = MARK.len();
            }
            self.byte(*byte, out);
        }
    }

    /// The file is over: gives the last record, if it has no line break at its end.
    pub(crate) fn end(&mut self, out: &mut Vec<Record>) {
        if self.at == At::Quoted {
            self.wrong = Some("a quote is not closed");
        }
        if self.size > 0 {
            self.record(out);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Record>) {
        let newline = byte == b'\n';
        if newline {
            self.line += 1;
        } else if byte != b'\r' {
            self.size += 1;
        }
        if self.size > LONGEST && self.wrong.is_none() {
            self.wrong = Some("the line is longer than 64 KiB");
            self.field.clear();
            self.at = At::Plain;
        }
        match (self.at, byte) {
            (At::FieldStart, b'"') => self.at = At::Quoted,
            (At::Quoted, b'"') => self.at = At::Quote,
            (At::Quote, b'"') => {
                self.field.push(b'"');
                self.at = At::Quoted;
            }
            (At::Quoted, _) => self.keep(byte),
            (_, b',') => self.close(),
            (_, b'\n') => {
                if self.size == 0 {
                    // An empty line is no record.
                    self.began = self.line;
                } else {
                    self.record(out);
                }
            }
            (_, b'\r') => {}
            (At::Quote, _) => {
                self.wrong = Some("there is text after a closing quote");
                self.at = At::Plain;
            }
            _ => {
                self.at = At::Plain;
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.wrong.is_none() {
            self.field.push(byte);
        }
    }

    fn close(&mut self) {
        match String::from_utf8(std::mem::take(&mut self.field)) {
            Ok(field) => self.fields.push(field),
            Err(_) => self.wrong = Some("the line is not UTF-8; save the file as \"CSV UTF-8\""),
        }
        self.at = At::FieldStart;
    }

    fn record(&mut self, out: &mut Vec<Record>) {
        self.close();
        let fields = std::mem::take(&mut self.fields);
        let fields = self.wrong.take().map_or(Ok(fields), Err);
        out.push(Record { line: self.began, fields });
        self.began = self.line;
        self.size = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8], chunk: usize) -> Vec<Record> {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        for part in text.chunks(chunk) {
            splitter.push(part, &mut out);
        }
        splitter.end(&mut out);
        out
    }

    fn good(line: u64, fields: &[&str]) -> Record {
        Record { line, fields: Ok(fields.iter().map(|field| (*field).to_owned()).collect()) }
    }

    #[test]
    fn what_spreadsheets_write_is_read_however_it_is_cut() {
        let text = "\u{feff}openid,名字\r\no1,\"小,明\"\r\n\r\no2,\"他说\"\"好\"\"\n第二行\"\no3,".as_bytes();
        for chunk in [1, 2, 3, 7, 1000] {
            assert_eq!(
                split(text, chunk),
                [
                    good(1, &["openid", "名字"]),
                    good(2, &["o1", "小,明"]),
                    good(4, &["o2", "他说\"好\"\n第二行"]),
                    good(6, &["o3", ""]),
                ],
                "{chunk}"
            );
        }
    }

    #[test]
    fn a_bad_record_is_named_and_the_next_is_good() {
        let mut text = b"a,b\n\"x\"y,1\n".to_vec();
        text.extend(b"\xc4\xe3,1\nok,1\n");
        let records = split(&text, 5);
        assert_eq!(records.len(), 4);
        assert!(records[1].fields.as_ref().is_err_and(|why| why.contains("closing quote")));
        assert!(records[2].fields.as_ref().is_err_and(|why| why.contains("UTF-8")));
        assert_eq!(records[3], good(4, &["ok", "1"]));
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_the_limit() {
        let mut splitter = Splitter::default();
        let mut out = Vec::new();
        for _ in 0..100 {
            splitter.push(&[b'x'; 4096], &mut out);
        }
        assert!(splitter.field.len() <= LONGEST);
        splitter.push(b"\nok\n", &mut out);
        assert!(out[0].fields.is_err());
        assert_eq!(out[1], good(2, &["ok"]));
    }
}
