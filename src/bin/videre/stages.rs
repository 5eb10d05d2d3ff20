//! What is being done, on standard error, until the answer begins.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use videre::engine::{Progress, Stage, Update};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// A line that tells the stage and the remaining time. Nothing is drawn where standard error is not a terminal.
#[derive(Default)]
pub(crate) struct Stages {
    line: Option<Line>,
}

/// The line, and the thread that shows it once it is worth it: a stage may last long before it says more.
struct Line {
    bar: ProgressBar,
    over: SyncSender<()>,
    waiting: Option<JoinHandle<()>>,
}

impl Stages {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Shows an update; the first word of the answer takes the line away.
    pub(crate) fn show(&mut self, update: &Update) {
        match update {
            Update::Progress(progress) => self.set(progress),
            Update::Prompt(_) => {}
            Update::Text(_) => self.clear(),
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        let Some(Line { bar, over, waiting }) = self.line.take() else {
            return;
        };
        drop(over);
        if let Some(waiting) = waiting {
            // Over before the line is cleared, or it would come back.
            drop(waiting.join());
        }
        bar.finish_and_clear();
    }

    fn set(&mut self, progress: &Progress) {
        let Line { bar, .. } = self.line.get_or_insert_with(Line::new);
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

impl Line {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {prefix}");
        let style = style.expect("BUG: the template is fixed").progress_chars("━━─");
        let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::hidden()).with_style(style);
        let (over, is_over) = sync_channel(0);
        let shown = bar.clone();
        let waiting = std::thread::Builder::new()
            .name("stages".to_owned())
            .spawn(move || {
                if is_over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    shown.set_draw_target(ProgressDrawTarget::stderr());
                    shown.tick();
                }
            });
        Self {
            bar,
            over,
            // Without a thread for it there is no line.
            waiting: waiting.ok(),
        }
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
