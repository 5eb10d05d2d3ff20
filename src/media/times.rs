//! Times that cannot be a film's, and what stands in for them.

use super::index::{Clock, Entry};

/// Longest that a film is believed to last, and to begin after its container: a year.
pub(super) const MAX_SPAN_SECS: f64 = 366.0 * 86_400.0;

/// How long a frame is believed to be shown by its stream's rate.
const FRAME_SECS: std::ops::RangeInclusive<f64> = 1e-5..=86_400.0;

/// Frames a second of a film that says nothing of it, or nothing that can be believed.
pub(super) const USUAL_FPS: f64 = 25.0;

/// Frames a second where they are a film's.
pub(super) fn believable_fps(fps: f64) -> Option<f64> {
    FRAME_SECS.contains(&(1.0 / fps)).then_some(fps)
}

/// Seconds where they are a film's, else 0.
pub(super) fn believable_secs(secs: f64) -> f64 {
    if secs.abs() <= MAX_SPAN_SECS { secs } else { 0.0 }
}

/// Has the frames counted at their rate from zero on, where the last is shown no later than the first or they lie years
/// apart. Answers whether that was so. A start that is years from the first frame is moved there.
pub(super) fn mend(entries: &mut [Entry], clock: &mut Clock) -> bool {
    let [first, .., last] = &*entries else {
        if let [only] = &*entries
            && is_far(only.pts, clock.start_ticks, *clock)
        {
            clock.start_ticks = only.pts;
        }
        return false;
    };
    let (first, last) = (first.pts, last.pts);
    let (least, most) = entries.iter().fold((first, first), |(least, most), entry| {
        (least.min(entry.pts), most.max(entry.pts))
    });
    if last > first && !is_far(least, most, *clock) {
        if is_far(first, clock.start_ticks, *clock) {
            clock.start_ticks = first;
        }
        return false;
    }
    let frame_secs = clock.frame_ticks as f64 * clock.tick_secs;
    if !FRAME_SECS.contains(&frame_secs) || frame_secs * entries.len() as f64 > MAX_SPAN_SECS {
        *clock = Clock {
            tick_secs: 1.0 / USUAL_FPS,
            frame_ticks: 1,
            ..*clock
        };
    }
    clock.start_ticks = 0;
    clock.last_ticks = clock.frame_ticks;
    for (number, entry) in (0i64..).zip(entries) {
        entry.pts = number.saturating_mul(clock.frame_ticks);
    }
    true
}

/// Whether two time stamps are further apart than a film is long.
fn is_far(a: i64, b: i64, clock: Clock) -> bool {
    a.abs_diff(b) as f64 * clock.tick_secs > MAX_SPAN_SECS
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock {
        tick_secs: 0.001,
        start_ticks: 0,
        frame_ticks: 40,
        last_ticks: 0,
    };

    fn mended(times: &[i64], clock: Clock) -> (bool, Vec<i64>, Clock) {
        let entries = (0u32..).zip(times);
        let mut entries: Vec<_> = entries.map(|(packet, &pts)| Entry { packet, pts }).collect();
        let mut clock = clock;
        let is_mended = mend(&mut entries, &mut clock);
        (is_mended, entries.iter().map(|entry| entry.pts).collect(), clock)
    }

    #[test]
    fn times_that_can_be_a_films_are_left_alone() {
        for times in [&[5][..], &[0, 40, 80], &[0, 5_000_000, 90], &[]] {
            assert_eq!(mended(times, CLOCK), (false, times.to_vec(), CLOCK));
        }
        // By the clock on the wall, as cameras count.
        let wall = 1_700_000_000_000;
        let clock = Clock {
            start_ticks: wall,
            ..CLOCK
        };
        assert_eq!(
            mended(&[wall, wall + 40], clock),
            (false, vec![wall, wall + 40], clock)
        );
    }

    #[test]
    fn others_are_counted_at_the_rate() {
        for times in [[0, 0, 0], [80, 40, 0], [i64::MIN, 0, i64::MAX], [0, i64::MAX, 80]] {
            let (is_mended, times, clock) = mended(&times, CLOCK);
            assert!(is_mended);
            assert_eq!(times, [0, 40, 80]);
            assert_eq!((clock.start_ticks, clock.last_ticks), (0, 40));
        }
        let endless = Clock {
            tick_secs: 4e9,
            frame_ticks: 1,
            ..CLOCK
        };
        let (is_mended, times, clock) = mended(&[0, 1, 2], endless);
        assert!(is_mended);
        assert!((clock.secs(times[2]) - 0.08).abs() < 1e-9);
    }

    #[test]
    fn a_start_years_away_is_where_the_first_frame_is() {
        let clock = Clock {
            start_ticks: i64::MIN,
            ..CLOCK
        };
        let (is_mended, _, clock) = mended(&[7, 47], clock);
        assert_eq!((is_mended, clock.start_ticks), (false, 7));
        let far = Clock {
            start_ticks: i64::MAX,
            ..CLOCK
        };
        assert_eq!(mended(&[7], far).2.start_ticks, 7);
    }
}
