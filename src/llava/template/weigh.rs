//! What a value stands for, weighed before it is used.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use minijinja::value::{DynObject, ObjectRepr, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind};

/// Most that a value may stand for, in bytes of text and [`ITEM`] for each value in it, however often it is the same one.
/// A conversation of a thousand messages weighs half of it.
pub(super) const MAX_WEIGHT: usize = 1 << 20;
/// What a value weighs in a list or a map besides its text: about the memory it takes.
const ITEM: usize = 32;
/// Lists in lists in maps: real templates have up to six.
const MAX_DEPTH: usize = 32;
/// Most values looked at in all of a rendering: about a second.
const MAX_LOOKS: u64 = 10_000_000;

/// Lists that are remembered, with what they came to: the messages are asked for again and again.
const MAX_KNOWN: usize = 16;
/// A list that is known costs its use alone, which goes through it this many times as fast.
const USE_IS_FASTER: u64 = 8;

/// Weighs the values of a rendering.
#[derive(Debug, Default)]
pub(super) struct Scales {
    n_looks: AtomicU64,
    /// Lists that were weighed, and how many values were looked at: a list never changes. The one used last comes last.
    known: Mutex<Vec<(Arc<Vec<Value>>, u64)>>,
}

/// Why the rendering ends: the engine's word for a budget that is used up.
pub(super) fn too_much() -> Error {
    Error::from(ErrorKind::OutOfFuel)
}

impl Scales {
    /// The value, where it is not too much. What would be worked out again at each use is worked out once and kept as a
    /// list: one that is made of others, layer upon layer, would be as deep as they are many.
    pub(super) fn weighed(&self, value: Value) -> Result<Value, Error> {
        if let Some(text) = value.as_str() {
            return match text.len() <= MAX_WEIGHT {
                true => Ok(value),
                false => Err(too_much()),
            };
        }
        let Some(object) = value.as_object() else {
            return Ok(value);
        };
        let mut left = MAX_WEIGHT;
        if let Some(list) = object.downcast::<Vec<Value>>() {
            self.weigh_list(list, object, &mut left)?;
            return Ok(value);
        }
        if object.repr() != ObjectRepr::Iterable {
            self.weigh_items(object, 0, &mut left)?;
            return Ok(value);
        }
        let mut items = Vec::new();
        for item in object.try_iter().into_iter().flatten() {
            self.weigh(&item, 1, &mut left)?;
            items.push(item);
        }
        Ok(Value::from(items))
    }

    fn weigh_list(&self, list: Arc<Vec<Value>>, object: &DynObject, left: &mut usize) -> Result<(), Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = known.iter().position(|(one, _)| Arc::ptr_eq(one, &list)) {
            let found = known.remove(at);
            self.look(1 + found.1 / USE_IS_FASTER)?;
            known.push(found);
            return Ok(());
        }
        let before = self.n_looks.load(Ordering::Relaxed);
        self.weigh_items(object, 0, left)?;
        let n_looks = self.n_looks.load(Ordering::Relaxed) - before;
        if known.len() == MAX_KNOWN {
            known.remove(0);
        }
        known.push((list, n_looks));
        Ok(())
    }

    /// Counts values that are looked at, while that may go on.
    fn look(&self, n_values: u64) -> Result<(), Error> {
        match self.n_looks.fetch_add(n_values, Ordering::Relaxed) + n_values <= MAX_LOOKS {
            true => Ok(()),
            false => Err(too_much()),
        }
    }

    /// The same for what is kept in a namespace, and for what a call makes one of: a namespace in another could hold itself.
    pub(super) fn kept(&self, value: Value) -> Result<Value, Error> {
        match value.as_object() {
            Some(object) if is_namespace(object) => Err(too_much()),
            _ => self.weighed(value),
        }
    }

    /// What values weigh together, where it is not more than one may weigh.
    pub(super) fn all(&self, values: &[Value]) -> Result<usize, Error> {
        let mut left = MAX_WEIGHT;
        for value in values {
            self.weigh(value, 1, &mut left)?;
        }
        Ok(MAX_WEIGHT - left)
    }

    /// Refuses a text to be filled in where fields, widths and what goes into them come to more than a value may be.
    pub(super) fn fields(&self, text: &str, values: &[Value]) -> Result<(), Error> {
        let longest = text
            .split(|c: char| !c.is_ascii_digit())
            .map(str::len)
            .max()
            .unwrap_or(0);
        let n_fields = text.bytes().filter(|byte| matches!(byte, b'{' | b'%')).count();
        let width = 10_usize.saturating_pow(u32::try_from(longest).unwrap_or(u32::MAX));
        let each = self.all(values)?.saturating_add(width);
        match n_fields.saturating_mul(each) <= 4 * MAX_WEIGHT && !has_nested_fields(text) {
            true => Ok(()),
            false => Err(too_much()),
        }
    }

    fn weigh(&self, value: &Value, depth: usize, left: &mut usize) -> Result<(), Error> {
        self.look(1)?;
        if depth > MAX_DEPTH {
            return Err(too_much());
        }
        if value.kind() == ValueKind::Invalid {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a list cannot be gone through",
            ));
        }
        let text = value.as_str().map(str::len);
        let len = text.or_else(|| value.as_bytes().map(<[u8]>::len));
        *left = left.checked_sub(ITEM + len.unwrap_or(0)).ok_or_else(too_much)?;
        match value.as_object() {
            Some(object) if is_namespace(object) => Err(too_much()),
            Some(object) => self.weigh_items(object, depth, left),
            None => Ok(()),
        }
    }

    fn weigh_items(&self, object: &DynObject, depth: usize, left: &mut usize) -> Result<(), Error> {
        match object.repr() {
            ObjectRepr::Seq | ObjectRepr::Iterable => {
                let mut items = object.try_iter().into_iter().flatten();
                items.try_for_each(|item| self.weigh(&item, depth + 1, left))
            }
            ObjectRepr::Map => {
                let mut pairs = object.try_iter_pairs().into_iter().flatten();
                pairs.try_for_each(|(key, value)| {
                    self.weigh(&key, depth + 1, left)?;
                    self.weigh(&value, depth + 1, left)
                })
            }
            _ => Ok(()),
        }
    }
}

/// Whether the width of a field is itself a field, and so not to be read off the text.
fn has_nested_fields(text: &str) -> bool {
    let text = text.replace("{{", "").replace("}}", "");
    let mut is_open = false;
    text.chars().any(|c| {
        let is_nested = is_open && c == '{';
        is_open = (is_open || c == '{') && c != '}';
        is_nested
    })
}

/// Whether a value is what `namespace` makes: the one kind that changes after it was made.
fn is_namespace(object: &DynObject) -> bool {
    static NAME: OnceLock<Option<&str>> = OnceLock::new();
    let name = NAME.get_or_init(|| {
        let environment = Environment::new();
        let made = environment
            .compile_expression("namespace()")
            .ok()?
            .eval(())
            .ok()?;
        made.as_object().map(DynObject::type_name)
    });
    name.is_none_or(|name| name == object.type_name())
}
