//! What is being done, on standard error, until the answer begins.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};
use videre::engine::{Progress, Stage, Update};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line that tells the stage and the remaining time. Nothing is drawn where standard error is not a terminal.
pub(crate) struct Stages {
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Stages {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            bar: None,
        }
    }

    /// Shows an update; the first word of the answer takes the line away.
    pub(crate) fn show(&mut self, update: &Update) {
        match update {
            Update::Progress(progress) => self.set(progress),
            Update::Prompt { .. } => {}
            Update::Piece(_) => self.clear(),
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.began = Instant::now();
    }

    fn set(&mut self, progress: &Progress) {
        if self.bar.is_none() && self.began.elapsed() >= PATIENCE {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {prefix}");
            let style = style.expect("BUG: the template is fixed").progress_chars("━━─");
            self.bar = Some(ProgressBar::new(1000).with_style(style));
        }
        let Some(bar) = &self.bar else { return };
        let part = |n: usize, of: usize| 1000 * n as u64 / of.max(1) as u64;
        let (text, position) = match progress.stage {
            Stage::Opening { fraction } => ("Opening".to_owned(), (fraction * 1000.0) as u64),
            Stage::Loading => ("Loading the model".to_owned(), 0),
            Stage::Encoding { n_done, n_images } => (
                format!("Looking at image {} of {n_images}", (n_done + 1).min(n_images)),
                part(n_done, n_images),
            ),
            Stage::Reading { n_done, n_tokens } => ("Reading the video".to_owned(), part(n_done, n_tokens)),
            Stage::Answering => ("Answering".to_owned(), 1000),
        };
        bar.set_message(text);
        bar.set_position(position);
        bar.set_prefix(progress.remaining_secs.map_or_else(String::new, remaining));
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        self.clear();
    }
}

fn remaining(secs: f64) -> String {
    match secs.round() as u64 {
        0 => String::new(),
        secs @ 1..=90 => format!("{secs} s"),
        secs => format!("{} min", secs.div_ceil(60)),
    }
}
