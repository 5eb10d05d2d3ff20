//! Expressions: where an operand begins and ends.

use super::{Tag, WEIGH, weigh};
use crate::llava::template::lex::Word;

/// Brackets in brackets that are followed; the engine itself follows fewer.
const MAX_DEPTH: usize = 64;
/// Sums and products are weighed after so many operands.
const MAX_RUN: usize = 16;
/// More arguments than any call in a real template has.
const MAX_ARGS: usize = 64;

/// A part of an expression.
struct Operand {
    text: String,
    kind: Kind,
}

/// What is to be done so that an operand is weighed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing: it is, or it is a number or a text of the template's own.
    Weighed,
    /// A name, with attributes: it can be looked at twice, and need not go through a filter, which costs as much as making
    /// it anew.
    Path,
    /// Anything else.
    Made,
}

/// A path longer than this is not written twice.
const MAX_PATH: usize = 100;

impl Operand {
    fn weighed(self) -> String {
        match self.kind {
            Kind::Weighed => self.text,
            Kind::Path if self.text.len() <= MAX_PATH => format!("({0} if {0} is {WEIGH})", self.text),
            Kind::Path | Kind::Made => weigh(&self.text),
        }
    }

    /// The same with something behind it.
    fn then(self, more: &str) -> Self {
        Self {
            text: self.text + more,
            kind: match self.kind {
                Kind::Path => Kind::Path,
                Kind::Weighed | Kind::Made => Kind::Made,
            },
        }
    }
}

/// Binary operators from the loosest to the tightest.
const LEVELS: [&[&str]; 3] = [&["+", "-"], &["~"], &["*", "/", "//", "%"]];

