//! A small strict XML reader for passive replies, which says exactly where a reply is broken.
//!
//! No DTD, no entities beyond the five, no namespaces: what a reply needs and nothing more.

/// A piece of the reply: its name, its own text, and what stands inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
    /// Line and column of the document's first `]]>` outside of CDATA; the root's only.
    pub(crate) stray: Option<(usize, usize)>,
}

impl Element {
    /// The first child with this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child with this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }
}

/// Why a reply cannot be read, and where (counted from 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// A character that XML 1.0 forbids.
    Control { character: char, byte: usize, line: usize, column: usize },
    /// Anything else.
    Syntax { what: &'static str, line: usize, column: usize },
}

const MAX_DEPTH: usize = 32;

/// Reads one document whose root must be `xml`.
pub(crate) fn read(text: &str) -> Result<Element, Broken> {
    let mut reader = Reader { text, at: 0, stray: None };
    if let Some((byte, character)) = text.char_indices().find(|(_, c)| forbidden(*c)) {
        let (line, column) = reader.place(byte);
        return Err(Broken::Control { character, byte, line, column });
    }
    if text.starts_with(char::is_whitespace) && text.trim_start().starts_with("<?xml") {
        return Err(reader.broken("blank before the XML declaration"));
    }
    reader.skip_misc()?;
    if !reader.rest().starts_with('<') {
        return Err(reader.broken("text where the root element <xml> should begin"));
    }
    let start = reader.at;
    let mut root = reader.element(0)?;
    if root.name != "xml" {
        reader.at = start;
        return Err(reader.broken("the root element is not <xml>"));
    }
    reader.skip_misc()?;
    if reader.rest().is_empty() {
        root.stray = reader.stray.map(|at| reader.place(at));
        Ok(root)
    } else {
        Err(reader.broken("text after the end of the root element"))
    }
}

fn forbidden(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where the first `]]>` outside of CDATA stands.
    stray: Option<usize>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn place(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    fn broken(&self, what: &'static str) -> Broken {
        let (line, column) = self.place(self.at);
        Broken::Syntax { what, line, column }
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Skips past `end`, or fails.
    fn skip_past(&mut self, end: &str, what: &'static str) -> Result<&'a str, Broken> {
        let Some(length) = self.rest().find(end) else { return Err(self.broken(what)) };
        let skipped = &self.rest()[..length];
        self.at += length + end.len();
        Ok(skipped)
    }

    /// White space, the declaration, comments and instructions.
    fn skip_misc(&mut self) -> Result<(), Broken> {
        loop {
            self.skip_space();
            if self.rest().starts_with("<?") {
                self.skip_past("?>", "an instruction <? without its end ?>")?;
            } else if self.rest().starts_with("<!--") {
                self.skip_past("-->", "a comment without its end -->")?;
            } else if self.rest().starts_with("<!") {
                return Err(self.broken("a document type is not allowed"));
            } else {
                return Ok(());
            }
        }
    }

    fn element(&mut self, depth: usize) -> Result<Element, Broken> {
        if depth > MAX_DEPTH {
            return Err(self.broken("elements nested too deep"));
        }
        self.at += 1;
        let name = self.name()?;
        let empty = self.attributes()?;
        let mut element = Element { name, ..Element::default() };
        if empty {
            return Ok(element);
        }
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Err(self.broken("the reply ends inside an element"));
            } else if rest.starts_with("<![CDATA[") {
                self.at += "<![CDATA[".len();
                element.text.push_str(self.skip_past("]]>", "a CDATA section without its end ]]>")?);
            } else if rest.starts_with("</") {
                return self.close(element);
            } else if rest.starts_with("<!--") || rest.starts_with("<?") {
                self.skip_misc()?;
            } else if rest.starts_with("<!") {
                return Err(self.broken("a declaration inside an element"));
            } else if rest.starts_with('<') {
                element.children.push(self.element(depth + 1)?);
            } else {
                self.characters(&mut element.text)?;
            }
        }
    }

    fn close(&mut self, element: Element) -> Result<Element, Broken> {
        let start = self.at;
        self.at += 2;
        let name = self.name()?;
        if name != element.name {
            self.at = start;
            return Err(self.broken("an end tag that does not match its start tag"));
        }
        self.skip_space();
        if !self.rest().starts_with('>') {
            return Err(self.broken("an end tag without >"));
        }
        self.at += 1;
        Ok(element)
    }

    fn name(&mut self) -> Result<String, Broken> {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))
            .unwrap_or(rest.len());
        if length == 0 {
            return Err(self.broken("a < that begins no tag: write &lt; or use CDATA"));
        }
        self.at += length;
        Ok(rest[..length].to_owned())
    }

    /// Skips to the end of a start tag; true for an empty element.
    fn attributes(&mut self) -> Result<bool, Broken> {
        loop {
            self.skip_space();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok(true);
            } else if rest.starts_with('>') {
                self.at += 1;
                return Ok(false);
            } else if rest.is_empty() {
                return Err(self.broken("the reply ends inside a tag"));
            }
            self.name()?;
            self.skip_space();
            if !self.rest().starts_with('=') {
                return Err(self.broken("an attribute without a value"));
            }
            self.at += 1;
            self.skip_space();
            let quote = if self.rest().starts_with('\'') { "'" } else { "\"" };
            if !self.rest().starts_with(quote) {
                return Err(self.broken("an attribute value without quotes"));
            }
            self.at += 1;
            self.skip_past(quote, "an attribute value without its closing quote")?;
        }
    }

    /// Plain text up to the next tag.
    fn characters(&mut self, out: &mut String) -> Result<(), Broken> {
        let end = self.rest().find('<').map_or(self.text.len(), |length| self.at + length);
        if let Some(length) = self.text[self.at..end].find("]]>") {
            self.stray.get_or_insert(self.at + length);
        }
        while self.at < end {
            let chunk = &self.text[self.at..end];
            let plain = chunk.find('&').unwrap_or(chunk.len());
            out.push_str(&chunk[..plain]);
            self.at += plain;
            if self.at < end {
                let (character, length) = entity(&self.text[self.at..end])
                    .ok_or_else(|| self.broken("a bare & or an unknown entity"))?;
                out.push(character);
                self.at += length;
            }
        }
        Ok(())
    }
}

