//! The tags of a template and the words in them, cut as the engine cuts them.

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text, a comment or a raw block: goes out as it is.
    Verbatim(&'a str),
    /// `{{ … }}` or `{% … %}`, a trim mark with each brace.
    Tag {
        open: &'a str,
        words: Vec<Word<'a>>,
        close: &'a str,
    },
}

/// A word inside a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A name or a keyword.
    Name(&'a str),
    /// A text with its quotes.
    Text(&'a str),
    /// A number.
    Number(&'a str),
    /// An operator, a bracket, a comma.
    Sign(&'a str),
}

/// Cuts a template; nothing where it does not end as it began.
pub(super) fn cut(source: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some(at) = next_tag(rest) {
        let (before, tag) = rest.split_at(at);
        parts.push(Part::Verbatim(before));
        let part = match &tag[..2] {
            "{#" => tag.get(..tag[2..].find("#}")? + 4).map(Part::Verbatim),
            "{%" if basic_tag(&tag[2..], "raw").is_some() => tag.get(..raw_len(tag)?).map(Part::Verbatim),
            _ => None,
        };
        let (part, len) = match part {
            Some(Part::Verbatim(text)) => (Part::Verbatim(text), text.len()),
            _ => cut_tag(tag)?,
        };
        parts.push(part);
        rest = &tag[len..];
    }
    parts.push(Part::Verbatim(rest));
    Some(parts)
}

/// Where the next tag or comment begins. Looking for each mark by itself would go through all of the rest for those that there
/// are none of, at every tag.
pub(super) fn next_tag(text: &str) -> Option<usize> {
    let is_mark = |pair: &[u8]| matches!(pair, b"{%" | b"{{" | b"{#");
    text.as_bytes().windows(2).position(is_mark)
}

/// How many bytes a block tag of this one name has after its first brace.
fn basic_tag(text: &str, name: &str) -> Option<usize> {
    let inside = text.strip_prefix(['-', '+']).unwrap_or(text).trim_ascii_start();
    let after = inside.strip_prefix(name)?.trim_ascii_start();
    let after = after.strip_prefix(['-', '+']).unwrap_or(after);
    let after = after.strip_prefix("%}")?;
    Some(text.len() - after.len())
}

/// How many bytes a raw block has, both its tags included.
fn raw_len(tag: &str) -> Option<usize> {
    let mut at = 2;
    loop {
        at += tag[at..].find("{%")? + 2;
        if let Some(len) = basic_tag(&tag[at..], "endraw") {
            return Some(at + len);
        }
    }
}

/// The tag that a text begins with, and how many bytes it has.
fn cut_tag(text: &str) -> Option<(Part<'_>, usize)> {
    let end = if text.starts_with("{%") { "%}" } else { "}}" };
    let mut at = if text[2..].starts_with(['-', '+']) { 3 } else { 2 };
    let open = &text[..at];
    let mut words = Vec::new();
    let mut n_open = 0_usize;
    loop {
        let rest = &text[at..];
        let inside = rest.trim_ascii_start();
        at += rest.len() - inside.len();
        if n_open == 0 {
            let unmarked = inside.strip_prefix(['-', '+']).unwrap_or(inside);
            if unmarked.starts_with(end) {
                let len = inside.len() - unmarked.len() + end.len();
                let close = &inside[..len];
                return Some((Part::Tag { open, words, close }, at + len));
            }
        }
        let is_index = words.last() == Some(&Word::Sign("."));
        let word = first_word(inside, is_index)?;
        match word {
            Word::Sign("(" | "[" | "{") => n_open += 1,
            Word::Sign(")" | "]" | "}") => n_open = n_open.checked_sub(1)?,
            _ => {}
        }
        at += word.text().len();
        words.push(word);
    }
}

impl<'a> Word<'a> {
    /// As it was written.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Name(text) | Self::Text(text) | Self::Number(text) | Self::Sign(text) => text,
        }
    }
}

fn first_word(text: &str, is_index: bool) -> Option<Word<'_>> {
    const PAIRS: [&str; 6] = ["//", "**", "==", "!=", ">=", "<="];
    const SINGLES: &str = "+-*/%.,:~|=><()[]{}";
    if let Some(sign) = text.get(..2).filter(|sign| PAIRS.contains(sign)) {
        return Some(Word::Sign(sign));
    }
    let first = text.chars().next()?;
    let run = |is_in: fn(char) -> bool| text.find(|c| !is_in(c)).unwrap_or(text.len());
    match first {
        '\'' | '"' => text_len(text, first).map(|len| Word::Text(&text[..len])),
        _ if SINGLES.contains(first) => Some(Word::Sign(&text[..1])),
        '0'..='9' if is_index => Some(Word::Number(&text[..run(|c| c.is_ascii_digit())])),
        '0'..='9' => Some(Word::Number(&text[..number_len(text)])),
        '_' => Some(Word::Name(&text[..run(is_of_name)])),
        _ if first.is_ascii_alphabetic() => Some(Word::Name(&text[..run(is_of_name)])),
        _ => None,
    }
}

fn is_of_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

fn text_len(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Whole numbers, fractions, powers of ten, other bases. A dot before a name is none of a number's.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'_')
            .count()
    };
    if matches!(bytes.get(1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B')) && bytes[0] == b'0' {
        return text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len());
    }
    let mut len = digits(0);
    if bytes.get(len) == Some(&b'.') && bytes.get(len + 1).is_none_or(|byte| !byte.is_ascii_alphabetic()) {
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let signed = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        let n_digits = digits(len + 1 + signed);
        if n_digits > 0 {
            len += 1 + signed + n_digits;
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::{Part, cut};

    fn words(source: &str) -> Vec<Vec<&str>> {
        let parts = cut(source).expect("the test gives a whole one");
        let tags = parts.into_iter().filter_map(|part| match part {
            Part::Tag { words, .. } => Some(words.into_iter().map(super::Word::text).collect()),
            Part::Verbatim(_) => None,
        });
        tags.collect()
    }

    #[test]
    fn tags_are_cut_where_the_engine_cuts_them() {
        assert_eq!(words("a{{- b.c -}}d"), [["b", ".", "c"]]);
        assert_eq!(words("{{ {'}}': {}} }}"), [["{", "'}}'", ":", "{", "}", "}"]]);
        assert_eq!(words("{# {{ a }} #}{% raw %}{{ b }}{% endraw %}{{ c }}"), [["c"]]);
        assert_eq!(
            words("{{ 1.5e3 // x.0.1[::-1] }}"),
            [[
                "1.5e3", "//", "x", ".", "0", ".", "1", "[", ":", ":", "-", "1", "]"
            ]]
        );
        assert_eq!(words("{{ 'it\\'s' }}"), [["'it\\'s'"]]);
        assert_eq!(words("{%- if a %}"), [["if", "a"]]);
        for broken in ["{{ a", "{% raw %}", "{# a", "{{ ) }}", "{{ 'a }}", "{{ $ }}"] {
            assert_eq!(cut(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_cut_is_all_of_it() {
        let source = "a {{- b -}} c{# d #}{% raw -%} {{ e }}{%- endraw %}f{%+ set g = 1 +%}\n";
        let mut whole = String::new();
        for part in cut(source).expect("it is whole") {
            match part {
                Part::Verbatim(text) => whole.push_str(text),
                Part::Tag { open, words, close } => {
                    whole.push_str(open);
                    for word in words {
                        whole.push(' ');
                        whole.push_str(word.text());
                    }
                    whole.push(' ');
                    whole.push_str(close);
                }
            }
        }
        assert_eq!(whole, source);
    }
}