impl Tag<'_> {
    /// A call that stands alone: what it returns is not used.
    pub(super) fn call(&mut self) -> Option<String> {
        let operand = self.primary()?;
        self.postfix(operand).map(|operand| operand.text)
    }

    pub(super) fn expression(&mut self) -> Option<String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut text = self.either()?;
        while self.skip_name("if") {
            text = format!("{text} if {}", self.either()?);
            if self.skip_name("else") {
                text = format!("{text} else {}", self.expression()?);
            }
        }
        self.depth -= 1;
        Some(text)
    }

    pub(super) fn either(&mut self) -> Option<String> {
        let mut text = self.both()?;
        while self.skip_name("or") {
            text = format!("{text} or {}", self.both()?);
        }
        Some(text)
    }

    fn both(&mut self) -> Option<String> {
        let mut text = self.negation()?;
        while self.skip_name("and") {
            text = format!("{text} and {}", self.negation()?);
        }
        Some(text)
    }

    fn negation(&mut self) -> Option<String> {
        let mut n_nots = 0;
        while self.skip_name("not") {
            n_nots += 1;
        }
        if n_nots > MAX_DEPTH {
            return None;
        }
        Some(format!("{}{}", "not ".repeat(n_nots), self.comparison()?))
    }

    fn comparison(&mut self) -> Option<String> {
        let mut text = self.run(&LEVELS)?;
        loop {
            let operator = match self.peek() {
                Some(Word::Sign(sign @ ("==" | "!=" | "<" | "<=" | ">" | ">="))) => sign,
                Some(Word::Name("in")) => "in",
                Some(Word::Name("not")) => "not in",
                _ => return Some(text),
            };
            self.at += 1;
            if operator == "not in" && !self.skip_name("in") {
                return None;
            }
            text = format!("{text} {operator} {}", self.run(&LEVELS)?);
        }
    }

    /// Operands with operators of one level between them.
    fn run(&mut self, levels: &[&[&str]]) -> Option<String> {
        let Some((operators, tighter)) = levels.split_first() else {
            return self.power();
        };
        let mut text = self.run(tighter)?;
        let mut n_operands = 1;
        while let Some(Word::Sign(sign)) = self.peek() {
            if !operators.contains(&sign) {
                break;
            }
            self.at += 1;
            if n_operands == MAX_RUN {
                text = weigh(&format!("({text})"));
                n_operands = 1;
            }
            text = format!("{text} {sign} {}", self.run(tighter)?);
            n_operands += 1;
        }
        Some(match n_operands {
            1 => text,
            _ => weigh(&format!("({text})")),
        })
    }

    fn power(&mut self) -> Option<String> {
        let mut text = self.operand()?;
        while self.skip("**") {
            text = format!("{text} ** {}", self.operand()?);
        }
        Some(text)
    }

    /// A value with its filters and tests.
    fn operand(&mut self) -> Option<String> {
        let operand = self.signed()?;
        let mut operand = self.postfix(operand)?;
        loop {
            if self.skip("|") {
                let text = format!("{}|", operand.weighed());
                operand = Operand {
                    text: self.filter(text)?,
                    kind: Kind::Made,
                };
            } else if self.skip_name("is") {
                let is_not = if self.skip_name("not") { "not " } else { "" };
                let value = operand.weighed();
                let name = self.dotted()?;
                let arguments = self.test_arguments()?;
                operand = Operand {
                    text: format!("({value} is {is_not}{name}{arguments})"),
                    kind: Kind::Weighed,
                };
            } else {
                return Some(operand.weighed());
            }
        }
    }

    /// The filters of a block: what they are handed is what the block wrote.
    pub(super) fn filters(&mut self) -> Option<String> {
        let mut text = self.filter(format!("{WEIGH}|"))?;
        while self.skip("|") {
            text = self.filter(format!("{text}|{WEIGH}|"))?;
        }
        Some(text)
    }

    fn filter(&mut self, mut text: String) -> Option<String> {
        text.push_str(&self.dotted()?);
        if self.is_at("(") {
            text.push_str(&self.arguments()?);
        }
        Some(text)
    }

    /// What a test is handed: in brackets, or one value without.
    fn test_arguments(&mut self) -> Option<String> {
        match self.peek() {
            Some(Word::Sign("(")) => self.arguments(),
            Some(Word::Name("and" | "or" | "else" | "is")) => Some(String::new()),
            Some(Word::Name(_) | Word::Text(_) | Word::Number(_) | Word::Sign("-" | "[" | "{")) => {
                let operand = self.signed()?;
                Some(format!("({})", self.postfix(operand)?.weighed()))
            }
            _ => Some(String::new()),
        }
    }

    fn signed(&mut self) -> Option<Operand> {
        let mut signs = String::new();
        while self.skip("-") {
            signs.push_str("- ");
        }
        if signs.len() > MAX_DEPTH {
            return None;
        }
        let operand = self.primary()?;
        if signs.is_empty() {
            return Some(operand);
        }
        let operand = self.postfix(operand)?;
        Some(Operand {
            text: format!("{signs}{}", operand.weighed()),
            kind: Kind::Weighed,
        })
    }

    fn primary(&mut self) -> Option<Operand> {
        let known = |text: String| {
            Some(Operand {
                text,
                kind: Kind::Weighed,
            })
        };
        match self.next()? {
            Word::Name(name @ ("true" | "True" | "false" | "False" | "none" | "None")) => {
                known(name.to_owned())
            }
            Word::Number(number) => known(number.to_owned()),
            Word::Name(name) => Some(Operand {
                text: name.to_owned(),
                kind: Kind::Path,
            }),
            Word::Text(text) => {
                let mut text = text.to_owned();
                while let Some(Word::Text(more)) = self.peek() {
                    self.at += 1;
                    text = format!("{text} {more}");
                }
                known(text)
            }
            Word::Sign("(") => known(self.bracket()?),
            Word::Sign("[") => {
                let items = self.items("]", Self::expression)?;
                known(weigh(&format!("[{}]", items.join(", "))))
            }
            Word::Sign("{") => {
                let items = self.items("}", |tag| {
                    let key = tag.expression()?;
                    tag.expect(":")?;
                    Some(format!("{key}: {}", tag.expression()?))
                })?;
                known(weigh(&format!("{{{}}}", items.join(", "))))
            }
            Word::Sign(_) => None,
        }
    }

    /// What is behind an opening bracket: nothing, a value in brackets, or several.
    fn bracket(&mut self) -> Option<String> {
        if self.skip(")") {
            return Some("()".to_owned());
        }
        let first = self.expression()?;
        if self.skip(")") {
            return Some(format!("({first})"));
        }
        self.expect(",")?;
        let mut items = vec![first];
        items.extend(self.items(")", Self::expression)?);
        Some(weigh(&format!("({},)", items.join(", "))))
    }

    /// Items with commas between them, and the bracket that closes them.
    fn items(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Option<String>,
    ) -> Option<Vec<String>> {
        let mut items = Vec::new();
        while !self.skip(close) {
            if !items.is_empty() {
                self.expect(",")?;
                if self.skip(close) {
                    break;
                }
            }
            items.push(item(self)?);
        }
        Some(items)
    }

    /// Attributes, subscripts, slices and calls behind a value.
    fn postfix(&mut self, mut operand: Operand) -> Option<Operand> {
        let made = |text| Operand {
            text,
            kind: Kind::Made,
        };
        loop {
            operand = if self.skip(".") {
                let (Word::Name(part) | Word::Number(part)) = self.next()? else {
                    return None;
                };
                match self.is_at("(") {
                    true => made(format!("{}.{part}", operand.weighed())),
                    false => operand.then(&format!(".{part}")),
                }
            } else if self.skip("[") {
                let is_plain = matches!(self.peek(), Some(Word::Text(_) | Word::Number(_)));
                let (subscript, is_slice) = self.subscript()?;
                match (is_slice, is_plain) {
                    (true, _) => made(format!("{}[{subscript}]", operand.weighed())),
                    (false, true) => operand.then(&format!("[{subscript}]")),
                    (false, false) => made(format!("{}[{subscript}]", operand.text)),
                }
            } else if self.is_at("(") {
                made(format!("{}{}", operand.text, self.arguments()?))
            } else {
                return Some(operand);
            };
        }
    }

    /// What is between square brackets behind a value, and whether it is a slice.
    fn subscript(&mut self) -> Option<(String, bool)> {
        let mut text = String::new();
        let mut n_colons = 0;
        loop {
            if self.skip("]") {
                return (!text.is_empty()).then_some((text, n_colons > 0));
            }
            if self.skip(":") {
                n_colons += 1;
                text.push_str(" : ");
            } else {
                text.push_str(&self.expression()?);
            }
        }
    }

    /// `(a, *b, c=d, **e)` of a call.
    fn arguments(&mut self) -> Option<String> {
        self.expect("(")?;
        let arguments = self.items(")", |tag| {
            let named = match (tag.peek(), tag.words.get(tag.at + 1)) {
                (Some(Word::Name(name)), Some(Word::Sign("="))) => Some(name),
                _ => None,
            };
            if let Some(name) = named {
                tag.at += 2;
                return Some(format!("{name}={}", tag.expression()?));
            }
            let stars = ["**", "*"].into_iter().find(|stars| tag.skip(stars));
            Some(format!("{}{}", stars.unwrap_or_default(), tag.expression()?))
        })?;
        (arguments.len() <= MAX_ARGS).then(|| format!("({})", arguments.join(", ")))
    }
}
