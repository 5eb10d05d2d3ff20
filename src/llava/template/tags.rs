//! The one tag that transformers adds to Jinja: `{% generation %}` marks, for training, what the model itself says.
//!
//! `AssistantTracker` of transformers renders its body in a scope of its own and nothing else, which is what
//! `{% with %}` does.

use std::borrow::Cow;

use super::lex::next_tag;

/// The source with each `generation` block as a `with` block. Comments, expressions and raw blocks stay as they are.
pub(super) fn without_generation(source: &str) -> Cow<'_, str> {
    if !source.contains("generation") {
        return Cow::Borrowed(source);
    }
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = next_tag(rest) {
        text.push_str(&rest[..at]);
        let (inside, after) = cut_tag(&rest[at..]);
        match (renamed(inside), is_raw(inside)) {
            (Some(tag), _) => text.push_str(&tag),
            (None, false) => text.push_str(inside),
            (None, true) => {
                let end = after.find("endraw").unwrap_or(after.len());
                text.push_str(inside);
                text.push_str(&after[..end]);
                rest = &after[end..];
                continue;
            }
        }
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// A tag from its first brace to its last, and what follows. Quoted ends are none, except in a comment.
fn cut_tag(text: &str) -> (&str, &str) {
    let end = match &text[..2] {
        "{%" => "%}",
        "{{" => "}}",
        _ => return text.find("#}").map_or((text, ""), |at| text.split_at(at + 2)),
    };
    let mut quote = None;
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(2) {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if text[at..].starts_with(end) => return text.split_at(at + 2),
            None => {}
        }
    }
    (text, "")
}

/// The name in a block tag, and the tag around it.
fn name_of(tag: &str) -> Option<(&str, &str, &str)> {
    let inside = tag.strip_prefix("{%")?.strip_suffix("%}")?;
    let name = inside.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '+'));
    let at = tag.find(name)?;
    Some((&tag[..at], name, &tag[at + name.len()..]))
}

fn renamed(tag: &str) -> Option<String> {
    let (before, name, after) = name_of(tag)?;
    let name = match name {
        "generation" => "with",
        "endgeneration" => "endwith",
        _ => return None,
    };
    Some(format!("{before}{name}{after}"))
}

fn is_raw(tag: &str) -> bool {
    name_of(tag).is_some_and(|(_, name, _)| name == "raw")
}

#[cfg(test)]
mod tests {
    use super::without_generation;

    #[test]
    fn only_the_tag_itself_is_taken_for_one() {
        let same = [
            "{{ add_generation_prompt }}{% if add_generation_prompt %}{% endif %}",
            "{# {% generation %} #}",
            "{{ '{% generation %}' }}",
            "{% raw %}{% generation %}{% endraw %}",
            "{% generation",
            "{% set generation = '%}' %}",
        ];
        for source in same {
            assert_eq!(without_generation(source), source);
        }
        assert_eq!(
            without_generation(
                "a{%- generation -%}b{{ '\\'}}' }}{%generation%}{% endgeneration +%}{%endgeneration%}c"
            ),
            "a{%- with -%}b{{ '\\'}}' }}{%with%}{% endwith +%}{%endwith%}c"
        );
    }
}
