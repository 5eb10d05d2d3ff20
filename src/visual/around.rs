//! A plan's words that stand outside its rows: those before the first picture and after the last one are read as one text
//! with the prompt around them, because tokens may reach across where they meet.

use super::plan::{Plan, RowSource};

/// What a plan has the prompt say right before and after the rows of the video.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Right before the first picture's rows.
    pub before: String,
    /// Right after the last picture's rows.
    pub after: String,
    /// What is said of the video then, lines' ends included; `None` leaves it to whoever writes the prompt.
    pub sentence: Option<String>,
}

impl Plan {
    /// The plan without the texts before its first and after its last other row, and those texts.
    #[must_use]
    pub fn into_inner(mut self) -> (Self, Around) {
        let text_of = |row: Option<RowSource>| match row {
            Some(RowSource::Text(text)) => text,
            _ => String::new(),
        };
        let after = self.rows.pop_if(|row| matches!(row, RowSource::Text(_)));
        let before = match self.rows.first() {
            Some(RowSource::Text(_)) => Some(self.rows.remove(0)),
            _ => None,
        };
        let around = Around {
            before: text_of(before),
            after: text_of(after),
            sentence: self.sentence.clone(),
        };
        (self, around)
    }

    /// All its texts, in the order in which they are read.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let of_rows = self.rows.iter().filter_map(|row| match row {
            RowSource::Text(text) => Some(text.as_str()),
            _ => None,
        });
        of_rows.chain(self.sentence.as_deref())
    }
}
