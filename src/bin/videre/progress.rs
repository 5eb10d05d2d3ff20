//! Bars on standard error, where a person watches and the wait is worth one.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Shorter work shows nothing.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar that appears when the work takes a while. Nothing is drawn where standard error is not a terminal.
pub(crate) struct Progress {
    label: &'static str,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(label: &'static str) -> Self {
        Self {
            label,
            began: Instant::now(),
            bar: None,
        }
    }

    /// `n_done` of `n_total` are done.
    pub(crate) fn set(&mut self, n_done: u64, n_total: u64) {
        if self.bar.is_none() && self.began.elapsed() >= PATIENCE {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {eta}");
            let style = style.expect("BUG: the template is fixed").progress_chars("━━─");
            self.bar = Some(
                ProgressBar::new(n_total)
                    .with_style(style)
                    .with_message(self.label),
            );
        }
        if let Some(bar) = &self.bar {
            bar.set_length(n_total);
            bar.set_position(n_done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
