//! The page's calls as a class, whose methods hand each to what carries calls.

use std::collections::BTreeSet;

use ts_rs::{Config, TS};
use videre::api::window;

pub(crate) const FILE: &str = "ui/src/backend/calls.gen.ts";
const HEAD: &str =
    "// Written by scripts/bindings.sh from src/desktop/seam/list.rs. Do not edit: a test compares.\n";

/// One call of the list, its types as the page has them.
struct Call {
    docs: &'static [&'static str],
    kind: &'static str,
    name: &'static str,
    arguments: Vec<(&'static str, String)>,
    reply: String,
    event: String,
}

pub(crate) fn written(config: &Config) -> String {
    let mut types = BTreeSet::from(["Picture".to_owned()]);
    let mut name_of = |name: String| {
        let words = name.split(|letter: char| !letter.is_alphanumeric());
        let is_ours = |word: &&str| word.starts_with(char::is_uppercase) && *word != "Array";
        types.extend(words.filter(is_ours).map(str::to_owned));
        name
    };
    macro_rules! calls {
        ($context:tt $(
            $(#[doc = $doc:literal])* $kind:ident $name:ident($($argument:ident: $type:ty),*)
            $(-> $reply:ty)? $(, each $event:ty)? $(= $body:expr)?;
        )*) => {
            [$(Call {
                docs: &[$($doc),*],
                kind: stringify!($kind),
                name: stringify!($name),
                arguments: vec![$((stringify!($argument), name_of(<$type as TS>::name(config)))),*],
                reply: String::new() $(+ &name_of(<$reply as TS>::name(config)))?,
                event: String::new() $(+ &name_of(<$event as TS>::name(config)))?,
            }),*]
        };
    }
    let calls = videre::seam_calls!(calls);
    let methods: Vec<String> = calls
        .iter()
        .filter(|call| call.kind != "wire")
        .map(method)
        .collect();
    let types: Vec<String> = types.iter().map(|name| format!("  {name},\n")).collect();
    format!(
        "{HEAD}import type {{\n{}}} from './types';\nimport {{ Wire }} from './wire';\n\n\
         export abstract class Calls extends Wire {{\n{}}}\n",
        types.concat(),
        methods.join("\n")
    )
}

fn method(call: &Call) -> String {
    let Call {
        kind, name, event, ..
    } = call;
    // A call that comes to nothing is answered with JSON's null.
    let reply = match call.reply.as_str() {
        "" | "null" => "void",
        reply => reply,
    };
    let mut parameters: Vec<String> = call
        .arguments
        .iter()
        .map(|(name, kind)| format!("{name}: {kind}"))
        .collect();
    let names: Vec<&str> = call.arguments.iter().map(|(name, _)| *name).collect();
    let mut handed = vec![format!("'{name}'"), format!("{{ {} }}", names.join(", "))];
    let on = match *kind {
        "pictures" => Some("on: (slot: number, picture: Picture) => void".to_owned()),
        "events" | "feed" => Some(format!("on: (event: {event}) => void")),
        _ => None,
    };
    if let Some(on) = on {
        parameters.push(on);
        handed.push("on".to_owned());
    }
    if !matches!(*kind, "value" | "told" | "feed") {
        parameters.push("signal: AbortSignal".to_owned());
        handed.push("signal".to_owned());
    }
    let (by, result) = match *kind {
        "value" | "work" => (format!("value<{reply}>"), format!("Promise<{reply}>")),
        "picture" => ("picture".to_owned(), "Promise<Picture>".to_owned()),
        "times" => ("times".to_owned(), "Promise<Float64Array>".to_owned()),
        "pictures" => ("pictures".to_owned(), "Promise<void>".to_owned()),
        "events" => (format!("events<{reply}, {event}>"), format!("Promise<{reply}>")),
        "feed" => ("feed".to_owned(), "() => void".to_owned()),
        "told" => ("told".to_owned(), "void".to_owned()),
        other => panic!("there is no kind {other}"),
    };
    let carry_out = if *kind == "told" { "void" } else { "return" };
    let docs: Vec<String> = call.docs.iter().map(|line| format!("   *{line}\n")).collect();
    format!(
        "  /**\n{}   */\n  {}({}): {result} {{\n    {carry_out} this.{by}({});\n  }}\n",
        docs.concat(),
        camel(name),
        parameters.join(", "),
        handed.join(", ").replace("{  }", "{}")
    )
}

/// `open_recent` as `openRecent`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}
