//! A template with every value in it weighed where it is made or used.
//!
//! The engine charges for what it makes piece by piece, but not for what a value stands for: a list of a million times one
//! text is small, and what it prints is not. So each operand goes through the filter [`WEIGH`], which refuses what is too
//! much ([`super::weigh`]): names, calls, slices, lists, sums. What operators, filters and methods are handed is then
//! bounded, and with it what they make and how long they take.

mod expression;

use super::lex::{Part, Word, cut};

/// The filter that an operand goes through, and the test that one with a name is put to: never untrue, it fails or holds.
pub(super) const WEIGH: &str = "__weighed";
/// The filter that goes before what an attribute of a namespace is set to.
pub(super) const KEEP: &str = "__kept";

/// The template with its operands guarded; nothing where it cannot be read.
pub(super) fn guarded(source: &str) -> Option<String> {
    let mut text = String::with_capacity(2 * source.len());
    for part in cut(source)? {
        match part {
            Part::Verbatim(verbatim) => text.push_str(verbatim),
            Part::Tag { open, words, close } => {
                let mut tag = Tag {
                    words,
                    at: 0,
                    depth: 0,
                };
                let inside = if open.starts_with("{{") {
                    tag.expression()?
                } else {
                    tag.statement()?
                };
                if tag.peek().is_some() {
                    return None;
                }
                for piece in [open, " ", &inside, " ", close] {
                    text.push_str(piece);
                }
            }
        }
    }
    Some(text)
}

/// An operand, with what stands behind it, through the filter.
fn weigh(text: &str) -> String {
    format!("({text}|{WEIGH})")
}

/// The words of a tag, read from the left.
struct Tag<'a> {
    words: Vec<Word<'a>>,
    at: usize,
    depth: usize,
}

impl<'a> Tag<'a> {
    fn peek(&self) -> Option<Word<'a>> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    fn is_at(&self, sign: &str) -> bool {
        self.peek() == Some(Word::Sign(sign))
    }

    fn skip(&mut self, sign: &str) -> bool {
        let is_at = self.is_at(sign);
        self.at += usize::from(is_at);
        is_at
    }

    fn skip_name(&mut self, name: &str) -> bool {
        let is_at = self.peek() == Some(Word::Name(name));
        self.at += usize::from(is_at);
        is_at
    }

    fn expect(&mut self, sign: &str) -> Option<()> {
        self.skip(sign).then_some(())
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.next()? {
            Word::Name(name) => Some(name),
            _ => None,
        }
    }

    /// A name with names behind dots.
    fn dotted(&mut self) -> Option<String> {
        let mut text = self.name()?.to_owned();
        while self.skip(".") {
            text.push('.');
            text.push_str(self.name()?);
        }
        Some(text)
    }

    /// The inside of a block tag.
    fn statement(&mut self) -> Option<String> {
        let keyword = self.name()?;
        let rest = match keyword {
            "if" | "elif" => self.either()?,
            "autoescape" => self.expression()?,
            "for" => self.loop_head()?,
            "set" => self.assignment()?,
            "with" => self.bindings()?,
            "macro" => {
                let name = self.name()?;
                format!("{name}{}", self.parameters()?)
            }
            "call" => {
                let parameters = if self.is_at("(") {
                    self.parameters()?
                } else {
                    String::new()
                };
                format!("{parameters} {}", self.call()?)
            }
            "do" => self.call()?,
            "filter" => self.filters()?,
            "else" | "endif" | "endfor" | "endset" | "endwith" | "endmacro" | "endcall" | "endfilter"
            | "endautoescape" | "break" | "continue" => String::new(),
            _ => return None,
        };
        Some(format!("{keyword} {rest}"))
    }

    /// `a, (b, c) in list if condition recursive`.
    fn loop_head(&mut self) -> Option<String> {
        let mut text = self.targets(Word::Name("in"))?;
        self.at += 1;
        text.push_str(" in ");
        text.push_str(&self.either()?);
        if self.skip_name("if") {
            text.push_str(" if ");
            text.push_str(&self.expression()?);
        }
        if self.skip_name("recursive") {
            text.push_str(" recursive");
        }
        Some(text)
    }

    /// Names that are given values, up to the word `end`.
    fn targets(&mut self, end: Word<'_>) -> Option<String> {
        let mut text = String::new();
        while self.peek()? != end {
            match self.next()? {
                Word::Name(part) | Word::Sign(part @ ("," | "." | "(" | ")")) => {
                    text.push_str(part);
                }
                _ => return None,
            }
        }
        Some(text)
    }

    /// `a = b`, `a, b = c, d`, `a.b = c`; `a` and `a | filter` begin a block.
    fn assignment(&mut self) -> Option<String> {
        let equals = self.words.iter().position(|word| *word == Word::Sign("="));
        let pipe = self.words.iter().position(|word| *word == Word::Sign("|"));
        match (equals, pipe) {
            (Some(equals), pipe) if pipe.is_none_or(|pipe| equals < pipe) => {}
            (_, Some(_)) => {
                let target = self.targets(Word::Sign("|"))?;
                self.at += 1;
                return Some(format!("{target}|{}", self.filters()?));
            }
            _ => {
                let target = self.dotted()?;
                return Some(target);
            }
        }
        let target = self.targets(Word::Sign("="))?;
        self.at += 1;
        let mut values = vec![self.expression()?];
        let is_tuple = self.is_at(",");
        while self.skip(",") {
            if self.peek().is_some() {
                values.push(self.expression()?);
            }
        }
        let value = match is_tuple {
            true => weigh(&format!("({},)", values.join(", "))),
            false => values.remove(0),
        };
        Some(match target.contains('.') {
            true => format!("{target} = (({value})|{KEEP})"),
            false => format!("{target} = {value}"),
        })
    }

    /// `a = b, c = d`.
    fn bindings(&mut self) -> Option<String> {
        let mut bindings = Vec::new();
        while self.peek().is_some() {
            if !bindings.is_empty() {
                self.expect(",")?;
            }
            let target = self.targets(Word::Sign("="))?;
            self.at += 1;
            bindings.push(format!("{target} = {}", self.expression()?));
        }
        Some(bindings.join(", "))
    }

    /// `(a, b=c)` of a macro.
    fn parameters(&mut self) -> Option<String> {
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.skip(")") {
            if !parameters.is_empty() {
                self.expect(",")?;
                if self.skip(")") {
                    break;
                }
            }
            let name = self.name()?;
            parameters.push(match self.skip("=") {
                true => format!("{name}={}", self.expression()?),
                false => name.to_owned(),
            });
        }
        Some(format!("({})", parameters.join(", ")))
    }
}
