//! Chat templates that are made to take all the memory or all the time there is, and good ones that were damaged.

use std::fs;
use std::path::Path;

use crate::random::Random;

/// Templates of models that people have, and of the fuzzer.
const GOOD: [&str; 8] = [
    "tests/golden/checkpoints/internvl3/chat_template.jinja",
    "tests/golden/checkpoints/smolvlm2/chat_template.jinja",
    "tests/golden/checkpoints/llava-onevision/chat_template.jinja",
    "tests/golden/checkpoints/llava-next-interleave/chat_template.jinja",
    "tests/golden/checkpoints/llava-next-video/chat_template.jinja",
    "fuzz/seeds/template/filters.jinja",
    "fuzz/seeds/template/parts.jinja",
    "fuzz/seeds/template/turns.jinja",
];
/// Puts the messages out: were it not for what it costs, such a template would be used.
const MESSAGES: &str = "{% for m in messages %}{{ m.content }}{% endfor %}";

const VALUES: [&str; 14] = [
    "'x' * 100000",
    "['x'] * 100000",
    "range(100000)|list",
    "messages",
    "'%0999999d'|format(1)",
    "'{:>999999}'.format('x')",
    "{'a': {'b': 'x' * 1000}}",
    "messages|tojson",
    "('ab' * 5000)|list",
    "dict(a=messages, b=messages)",
    "cycler('a', 'b')",
    "joiner(', ')",
    "(1, 2) * 100000",
    "'é' * 60000",
];
const FILTERS: [&str; 28] = [
    "tojson",
    "tojson(indent=32)",
    "pprint",
    "string",
    "list",
    "join('x' * 1000)",
    "replace('x', 'xxxxxxxx')",
    "upper",
    "title",
    "batch(2)|list",
    "slice(1000)|list",
    "sort",
    "unique|list",
    "reverse|list",
    "indent(10000)",
    "urlencode",
    "escape",
    "trim",
    "map('upper')|list",
    "map('string')|join",
    "groupby('role')|list",
    "items|list",
    "dictsort",
    "wordcount",
    "split('x')",
    "center(999999)",
    "select|list",
    "length",
];
const AROUND: [(&str, &str); 9] = [
    ("{% for i in range(1000) %}", "{% endfor %}"),
    ("{% for i in range(99999999) %}", "{% endfor %}"),
    (
        "{% for i in messages recursive %}{{ loop(messages) }}",
        "{% endfor %}",
    ),
    ("{% macro f(x) %}{{ f(x ~ x) }}", "{% endmacro %}{{ f('x') }}"),
    (
        "{% macro g(n) %}{% if n > 0 %}{{ g(n - 1) }}{{ g(n - 1) }}{% endif %}",
        "{% endmacro %}{{ g(40) }}",
    ),
    (
        "{% set ns = namespace(v='x') %}{% for i in range(64) %}{% set ns.v = ns.v ~ ns.v %}",
        "{% endfor %}{{ ns.v }}",
    ),
    (
        "{% set ns = namespace(v=['x']) %}{% for i in range(64) %}{% set ns.v = [ns.v, ns.v] %}",
        "{% endfor %}{{ ns.v|string }}",
    ),
    ("{% filter upper %}", "{% endfilter %}"),
    ("{% set y %}", "{% endset %}{{ y * 100000 }}"),
];

pub(crate) fn make(random: &mut Random, number: usize) -> (String, String) {
    match number % 3 {
        0 => (mutated(random), "mutated".to_owned()),
        1 => (nested(random), "nested".to_owned()),
        _ => (crafted(random), "crafted".to_owned()),
    }
}

fn mutated(random: &mut Random) -> String {
    let name = Path::new(env!("CARGO_MANIFEST_DIR")).join(random.one_of(&GOOD));
    let mut text: Vec<char> = fs::read_to_string(name)
        .expect("the templates of the tests are there")
        .chars()
        .collect();
    for _ in 0..random.within(1..6) {
        let start = random.below(text.len());
        let end = (start + 1 + random.below(200)).min(text.len());
        let part: Vec<char> = text[start..end].to_vec();
        match random.below(4) {
            0 => drop(text.drain(start..end)),
            1 => drop(text.splice(end..end, part.repeat(1 << random.below(11)))),
            2 => {
                let put = random.one_of(&FILTERS).chars();
                drop(text.splice(
                    start..start,
                    "{{ messages|".chars().chain(put).chain(" }}".chars()),
                ));
            }
            _ => {
                let (open, close) = *random.one_of(&AROUND);
                drop(text.splice(end..end, close.chars()));
                drop(text.splice(start..start, open.chars()));
            }
        }
    }
    text.into_iter().collect()
}

fn crafted(random: &mut Random) -> String {
    let mut inner = format!("{{{{ ({})", random.one_of(&VALUES));
    for _ in 0..random.within(1..5) {
        inner.push('|');
        inner.push_str(random.text(&FILTERS));
    }
    inner.push_str(" }}");
    for _ in 0..random.within(0..4) {
        let (open, close) = *random.one_of(&AROUND);
        inner = format!("{open}{inner}{close}");
    }
    inner + MESSAGES
}

/// Brackets in brackets, tags in tags, and one of everything very often.
fn nested(random: &mut Random) -> String {
    let n_deep = *random.one_of(&[50, 1000, 20_000, 200_000]);
    let (open, inner, close) = *random.one_of(&[
        ("[", "1", "]"),
        ("(", "1", ")"),
        ("{'a': ", "1", "}"),
        ("-", "1", ""),
        ("not ", "true", ""),
        ("1 + ", "1", ""),
        ("'x' ~ ", "'y'", ""),
        ("x if x else ", "1", ""),
        ("", "x", "|string"),
        ("", "x", "[0]"),
        ("", "x", ".a"),
        ("f(", "1", ")"),
    ]);
    let expression = format!("{{{{ {}{inner}{} }}}}", open.repeat(n_deep), close.repeat(n_deep));
    let tags = match random.below(6) {
        0 => "{% if true %}".repeat(n_deep) + &"{% endif %}".repeat(n_deep),
        1 => "{% for i in [1] %}".repeat(n_deep) + &"{% endfor %}".repeat(n_deep),
        2 => "{% set a = 1 %}".repeat(n_deep),
        3 => "{# ".repeat(n_deep),
        _ => expression,
    };
    tags + MESSAGES
}
