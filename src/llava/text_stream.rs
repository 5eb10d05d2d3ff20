//! From tokens to text that can be shown at once: whole characters, and nothing that may become a stop text.

/// Collects the bytes of tokens and hands out text as early as it is certain.
#[derive(Debug)]
pub struct TextStream {
    stops: Vec<String>,
    /// Bytes that are not handed out yet.
    pending: Vec<u8>,
    started: bool,
}

/// What became of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Text to show, often empty.
    Text(String),
    /// The last text to show: a stop text follows it.
    Stopped(String),
}

impl TextStream {
    /// A stream that ends before the first of `stops`. Empty stop texts are ignored.
    #[must_use]
    pub fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        Self {
            stops,
            pending: Vec::new(),
            started: false,
        }
    }

    /// Takes the bytes of a token.
    pub fn push(&mut self, bytes: &[u8]) -> Flow {
        self.pending.extend_from_slice(bytes);
        if !self.started {
            // Vocabularies put the space between words into the next word: the first has nothing before it.
            let n_spaces = self.pending.iter().take_while(|&&byte| byte == b' ').count();
            self.pending.drain(..n_spaces);
            self.started = !self.pending.is_empty();
        }
        let found = self
            .stops
            .iter()
            .filter_map(|stop| find(&self.pending, stop.as_bytes()))
            .min();
        if let Some(end) = found {
            let text = String::from_utf8_lossy(&self.pending[..end]).into_owned();
            self.pending.clear();
            return Flow::Stopped(text);
        }
        let certain = self.pending.len() - self.n_doubtful();
        let text = String::from_utf8_lossy(&self.pending[..certain]).into_owned();
        self.pending.drain(..certain);
        Flow::Text(text)
    }

    /// The end of the answer: what was held back. A cut character becomes U+FFFD.
    #[must_use]
    pub fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }

    /// Bytes at the end that may be the start of a stop text or of a character.
    fn n_doubtful(&self) -> usize {
        let stop_start = |stop: &String| {
            let stop = stop.as_bytes();
            (1..stop.len())
                .rev()
                .find(|&n| self.pending.ends_with(&stop[..n]))
                .unwrap_or(0)
        };
        let of_stops = self.stops.iter().map(stop_start).max().unwrap_or(0);
        of_stops.max(n_of_cut_character(&self.pending))
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Bytes at the end that begin a UTF-8 character without completing it.
fn n_of_cut_character(text: &[u8]) -> usize {
    let tail = &text[text.len().saturating_sub(3)..];
    for (i, &byte) in tail.iter().enumerate().rev() {
        let len = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return 0,
        };
        let present = tail.len() - i;
        return if present < len { present } else { 0 };
    }
    0
}
