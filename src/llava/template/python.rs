//! What templates find in Python: the functions and filters that transformers gives them, and methods of texts.
//!
//! Follows `_compile_jinja_template` of transformers (`utils/chat_template_utils.py`) and, for methods, Python itself.

use std::io::{self, Write};
use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, Value, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, ErrorKind, Output, State};
use minijinja_contrib::pycompat;
use serde::Serialize as _;
use serde_json::ser::{Formatter, Serializer};

use super::guard::{KEEP, WEIGH};
use super::weigh::{self, MAX_WEIGHT, Scales};

/// A time of day on a date, as a clock on the wall shows it: what `strftime_now` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(jiff::civil::DateTime);

impl Moment {
    /// Now, where this computer is.
    #[must_use]
    pub fn now() -> Self {
        Self(jiff::ZonedDateTime::now().datetime())
    }

    /// A date at a time of day, where there is such a one.
    #[must_use]
    pub fn new(date: (i16, i8, i8), time: (i8, i8, i8)) -> Option<Self> {
        jiff::civil::DateTime::new(date.0, date.1, date.2, time.0, time.1, time.2, 0)
            .ok()
            .map(Self)
    }

    fn format(self, format: &str) -> Result<Value, Error> {
        jiff::fmt::strtime::format(format, self.0)
            .map(Value::from)
            .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
    }
}

/// Adds all of it, and what weighs the values of a guarded template; `strftime_now` only where there is a `now`.
pub(super) fn add_to(environment: &mut Environment<'static>, now: Option<Moment>) {
    let scales = Arc::new(Scales::default());
    let [weighing, looking, keeping, calling, filling, cycling] =
        std::array::from_fn(|_| Arc::clone(&scales));
    environment.add_filter(WEIGH, move |value: Value| weighing.weighed(value));
    environment.add_test(WEIGH, move |value: Value| looking.weighed(value).map(|_| true));
    environment.add_filter(KEEP, move |value: Value| keeping.kept(value));
    environment.set_unknown_method_callback(move |state, value, name, args| {
        method(&calling, state, value, name, args)
    });
    environment.set_formatter(write_value);
    environment.add_filter("tojson", to_json);
    environment.add_filter(
        "format",
        move |state: &mut State<'_, '_>, text: &Value, values: Rest<ValueOrKwargs>| {
            let all: Vec<Value> = values.iter().map(|value| value.clone().into_value()).collect();
            filling.fields(text.as_str().unwrap_or_default(), &all)?;
            minijinja::filters::format(state, text, values)
        },
    );
    environment.add_filter("truncate", minijinja_contrib::filters::truncate);
    environment.add_filter("striptags", minijinja_contrib::filters::striptags);
    environment.add_filter("filesizeformat", minijinja_contrib::filters::filesizeformat);
    environment.add_function("cycler", move |items: Rest<Value>| {
        cycling.all(&items)?;
        minijinja_contrib::globals::cycler(items.0)
    });
    environment.add_function("joiner", minijinja_contrib::globals::joiner);
    // Not in Jinja, and tells all that there is.
    environment.remove_global("debug");
    environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    if let Some(now) = now {
        environment.add_function("strftime_now", move |format: &str| {
            match format.len() <= MAX_DATE_BYTES {
                true => now.format(format),
                false => Err(weigh::too_much()),
            }
        });
    }
}

/// More than any date is asked for in: each sign of it may write ten.
const MAX_DATE_BYTES: usize = 1000;

/// Writes truth and nothing as Python spells them.
fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match (value.kind(), value.is_true()) {
        (ValueKind::Bool, true) => out.write_str("True")?,
        (ValueKind::Bool, false) => out.write_str("False")?,
        (ValueKind::None, _) => out.write_str("None")?,
        _ => minijinja::escape_formatter(out, state, value)?,
    }
    Ok(())
}

/// The methods of texts that the engine's own list lacks, then that list.
fn method(
    scales: &Scales,
    state: &mut State<'_, '_>,
    value: &Value,
    name: &str,
    args: &[Value],
) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return pycompat::unknown_method_callback(state, value, name, args);
    };
    // One that only cuts costs no more than the text it was given; the engine charges for what comes out.
    match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(text.strip_prefix(prefix).unwrap_or(text).into())
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(text.strip_suffix(suffix).unwrap_or(text).into())
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            if separator.is_empty() {
                return Err(Error::new(ErrorKind::InvalidOperation, "empty separator"));
            }
            Ok(texts(&partition(text, separator, name == "rpartition")))
        }
        "rsplit" => {
            let (separator, n_most): (Option<&str>, Option<i64>) = from_args(args)?;
            rsplit(text, separator, n_most)
        }
        "format" => {
            scales.fields(text, args)?;
            pycompat::unknown_method_callback(state, value, name, args)
        }
        _ => pycompat::unknown_method_callback(state, value, name, args),
    }
}

