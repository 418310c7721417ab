//! Markdown as plain text, since the platform shows every star and hash as it is.
//!
//! Not a parser of all of Markdown: what models write is headings, lists, emphasis, code, links and tables, and what is
//! not recognised stays as it was written.

/// The text without its Markdown.
pub(crate) fn plain(markdown: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        let trimmed = line.trim_start();
        if let Some(mark) = fence {
            if trimmed.starts_with(mark) && trimmed.trim_end().chars().all(|c| mark.contains(c)) {
                fence = None;
            } else {
                out.push(line.to_owned());
            }
        } else if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark)) {
            fence = Some(mark);
        } else if !is_table_rule(trimmed) {
            out.push(one_line(line));
        }
    }
    collapsed(&out)
}

/// At most one empty line in a row, none at the ends.
fn collapsed(lines: &[String]) -> String {
    let mut text = String::new();
    let mut empty = 0;
    for line in lines {
        if line.trim().is_empty() {
            empty += 1;
            continue;
        }
        if !text.is_empty() {
            text.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        text.push_str(line.trim_end());
    }
    text
}

fn one_line(line: &str) -> String {
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    if let Some(title) = heading(body) {
        return inline(title);
    }
    if is_rule(body) {
        return "————".to_owned();
    }
    if let Some(quoted) = body.strip_prefix('>') {
        return one_line(quoted.trim_start());
    }
    if let Some(item) = ["- ", "* ", "+ "].iter().find_map(|mark| body.strip_prefix(mark)) {
        let (mark, item) = match item.get(..4) {
            Some("[ ] ") => ("☐", &item[4..]),
            Some("[x] " | "[X] ") => ("☑", &item[4..]),
            _ => ("•", item),
        };
        return format!("{indent}{mark} {}", inline(item));
    }
    if let Some(cells) = body.trim_end().strip_prefix('|').and_then(|row| row.strip_suffix('|')) {
        let cells: Vec<String> = cells.split('|').map(|cell| inline(cell.trim())).collect();
        return cells.join(" | ");
    }
    format!("{indent}{}", inline(body))
}

fn heading(body: &str) -> Option<&str> {
    let title = body.trim_start_matches('#');
    let level = body.len() - title.len();
    ((1..=6).contains(&level) && title.starts_with(' '))
        .then(|| title.trim().trim_end_matches('#').trim_end())
}

/// A line of three or more dashes, stars or underscores.
fn is_rule(body: &str) -> bool {
    let marks: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    marks.len() >= 3 && ['-', '*', '_'].iter().any(|mark| marks.chars().all(|c| c == *mark))
}

/// The line under a table's head.
fn is_table_rule(body: &str) -> bool {
    body.contains('|') && body.contains('-') && body.trim_end().chars().all(|c| "|-: ".contains(c))
}

/// A line without emphasis, code marks, links and escapes.
fn inline(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = &chars[at..];
        let before = at.checked_sub(1).and_then(|before| chars.get(before)).copied();
        at += match c {
            '\\' if rest.get(1).is_some_and(char::is_ascii_punctuation) => {
                out.extend(rest.get(1));
                2
            }
            '`' => code(rest, &mut out),
            '!' if rest.get(1) == Some(&'[') => match link(&rest[1..]) {
                Some((text, address, length)) => {
                    shown(&text, &address, &mut out);
                    length + 1
                }
                None => keep(c, &mut out),
            },
            '[' => match link(rest) {
                Some((text, address, length)) => {
                    shown(&inline(&text), &address, &mut out);
                    length
                }
                None => keep(c, &mut out),
            },
            '<' => bracketed(rest, &mut out),
            '*' | '_' | '~' => match emphasis(rest, before) {
                Some((inside, length)) => {
                    out.push_str(&inline(&inside));
                    length
                }
                None => keep(c, &mut out),
            },
            _ => keep(c, &mut out),
        };
    }
    out
}

fn keep(c: char, out: &mut String) -> usize {
    out.push(c);
    1
}

/// Code between as many marks as it began with.
fn code(rest: &[char], out: &mut String) -> usize {
    let marks = rest.iter().take_while(|c| **c == '`').count();
    let body = &rest[marks..];
    let ends = (0..body.len()).find(|at| {
        body[*at..].iter().take_while(|c| **c == '`').count() == marks && (*at == 0 || body[at - 1] != '`')
    });
    if let Some(end) = ends {
        out.push_str(body[..end].iter().collect::<String>().trim());
        return marks * 2 + end;
    }
    out.extend(&rest[..marks]);
    marks
}

