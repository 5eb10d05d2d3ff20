//! Evenly spaced indices exactly as the reference computes them: `torch.linspace` in float32, then half to even.

/// `n_steps` values from 0 to `end`, both included, with the arithmetic of `torch.linspace(0, end, n_steps)` in
/// float32: counted up from 0 in the first half and down from `end` in the second, each value rounded once (torch's
/// CPU kernel uses a fused multiply-add). One step gives 0.
fn linspace(end: f32, n_steps: usize) -> impl Iterator<Item = f32> {
    let step = if n_steps > 1 {
        end / (n_steps - 1) as f32
    } else {
        0.0
    };
    (0..n_steps).map(move |i| {
        if i < n_steps / 2 || n_steps == 1 {
            step * i as f32
        } else {
            (-step).mul_add((n_steps - 1 - i) as f32, end)
        }
    })
}

/// `n_picks` indices spread evenly over `0..n_total`, first and last included: TS-LLaVA's `sample_tokens` and
/// `uniformly_sample_frames` (`round(linspace(0, n_total - 1, n_picks))`, clamped). More picks than there are
/// indices repeat the nearest ones; no indices give no picks.
pub fn even_indices(n_total: usize, n_picks: usize) -> impl Iterator<Item = usize> {
    let last = n_total.saturating_sub(1);
    let n_picks = if n_total == 0 { 0 } else { n_picks };
    linspace(last as f32, n_picks).map(move |value| (value.round_ties_even() as usize).min(last))
}

/// The starts of `n_parts` equal parts of `0..n_total`: `trunc(linspace(0, n_total, n_parts + 1))` without the last,
/// which is how SlowFast-LLaVA chooses its slow frames.
pub fn part_starts(n_total: usize, n_parts: usize) -> impl Iterator<Item = usize> {
    let last = n_total.saturating_sub(1);
    let n_parts = if n_total == 0 { 0 } else { n_parts };
    linspace(n_total as f32, n_parts + 1)
        .take(n_parts)
        .map(move |value| (value as usize).min(last))
}
