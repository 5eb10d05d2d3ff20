//! Templates that are made to take all the memory or all the time there is.

use std::process::Command;

use super::{choose, render_jinja};
use videre::llava::template::{Message, Piece, Role};

/// Set where this program was started by itself, to do the work alone.
const ALONE: &str = "VIDERE_TEST_HOSTILE_TEMPLATES";
const N_TEMPLATES: usize = 100;
const SEED: u64 = 20_261;
/// What the process may grow by.
const MAX_GROWTH_KB: u64 = 256 << 10;
/// What one template may take, in hundredths of a second of the processor.
const MAX_TICKS: u64 = 20 * 100;

/// Each leaves out nothing of the messages: were it not for what it costs, it would be used.
const MESSAGES: &str = "{% for m in messages %}{{ m.content }}{% endfor %}";

const BEGINNINGS: [&str; 6] = [
    "'x'",
    "'x' * 1000000",
    "['x' * 1000]",
    "('x', 'y')",
    "{'k': 'x' * 100}",
    "range(1000)|list",
];
const STEPS: [&str; 21] = [
    "ns.v + ns.v",
    "ns.v ~ ns.v",
    "[ns.v, ns.v]",
    "(ns.v, ns.v)",
    "{'a': ns.v, 'b': ns.v}",
    "[ns.v]",
    "ns.v * 1000",
    "[ns.v] * 1000",
    "1000 * [ns.v]",
    "ns.v[:] + ns.v[0:]",
    "ns.v[::-1]",
    "ns.v[1:]",
    "ns.v|list + ns.v|list",
    "ns.v|replace('x', 'xx')",
    "[ns.v|join('xxxxxxxx'), ns.v]|join('x')",
    "ns.v|map('string')|list + ns.v|list",
    "dict(a=ns.v, b=ns.v)",
    "[ns.v, ns.v]|tojson",
    "[ns.v, ns.v]|string",
    "'%s%s%s'|format(ns.v, ns.v, ns.v)",
    "'{0}{0}{0}'.format(ns.v)",
];
const USES: [&str; 24] = [
    "ns.v",
    "[ns.v] * 1000000",
    "ns.v|tojson",
    "ns.v|tojson(indent=16)",
    "ns.v|pprint",
    "ns.v|string",
    "ns.v ~ ns.v",
    "ns.v|join('xxxx')",
    "'xxxx'.join(ns.v)",
    "ns.v == ns.v",
    "[ns.v, 1] < [ns.v, 2]",
    "'y' in ns.v",
    "ns.v is in([ns.v, ns.v])",
    "ns.v|length",
    "(ns.v|list + ns.v|list)|sort|length",
    "ns.v|list|unique|list|length",
    "ns.v|batch(3, ns.v)|list",
    "ns.v|slice(100000, ns.v)|list",
    "ns.v|string|indent(100000)",
    "ns",
    "ns|items|list",
    "cycler(ns.v, ns.v, ns.v) ~ ''",
    "raise_exception(ns.v)",
    "(ns.v * 100000000)[99999999:]|list",
];
/// What no combination of the above is.
const OTHERS: [&str; 14] = [
    "{{ ['x'*1000000]*1000000 }}",
    "{{ '%1000000000d'|format(1) }}",
    "{{ '%*d'|format(1000000000, 1) }}",
    "{{ '{:1000000000}'.format('x') }}",
    "{{ '{:{}}'.format('x', 1000000000) }}",
    "{{ debug() }}",
    "{% set ns = namespace() %}{% set ns.v = ns %}{{ ns }}",
    "{% set ns = namespace() %}{% set ns.v = [ns, ns] %}{{ ns }}",
    "{% set a = namespace() %}{% set b = namespace(v=a) %}{% set a.v = b %}{{ a ~ b }}",
    "{% for i in range(50000) %}{% for x in ([1]*100000000)[99999999:] %}{% endfor %}{% endfor %}",
    "{% set ns = namespace(v=[]) %}{% for i in range(60000) %}{% set ns.v = [ns.v] %}{% endfor %}",
    "{% set ns = namespace(v=[1]) %}{% for i in range(60000) %}{% set ns.v = ns.v * 1 %}{% endfor %}{{ ns.v }}",
    "{% set ns = namespace(v=[1]) %}{% for i in range(60000) %}{% set ns.v = ns.v[0:] %}{% endfor %}{{ ns.v }}",
    "{% macro f(x) %}{{ f([x, x]) }}{% endmacro %}{{ f('x') }}",
];