/// `[text](address)` at the beginning: the text, the address, and the length of it all.
fn link(rest: &[char]) -> Option<(String, String, usize)> {
    let mut depth = 0;
    let close = rest.iter().position(|c| {
        depth += match c {
            '[' => 1,
            ']' => -1,
            _ => 0,
        };
        depth == 0
    })?;
    if rest.get(close + 1) != Some(&'(') {
        return None;
    }
    let length = rest[close + 2..].iter().position(|c| *c == ')')?;
    let inside: String = rest[close + 2..close + 2 + length].iter().collect();
    // A title may follow the address.
    let address = inside.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']).to_owned();
    let text: String = rest[1..close].iter().collect();
    (!address.is_empty()).then_some((text, address, close + 3 + length))
}

fn shown(text: &str, address: &str, out: &mut String) {
    if text.is_empty() || text == address {
        out.push_str(address);
    } else {
        out.push_str(text);
        out.push_str(" (");
        out.push_str(address);
        out.push(')');
    }
}

/// `<https://…>` without its brackets, `<br>` as a new line.
fn bracketed(rest: &[char], out: &mut String) -> usize {
    let Some(end) = rest.iter().position(|c| *c == '>') else { return keep('<', out) };
    let inside: String = rest[1..end].iter().collect();
    if inside.starts_with("http://") || inside.starts_with("https://") {
        out.push_str(&inside);
        return end + 1;
    }
    if matches!(inside.to_ascii_lowercase().trim(), "br" | "br/" | "br /") {
        out.push('\n');
        return end + 1;
    }
    keep('<', out)
}

/// What stands between two equal marks at the beginning, and the length with the marks.
fn emphasis(rest: &[char], before: Option<char>) -> Option<(String, usize)> {
    let mark = *rest.first()?;
    let marks = rest.iter().take_while(|c| **c == mark).count().min(3);
    if mark == '~' && marks != 2 {
        return None;
    }
    // A name such as snake_case is not emphasis, and neither is 2 * 3.
    let word = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
    if mark == '_' && word(before.as_ref()) {
        return None;
    }
    let body = rest.get(marks..)?;
    if body.first().is_none_or(|c| c.is_whitespace()) {
        return None;
    }
    let end = (1..body.len()).find(|at| {
        let here = &body[*at..];
        here.iter().take_while(|c| **c == mark).count() >= marks
            && !body[at - 1].is_whitespace()
            && !(mark == '_' && word(here.get(marks)))
    })?;
    Some((body[..end].iter().collect(), end + marks * 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_emphasis_lose_their_marks() {
        let markdown = "# 标题\n\n\n\n**重点**是*这个*，__那个__和~~不要~~。\n\n- 一\n  - 二\n* [x] 三\n1. 四\n> 引用\n\n---\n完";
        let text = "标题\n\n重点是这个，那个和不要。\n\n• 一\n  • 二\n☑ 三\n1. 四\n引用\n\n————\n完";
        assert_eq!(plain(markdown), text);
    }

    #[test]
    fn code_stays_as_it_is() {
        let markdown =
            "用 `a_b * c` 和 ``x ` y``：\n```python\ndef f(*args):\n    # 注释\n    return **x\n```\n好";
        assert_eq!(plain(markdown), "用 a_b * c 和 x ` y：\ndef f(*args):\n    # 注释\n    return **x\n好");
        assert_eq!(plain("```\nnever closed"), "never closed");
    }

    #[test]
    fn links_show_where_they_go() {
        assert_eq!(plain("见[文档](https://a.example/x \"标题\")。"), "见文档 (https://a.example/x)。");
        assert_eq!(plain("[https://a.example](https://a.example)"), "https://a.example");
        assert_eq!(plain("![图](https://a.example/1.png)"), "图 (https://a.example/1.png)");
        assert_eq!(plain("<https://a.example> 行<br>下"), "https://a.example 行\n下");
        assert_eq!(plain("数组 a[0](不是链接"), "数组 a[0](不是链接");
    }

    #[test]
    fn tables_become_rows() {
        let table = "| 城市 | **气温** |\n|:---|---:|\n| 北京 | 3 |";
        assert_eq!(plain(table), "城市 | 气温\n北京 | 3");
    }

    #[test]
    fn what_is_no_markdown_stays() {
        for text in [
            "2 * 3 * 4 = 24",
            "snake_case_name",
            "a ** b",
            "C# 和 F#",
            "#话题",
            "5 < 6 > 4",
            "~5 元",
            "\\o/",
            "*",
            "a*",
        ] {
            assert_eq!(plain(text), text, "{text}");
        }
        assert_eq!(plain("\\*不是\\*"), "*不是*");
        assert_eq!(plain(""), "");
    }
}
