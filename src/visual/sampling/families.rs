//! The frame loaders of models that were trained on videos. They count frames, and know a pace; here that is the mean one
//! of the time stamps.

/// From `first` to `last`, both included, cut off to whole numbers: `np.linspace(first, last, n_frames, dtype=int)`.
/// More frames than there are repeat some.
#[must_use]
pub fn truncated_linspace(first: usize, last: usize, n_frames: usize) -> Vec<usize> {
    let length = last.saturating_sub(first) as f64;
    let Some(n_steps) = n_frames.checked_sub(1).filter(|n_steps| *n_steps > 0) else {
        return vec![first; n_frames];
    };
    let step = length / n_steps as f64;
    let at = |i: usize| match i == n_steps {
        true => last,
        false => ((step * i as f64 + first as f64).floor() as usize).min(last),
    };
    (0..n_frames).map(at).collect()
}

/// Every `round(fps)`-th of `n_total` frames; where these are more than `max_frames`, so many as [`truncated_linspace`]
/// has them.
#[must_use]
pub fn every_second(n_total: usize, fps: f64, max_frames: usize) -> Vec<usize> {
    let step = fps.round_ties_even().max(1.0) as usize;
    if n_total.div_ceil(step) > max_frames {
        return truncated_linspace(0, n_total.saturating_sub(1), max_frames);
    }
    (0..n_total).step_by(step).collect()
}

/// One frame for each second of the clip, at least one and at most `max_frames`, as [`truncated_linspace`] has them and
/// each once. A clip with more seconds than `max_frames` and two loses its first and its last second before.
#[must_use]
pub fn seconds_inside(n_total: usize, fps: f64, max_frames: usize) -> Vec<usize> {
    const SKIPPED_SECS: f64 = 1.0;
    let secs = if fps > 0.0 { n_total as f64 / fps } else { 0.0 };
    let n_frames = (secs.round_ties_even() as usize).min(max_frames).max(1);
    let last = n_total.saturating_sub(1);
    let mut ends = (0, last);
    if secs - 2.0 * SKIPPED_SECS > max_frames as f64 {
        let inside = (
            (SKIPPED_SECS * fps) as usize,
            ((n_total as f64 - SKIPPED_SECS * fps) as usize).min(last),
        );
        if inside.0 < inside.1 {
            ends = inside;
        }
    }
    let mut indices = truncated_linspace(ends.0, ends.1, n_frames);
    indices.dedup();
    indices
}

/// The middles of `n_frames` equal parts, cut off: numbers in steps of a part, from half a part on, in torch's float32.
#[must_use]
pub fn part_middles(n_total: usize, n_frames: usize) -> Vec<usize> {
    let n_frames = n_frames.min(n_total);
    let part = n_total as f64 / n_frames.max(1) as f64;
    let middle = |i: usize| ((part / 2.0 + part * i as f64) as f32) as usize;
    (0..n_frames)
        .map(|i| middle(i).min(n_total.saturating_sub(1)))
        .collect()
}

/// How far from even time stamps may lie where a container rounds them: Matroska writes milliseconds.
const ROUNDED_SECS: f64 = 1e-3;
/// What the paces of NTSC are divided by: 30000/1001 is its 29.97.
const NTSC: f64 = 1.001;

/// The mean number of frames a second; none for a single frame.
///
/// A pace that is a whole number, or one of NTSC's, is exactly that, although time stamps are rounded and floating point is
/// not exact: families cut times off to whole seconds and indices to whole frames, so that a pace off by its last bit would
/// be off by one there. Readers of files take these from the container's own rate.
pub(super) fn pace(pts_secs: &[f64]) -> f64 {
    let n_steps = pts_secs.len().saturating_sub(1) as f64;
    let (first, last) = match pts_secs {
        [first, .., last] if last > first => (first, last),
        _ => return 0.0,
    };
    let mean = n_steps / (last - first);
    let usual = [mean.round(), (mean * NTSC).round() * 1000.0 / 1001.0];
    let off = |pace: f64| (n_steps / pace - (last - first)).abs();
    usual
        .into_iter()
        .filter(|&pace| pace > 0.0 && off(pace) <= ROUNDED_SECS)
        .min_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(mean)
}

/// How long a clip runs whose frames have these time stamps, seconds: as many frames as there are at their mean pace. 0
/// for a single frame.
#[must_use]
pub fn duration_secs(pts_secs: &[f64]) -> f64 {
    match pace(pts_secs) {
        pace if pace > 0.0 => pts_secs.len() as f64 / pace,
        _ => 0.0,
    }
}