/// Numbers that are the same on every machine (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

fn templates() -> Vec<String> {
    let mut numbers = Numbers(SEED);
    let mut made: Vec<String> = OTHERS.iter().map(|&text| text.to_owned()).collect();
    while made.len() < N_TEMPLATES {
        let (begins, step, use_of) = (
            numbers.one_of(&BEGINNINGS),
            numbers.one_of(&STEPS),
            numbers.one_of(&USES),
        );
        let n_steps = [3, 20, 60, 20_000][numbers.below(4)];
        made.push(format!(
            "{{% set ns = namespace(v={begins}) %}}{{% for i in range({n_steps}) %}}{{% set ns.v = {step} %}}\
             {{% endfor %}}{{{{ {use_of} }}}}"
        ));
    }
    made
}

/// A number of `/proc/self/status`, in kB.
fn status_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .expect("it is there")
}

/// Hundredths of a second that this process has had of the processor.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux has it");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in brackets");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| fields[at].parse::<u64>().expect("a number");
    field(11) + field(12)
}

#[cfg(target_os = "linux")]
#[test]
fn hostile_templates_are_refused_or_cost_little() {
    if std::env::var_os(ALONE).is_none() {
        let test = "template::hostile::hostile_templates_are_refused_or_cost_little";
        let own = std::env::current_exe().expect("this program has a path");
        let run = Command::new(own)
            .args(["--exact", test, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "{}: {said}", run.status);
        return;
    }
    let before_kb = status_kb("VmRSS");
    let mut n_refused = 0;
    for (number, template) in templates().iter().enumerate() {
        eprintln!("{number}: {template}");
        let began = ticks();
        let chosen = choose(&[], "LLaVA", Some(&format!("{template}{MESSAGES}")));
        n_refused += usize::from(chosen.name() != "file");
        let took = ticks() - began;
        eprintln!("   {} after {took}0 ms: {}", chosen.name(), chosen.reason());
        assert!(took < MAX_TICKS, "it took {took}0 ms");
        let grown_kb = status_kb("VmHWM").saturating_sub(before_kb);
        assert!(grown_kb < MAX_GROWTH_KB, "the process grew by {grown_kb} kB");
    }
    assert!(n_refused > N_TEMPLATES / 2, "{n_refused} were refused");
}

/// As long as a template may be, with as many tags as go in: looking for each takes no look at all that follows.
#[cfg(target_os = "linux")]
#[test]
fn very_many_tags_cost_no_more_than_their_length() {
    let n_tags = 36_000;
    for tags in ["{{x}}".repeat(n_tags), "{{ 'generation' }}".repeat(n_tags / 4)] {
        let began = ticks();
        choose(&[], "LLaVA", Some(&format!("{tags}{MESSAGES}")));
        // Of all threads, but the others' tests are short.
        let took = ticks() - began;
        assert!(took < MAX_TICKS / 4, "it took {took}0 ms");
    }
}

/// Every kind of tag and operand, unguarded and guarded, comes to the same text.
#[test]
fn what_is_weighed_is_not_changed() {
    let text = |source: &str| {
        let message = |role, said: &str| Message {
            role,
            content: vec![Piece::user(said.to_owned())],
        };
        let messages = [
            message(Role::User, "one"),
            message(Role::Assistant, "two"),
            message(Role::User, "three"),
        ];
        let rendered = render_jinja(&format!("{source}|{MESSAGES}"), &messages);
        let pieces = rendered.unwrap_or_else(|error| panic!("{source}: {error}"));
        let Some(Piece::Text(first)) = pieces.first() else {
            panic!("{source}: {pieces:?}");
        };
        first.text.strip_suffix('|').expect("it ends so").to_owned()
    };
    let cases = [
        ("{{ (1 + 2 * 3 - -4 // 2) ~ 'x' ~ 1 + 'y' }}", "9x1y"),
        ("{{ 2 ** 3 ** 2 }} {{ 7 % 4 }} {{ 7 / 2 }}", "64 3 3.5"),
        ("{{ [1, 'a', none, true] }}", "[1, 'a', None, True]"),
        ("{{ (1, 2) + (3,) }}{{ () }}", "(1, 2, 3)()"),
        ("{{ {'a': {'b': [1, 2]}}['a'].b[1] }}", "2"),
        ("{{ 'abc'[::-1] ~ 'abcd'[1:3] ~ [1, 2, 3][-1] }}", "cbabc3"),
        (
            "{{ messages[1:] | length }}{{ (messages + messages)|length }}",
            "26",
        ),
        ("{{ 'a' if false else 'b' if 1 == 2 else 'c' }}", "c"),
        ("{{ not 1 > 2 and 'x' in 'xyz' and 3 not in [1, 2] }}", "True"),
        (
            "{{ 4 is divisibleby 2 }}{{ 4 is not divisibleby(3) }}{{ nope is defined }}",
            "TrueTrueFalse",
        ),
        ("{{ 1 < 2 < 3 }}{{ 'a' 'b' }}", "Trueab"),
        ("{{ ' a-b '.strip().split('-')[-1] | upper ~ 'c' }}", "Bc"),
        ("{{ [[1, 2], [3]] | map('first') | join(',') }}", "1,3"),
        ("{{ -[1, 2][0] | abs }}", "1"),
        ("{% set a, b = 1, 2 %}{{ b }}{{ a }}", "21"),
        (
            "{% set ns = namespace(n=[]) %}{% for x in range(3) if x != 1 %}{% set ns.n = ns.n + [x] %}{% endfor %}{{ ns.n }}",
            "[0, 2]",
        ),
        (
            "{% set x %}a{{ 1 }}{% endset %}{{ x }}{% set y | upper %}b{% endset %}{{ y }}",
            "a1B",
        ),
        ("{% with a = 1, b = [2] %}{{ a + b[0] }}{% endwith %}", "3"),
        (
            "{% macro f(a, b='c') %}{{ a }}{{ b }}{{ caller() }}{% endmacro %}{% call f('x') %}in{% endcall %}",
            "xcin",
        ),
        (
            "{% macro g(a, b=[1]) %}{{ a }}{{ b }}{% endmacro %}{{ g(b=2, *['q']) }}",
            "q2",
        ),
        ("{% filter upper | replace('A', 'b') %}a{% endfilter %}", "b"),
        (
            "{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% else %}none{% endfor %}",
            "a=1",
        ),
        (
            "{% for x in [1, [2]] recursive %}{{ loop(x) if x is sequence else x }}{% endfor %}",
            "12",
        ),
        ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}", "{{ a }}"),
        (
            "{{ {'a': 1} | tojson }}{{ 0x1f }}{{ 1.5e1 }}{{ 1_000 }}",
            "{\"a\": 1}3115.01000",
        ),
        ("{{ 'it\\'s' }}{{ \"}}\" }}", "it's}}"),
        (
            "{%- if messages[0].role == 'user' -%} u {%- elif x -%} v {%- else -%} w {%- endif -%}",
            "u",
        ),
        ("{{ '%s-%d'|format('a', 3) }}{{ '{}{}'.format(1, 'b') }}", "a-31b"),
    ];
    for (source, wanted) in cases {
        assert_eq!(text(source), wanted, "{source}");
    }
}

#[test]
fn a_long_conversation_costs_little() {
    let source = "{% set ns = namespace(last=-1) %}{% for m in messages[::-1] %}{% if m.role == 'user' and ns.last < 0 %}\
                  {% set ns.last = messages|length - 1 - loop.index0 %}{% endif %}{% endfor %}\
                  {% for m in messages %}{% if loop.index0 == ns.last %}{{ 'last: ' + m.content + '\n' }}{% else %}\
                  {{ m['role'] + ': ' + m['content'] + '\n' }}{% endif %}{% if loop.index == messages|length %}.{% endif %}{% endfor %}";
    let messages: Vec<Message> = (0..1001)
        .map(|i| Message {
            role: if i % 2 == 0 { Role::User } else { Role::Assistant },
            content: vec![Piece::user(format!("message {i}"))],
        })
        .collect();
    let pieces = render_jinja(source, &messages).expect("a real template writes a long chat");
    assert_eq!(pieces.last(), Some(&Piece::fixed("\n.")));
}
