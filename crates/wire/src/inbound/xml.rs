//! Reads the platform's XML into fields.
//!
//! Lenient where a person's own words can have broken it: forbidden characters are dropped, lone `&` and unknown
//! entities stay as they are, a `]]>` inside CDATA that nobody split is put together again. Strict where only an
//! attacker would go: no DOCTYPE, no entities of one's own, caps on depth and number.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::body::{MAX_DEPTH, MAX_FIELDS, Outside};
use super::error::{ParseError, Problem};
use super::fields::{Fields, Name, Node, name};
use crate::characters::{allowed, clean};

/// How often a body may be searched for the end of a broken CDATA section in vain, so that a search over the whole
/// body cannot be asked for thousands of times.
const MAX_VAIN_SEARCHES: u8 = 4;

/// Reads all fields below the root, whatever its name.
pub(super) fn parse(text: &str) -> Result<Fields, ParseError> {
    let mut pieces = Pieces::new(text);
    let mut open: Vec<Element<'_>> = Vec::with_capacity(4);
    let mut count = 0_usize;
    loop {
        match pieces.next(open.last().map(|element| element.name.as_ref()))? {
            Piece::Start(started) => {
                count += 1;
                if open.len() > MAX_DEPTH {
                    return Err(pieces.error(Problem::TooDeep { limit: MAX_DEPTH }));
                }
                if count > MAX_FIELDS {
                    return Err(pieces.error(Problem::TooManyFields { limit: MAX_FIELDS }));
                }
                open.push(Element::new(started));
            }
            Piece::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.add(text);
                }
            }
            Piece::End => {
                let Some(element) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => {
                        let (name, node) = element.close();
                        parent.fields.push(name, node);
                    }
                    None => return Ok(element.into_fields()),
                }
            }
        }
    }
}

/// Finds the two fields that stand outside an envelope, and stops once the sealed one is found.
pub(super) fn outside(text: &str) -> Result<Outside<'_>, ParseError> {
    let mut pieces = Pieces::new(text);
    let mut names: Vec<Name> = Vec::with_capacity(4);
    let mut found = Outside::default();
    let mut current: Cow<'_, str> = Cow::Borrowed("");
    loop {
        match pieces.next(names.last().map(AsRef::as_ref))? {
            Piece::Start(started) => {
                if names.len() > MAX_DEPTH {
                    return Err(pieces.error(Problem::TooDeep { limit: MAX_DEPTH }));
                }
                names.push(started);
                current = Cow::Borrowed("");
            }
            Piece::Text(text) if names.len() == 2 => append(&mut current, text),
            Piece::Text(_) => {}
            Piece::End => {
                let ended = names.pop();
                match (names.len(), ended.as_deref()) {
                    (0, _) => return Ok(found),
                    (1, Some("ToUserName")) if found.to.is_empty() => found.to = std::mem::take(&mut current),
                    (1, Some("Encrypt")) => {
                        found.encrypt = current;
                        return Ok(found);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// An element that has begun and not ended.
struct Element<'a> {
    name: Name,
    text: Cow<'a, str>,
    fields: Fields,
}

impl<'a> Element<'a> {
    fn new(name: Name) -> Self {
        Self { name, text: Cow::Borrowed(""), fields: Fields::default() }
    }

    fn add(&mut self, text: Cow<'a, str>) {
        append(&mut self.text, text);
    }

    fn close(self) -> (Name, Node) {
        if self.fields.is_empty() {
            return (self.name, Node::Text(self.text.into_owned()));
        }
        let mut fields = self.fields;
        // Text between children means nothing in any known push; still it is not lost.
        if !self.text.trim().is_empty() {
            fields.push(Cow::Borrowed("#text"), Node::Text(self.text.into_owned()));
        }
        (self.name, Node::Tree(fields))
    }

    fn into_fields(self) -> Fields {
        self.fields
    }
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}

/// What matters of a document.
enum Piece<'a> {
    Start(Name),
    Text(Cow<'a, str>),
    End,
}

/// The document cut into pieces, with the mending done.
struct Pieces<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where in the text the reader began: it is started anew after a mended section.
    base: usize,
    /// An empty element gives two pieces; this is the second.
    end_due: bool,
    vain_searches: u8,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, reader: reader(text), base: 0, end_due: false, vain_searches: 0 }
    }

    fn position(&self) -> usize {
        self.base + self.reader.buffer_position() as usize
    }

    fn error(&self, what: Problem) -> ParseError {
        ParseError::at(what, self.text, self.position())
    }

    /// The next piece; `inside` is the name of the innermost open element.
    fn next(&mut self, inside: Option<&str>) -> Result<Piece<'a>, ParseError> {
        if std::mem::take(&mut self.end_due) {
            return Ok(Piece::End);
        }
        loop {
            let event = self.reader.read_event().map_err(|error| {
                let at = self.base + self.reader.error_position() as usize;
                ParseError::at(Problem::Xml(error.to_string()), self.text, at)
            })?;
            return Ok(match event {
                Event::Start(start) => Piece::Start(name(start.name().as_ref())),
                Event::Empty(start) => {
                    self.end_due = true;
                    Piece::Start(name(start.name().as_ref()))
                }
                Event::End(end) if Some(end.name().as_ref()) == inside => Piece::End,
                Event::End(_) => return Err(self.error(Problem::Xml("an end tag has no start tag".into()))),
                Event::Text(text) => Piece::Text(clean(text.into_inner())),
                Event::CData(data) => Piece::Text(clean(self.mend(data.into_inner(), inside))),
                Event::GeneralRef(reference) => Piece::Text(resolve(&reference)),
                Event::DocType(_) => return Err(self.error(Problem::DocType)),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
                Event::Eof => {
                    return Err(self.error(Problem::Xml("it ends before its root element does".into())));
                }
            });
        }
    }

    /// Gives a CDATA section back what follows a `]]>` that belonged to its text.
    ///
    /// A proper section is followed by its element's end or by another section. When it is followed by anything else,
    /// its true end is the `]]>` that stands right before the end tag.
    fn mend(&mut self, data: Cow<'a, str>, inside: Option<&str>) -> Cow<'a, str> {
        let after = self.position();
        let rest = &self.text[after..];
        let proper =
            rest.starts_with("</") || rest.starts_with("<![CDATA[") || rest.trim_start().starts_with("</");
        let Some(inside) = inside.filter(|_| !proper && self.vain_searches < MAX_VAIN_SEARCHES) else {
            return data;
        };
        let Some(at) = rest.find(&format!("]]></{inside}>")) else {
            self.vain_searches += 1;
            return data;
        };
        let end = after + at + "]]>".len();
        self.base = end;
        self.reader = reader(&self.text[end..]);
        Cow::Owned(format!("{data}]]>{}", &rest[..at]))
    }
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    // Names are matched against our own stack, which outlives a reader that is started anew.
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    reader
}

/// What stands between `&` and `;`. An entity that XML does not define stays as it was written.
fn resolve(reference: &str) -> Cow<'static, str> {
    let known = match reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return character(reference).unwrap_or_else(|| clean(format!("&{reference};").into())),
    };
    Cow::Borrowed(known)
}

/// The character that `#20013` or `#x4e2d` names; nothing at all for a forbidden one.
fn character(reference: &str) -> Option<Cow<'static, str>> {
    let number = reference.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let c = code.ok().and_then(char::from_u32)?;
    Some(Cow::Owned(if allowed(c) { c.to_string() } else { String::new() }))
}