fn partition<'a>(text: &'a str, separator: &'a str, is_last: bool) -> [&'a str; 3] {
    let found = if is_last {
        text.rsplit_once(separator)
    } else {
        text.split_once(separator)
    };
    match (found, is_last) {
        (Some((before, after)), _) => [before, separator, after],
        (None, false) => [text, "", ""],
        (None, true) => ["", "", text],
    }
}

fn rsplit(text: &str, separator: Option<&str>, n_most: Option<i64>) -> Result<Value, Error> {
    let n_parts = n_most
        .and_then(|n| usize::try_from(n).ok())
        .map_or(usize::MAX, |n| n.saturating_add(1));
    let mut parts: Vec<&str> = match separator {
        Some("") => return Err(Error::new(ErrorKind::InvalidOperation, "empty separator")),
        Some(separator) => text.rsplitn(n_parts, separator).collect(),
        None => {
            let mut parts = Vec::new();
            let mut rest = text.trim_end();
            while !rest.is_empty() {
                let cut = rest
                    .rfind(char::is_whitespace)
                    .filter(|_| parts.len() + 1 < n_parts);
                let Some(at) = cut else {
                    parts.push(rest);
                    break;
                };
                let width = rest[at..].chars().next().map_or(0, char::len_utf8);
                parts.push(&rest[at + width..]);
                rest = rest[..at].trim_end();
            }
            parts
        }
    };
    parts.reverse();
    Ok(texts(&parts))
}

fn texts(parts: &[&str]) -> Value {
    parts.iter().map(|part| Value::from(*part)).collect()
}

/// `json.dumps` as transformers calls it: no escapes for HTML, letters as they are, and Python's spaces after `,` and `:`.
#[expect(clippy::needless_pass_by_value, reason = "the signature of a filter")]
fn to_json(value: &Value, options: Kwargs) -> Result<Value, Error> {
    let indent = options.get::<Option<usize>>("indent")?.map(|n| n.min(MAX_INDENT));
    let is_ascii = options.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false);
    let is_sorted = options.get::<Option<bool>>("sort_keys")?.unwrap_or(false);
    let separators = options.get::<Option<Vec<String>>>("separators")?;
    options.assert_all_used()?;
    let (item, key) = match separators.as_deref() {
        None if indent.is_some() => (",".to_owned(), ": ".to_owned()),
        None => (", ".to_owned(), ": ".to_owned()),
        Some([item, key]) => (item.clone(), key.clone()),
        Some(_) => {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "separators are two texts",
            ));
        }
    };
    let failed = |error: serde_json::Error| match error.is_io() {
        true => weigh::too_much(),
        false => Error::new(ErrorKind::BadSerialization, "not JSON").with_source(error),
    };
    let mut bytes = Bounded(Vec::new());
    let format = PythonJson {
        item,
        key,
        indent,
        is_ascii,
        depth: 0,
        has_items: false,
    };
    let mut serializer = Serializer::with_formatter(&mut bytes, format);
    if is_sorted {
        let mut sorted = serde_json::to_value(value).map_err(failed)?;
        sorted.sort_all_objects();
        sorted.serialize(&mut serializer).map_err(failed)?;
    } else {
        value.serialize(&mut serializer).map_err(failed)?;
    }
    Ok(String::from_utf8_lossy(&bytes.0).into_owned().into())
}

/// Bytes that a value may weigh, and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_WEIGHT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// More spaces a level than anybody reads.
const MAX_INDENT: usize = 16;

/// How `json.dumps` writes.
struct PythonJson {
    item: String,
    key: String,
    indent: Option<usize>,
    is_ascii: bool,
    depth: usize,
    has_items: bool,
}

impl PythonJson {
    fn new_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        match self.indent {
            Some(width) => write!(out, "\n{:1$}", "", width * self.depth),
            None => Ok(()),
        }
    }

    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.has_items = false;
        out.write_all(bracket.as_bytes())
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &str) -> io::Result<()> {
        self.depth -= 1;
        if self.has_items {
            self.new_line(out)?;
        }
        out.write_all(bracket.as_bytes())
    }

    fn item<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        if !is_first {
            out.write_all(self.item.as_bytes())?;
        }
        self.new_line(out)
    }
}

impl Formatter for PythonJson {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, "[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, "]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        self.item(out, is_first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, "{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, "}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        self.item(out, is_first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(self.key.as_bytes())
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if !self.is_ascii {
            return out.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            match c {
                '\0'..='\x7f' => out.write_all(&[c as u8])?,
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(out, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        Ok(())
    }
}