/// The character an entity stands for, and how many bytes it takes.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.find(';')?;
    let character = match &text[1..end] {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        number => {
            let digits = number.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read() {
        let root = read(
            "<?xml version=\"1.0\"?>\n<xml>\n <MsgType><![CDATA[news]]></MsgType><A x='1'>1 &lt; 2 &#x4f60;</A><B/></xml>\n",
        )
        .unwrap();
        assert_eq!(root.text("MsgType"), Some("news"));
        assert_eq!(root.text("A"), Some("1 < 2 你"));
        assert_eq!(root.text("B"), Some(""));
    }

    #[test]
    fn split_cdata_is_joined() {
        let root = read("<xml><C><![CDATA[a]]]]><![CDATA[>b]]></C></xml>").unwrap();
        assert_eq!(root.text("C"), Some("a]]>b"));
    }

    #[test]
    fn a_section_that_ends_early_is_found_and_one_that_was_split_is_not() {
        let root = read("<xml>\n<C><![CDATA[a]]>b]]></C></xml>").unwrap();
        assert_eq!((root.text("C"), root.stray), (Some("ab]]>"), Some((2, 18))));
        assert_eq!(read("<xml><C><![CDATA[a]]]]><![CDATA[>b]]></C></xml>").unwrap().stray, None);
    }

    #[test]
    fn each_fault_is_found_at_its_place() {
        let cases = [
            ("<xml>\n<A>1</B></xml>", 2, 5),
            ("<xml><A>", 1, 9),
            ("<xml><A>x & y</A></xml>", 1, 11),
            ("<xml><A>1 < 2</A></xml>", 1, 12),
            ("<xml></xml>x", 1, 12),
            (" <?xml version=\"1.0\"?><xml></xml>", 1, 1),
            ("<reply></reply>", 1, 1),
            ("<!DOCTYPE a><xml></xml>", 1, 1),
            ("", 1, 1),
        ];
        for (text, line, column) in cases {
            match read(text) {
                Err(Broken::Syntax { line: l, column: c, .. }) => {
                    assert_eq!((l, c), (line, column), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_control_character_is_named_with_its_byte() {
        assert_eq!(
            read("<xml>\n<A>你\u{8}</A></xml>"),
            Err(Broken::Control { character: '\u{8}', byte: 12, line: 2, column: 5 })
        );
    }
}
