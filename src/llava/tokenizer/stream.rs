//! An answer as it grows, in whole characters.

use super::Tokenizer;

/// Turns the ids of an answer into text, one at a time. A character that takes several tokens appears with its last one.
#[derive(Debug)]
pub struct AnswerStream<'a> {
    tokenizer: &'a Tokenizer,
    pending: Vec<u8>,
    /// Nothing but space came so far: an answer does not begin with the space that stands before its first word.
    at_start: bool,
}

impl<'a> AnswerStream<'a> {
    /// An empty answer.
    #[must_use]
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self {
            tokenizer,
            pending: Vec::new(),
            at_start: true,
        }
    }

    /// Adds a token; returns the text that is complete with it, which may be none.
    pub fn push(&mut self, id: u32) -> String {
        self.tokenizer.push_bytes(id, &mut self.pending);
        let complete = complete_len(&self.pending);
        let rest = self.pending.split_off(complete);
        let text = String::from_utf8_lossy(&std::mem::replace(&mut self.pending, rest)).into_owned();
        self.trim(text)
    }

    /// Ends the answer; bytes that never became a character become U+FFFD.
    #[must_use]
    pub fn finish(mut self) -> String {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned();
        self.trim(text)
    }

    fn trim(&mut self, text: String) -> String {
        if !self.at_start {
            return text;
        }
        let trimmed = text.trim_start();
        self.at_start = trimmed.is_empty();
        trimmed.to_owned()
    }
}

/// Bytes up to where a character is still incomplete. Bytes that can never become a character count as complete.
fn complete_len(bytes: &[u8]) -> usize {
    let longest_prefix = 3.min(bytes.len());
    for n in 1..=longest_prefix {
        let start = bytes.len() - n;
        let expected = match bytes[start] {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return bytes.len(),
        };
        return if n < expected { start } else { bytes.len() };
    }
    bytes.len()
}
