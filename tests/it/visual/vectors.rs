//! Index formulas against the published code, by hand-checked vectors.

use videre::visual::linspace::{even_indices, part_starts};
use videre::visual::notice::Notice;
use videre::visual::sampling::{
    Chosen, MvbenchClip, Sampling, SamplingError, TimeRange, choose, mvbench_bounded, segment_starts,
    uniform_midpoints,
};

fn even(n_total: usize, n_picks: usize) -> Vec<usize> {
    even_indices(n_total, n_picks).collect()
}

fn indices(chosen: &Chosen) -> Vec<usize> {
    chosen.frames.iter().map(|frame| frame.index).collect()
}

/// A clip of `n_frames` at 10 frames a second.
fn clip(n_frames: usize) -> Vec<f64> {
    (0..n_frames).map(|index| index as f64 / 10.0).collect()
}

#[test]
fn uniform_midpoints_follow_the_loader() {
    let paper = uniform_midpoints(300, 50);
    assert_eq!(paper[..3], [3, 9, 15]);
    assert_eq!(paper[23..27], [141, 147, 152, 158]);
    assert_eq!(paper[48..], [290, 296]);
    assert_eq!(uniform_midpoints(100, 6), [8, 24, 41, 58, 74, 90]);
    assert_eq!(uniform_midpoints(5, 50), [0, 1, 2, 2, 3]);
    assert_eq!(
        uniform_midpoints(1800, 8),
        [112, 337, 562, 787, 1012, 1236, 1461, 1686]
    );
    assert_eq!(uniform_midpoints(1, 50), [0]);
    assert_eq!(uniform_midpoints(0, 50), [0; 0]);
    assert_eq!(uniform_midpoints(50, 0), [0; 0]);
}

#[test]
fn mvbench_bounds_follow_its_loader() {
    let file = MvbenchClip {
        first_index: 0,
        max_index: 300,
        fps: 30.0,
    };
    assert_eq!(
        mvbench_bounded(file, None, 8),
        [18, 56, 93, 130, 168, 206, 243, 280]
    );
    assert_eq!(
        mvbench_bounded(file, Some((2.0, 5.0)), 8),
        [65, 76, 87, 99, 110, 121, 133, 144]
    );
    let folder = MvbenchClip {
        first_index: 1,
        max_index: 90,
        fps: 3.0,
    };
    assert_eq!(mvbench_bounded(folder, None, 8), [6, 17, 28, 39, 50, 62, 73, 84]);
    let short = mvbench_bounded(file, Some((1.0, 1.1)), 50);
    assert_eq!(
        short.len(),
        50,
        "the number of frames is not limited by the bound"
    );
    assert!(short.iter().all(|index| (30..=33).contains(index)), "{short:?}");
}

#[test]
fn even_frames_include_first_and_last() {
    assert_eq!(even(50, 4), [0, 16, 33, 49]);
    assert_eq!(even(50, 6), [0, 10, 20, 29, 39, 49]);
    assert_eq!(even(50, 8), [0, 7, 14, 21, 28, 35, 42, 49]);
    assert_eq!(even(50, 12), [0, 4, 9, 13, 18, 22, 27, 31, 36, 40, 45, 49]);
    assert_eq!(
        even(50, 18),
        [0, 3, 6, 9, 12, 14, 17, 20, 23, 26, 29, 32, 35, 37, 40, 43, 46, 49]
    );
    assert_eq!(even(8, 4), [0, 2, 5, 7]);
    assert_eq!(even(8, 6), [0, 1, 3, 4, 6, 7]);
    assert_eq!(even(16, 6), [0, 3, 6, 9, 12, 15]);
    assert_eq!(even(16, 8), [0, 2, 4, 6, 9, 11, 13, 15]);
    assert_eq!(even(32, 6), [0, 6, 12, 19, 25, 31]);
    assert_eq!(even(32, 8), [0, 4, 9, 13, 18, 22, 27, 31]);
    assert_eq!(even(3, 6), [0, 0, 1, 1, 2, 2], "nearest frames are repeated");
    assert_eq!(even(1, 6), [0; 6]);
    assert_eq!(even(7, 1), [0]);
}

#[test]
fn sampled_tokens_are_spread_as_in_the_paper() {
    let paper = even(50 * 576, 2880);
    assert_eq!(paper[..5], [0, 10, 20, 30, 40]);
    assert_eq!(paper[1438..1442], [14384, 14394, 14405, 14415]);
    assert_eq!(paper[2876..], [28769, 28779, 28789, 28799]);
    let mut per_frame = [0; 50];
    paper.iter().for_each(|index| per_frame[index / 576] += 1);
    assert!(per_frame.iter().all(|n| (57..=58).contains(n)), "{per_frame:?}");

    let fewer = even(50 * 576, 1728);
    assert_eq!(fewer[..5], [0, 17, 33, 50, 67]);
    assert_eq!(fewer[1724..], [28749, 28766, 28782, 28799]);
    assert_eq!(even(50 * 576, 2304)[..5], [0, 13, 25, 38, 50]);
    assert_eq!(
        even(5 * 576, 2880),
        (0..2880).collect::<Vec<_>>(),
        "all there are, each once"
    );
    for (n_frames, per_frame) in [(8, 360), (16, 180)] {
        let first = even(n_frames * 576, 2880)
            .iter()
            .filter(|index| **index < 576)
            .count();
        assert_eq!(first, per_frame);
    }
}

#[test]
fn slow_frames_are_the_starts_of_equal_parts() {
    assert_eq!(
        part_starts(50, 10).collect::<Vec<_>>(),
        [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    );
    assert_eq!(
        part_starts(3, 10).collect::<Vec<_>>(),
        [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
    );
}

#[test]
fn grid_frames_are_the_starts_of_whole_segments() {
    assert_eq!(segment_starts(100, 6), [0, 16, 32, 48, 64, 80]);
    assert_eq!(segment_starts(3, 6), [0, 1, 2]);
}

#[test]
fn a_range_is_treated_as_if_it_were_the_clip() {
    let range = TimeRange {
        start_secs: 2.0,
        end_secs: 12.0,
    };
    let chosen = choose(&clip(300), Some(range), &Sampling::Uniform { n_frames: 6 }).unwrap();
    assert_eq!(
        indices(&chosen),
        [28, 44, 61, 78, 94, 110],
        "20 + the midpoints of 100 frames"
    );
    assert_eq!(chosen.notices, []);

    let nothing = TimeRange {
        start_secs: 12.0,
        end_secs: 2.0,
    };
    let error = choose(&clip(300), Some(nothing), &Sampling::Uniform { n_frames: 6 }).unwrap_err();
    assert!(matches!(error, SamplingError::EmptyRange { .. }), "{error}");
    let not_numbers = TimeRange {
        start_secs: f64::NAN,
        end_secs: f64::NAN,
    };
    assert!(choose(&clip(300), Some(not_numbers), &Sampling::Uniform { n_frames: 6 }).is_err());
}

#[test]
fn a_rate_is_capped_before_it_costs_anything() {
    let at_two = Sampling::Rate {
        per_second: 2.0,
        max_frames: 100,
    };
    let chosen = choose(&clip(31), None, &at_two).unwrap();
    assert_eq!(
        indices(&chosen),
        [2, 7, 12, 17, 22, 27],
        "the frames on screen at 0.25 s, 0.75 s ..."
    );

    let absurd = Sampling::Rate {
        per_second: 1e12,
        max_frames: 8,
    };
    let chosen = choose(&clip(1800), None, &absurd).unwrap();
    assert_eq!(indices(&chosen), uniform_midpoints(1800, 8));
    assert!(matches!(
        chosen.notices[..],
        [Notice::RateCapped { n_frames: 8, .. }]
    ));

    for per_second in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let sampling = Sampling::Rate {
            per_second,
            max_frames: 8,
        };
        assert!(matches!(
            choose(&clip(9), None, &sampling),
            Err(SamplingError::BadRate { .. })
        ));
    }
}

#[test]
fn picks_are_sorted_and_counted_once() {
    let chosen = choose(&clip(50), None, &Sampling::Picks(vec![7, 3, 7, 49])).unwrap();
    assert_eq!(indices(&chosen), [3, 7, 49]);
    assert_eq!(
        chosen.notices,
        [Notice::PicksSorted, Notice::PicksRepeated { n_removed: 1 }]
    );
    let beyond = choose(&clip(50), None, &Sampling::Picks(vec![50])).unwrap_err();
    assert_eq!(beyond, SamplingError::NoSuchFrame { index: 50, last: 49 });
}

#[test]
fn nothing_is_an_error_and_a_short_clip_is_said() {
    let uniform = Sampling::Uniform { n_frames: 50 };
    assert_eq!(choose(&[], None, &uniform), Err(SamplingError::NoFrames));
    assert_eq!(
        choose(&clip(5), None, &Sampling::Uniform { n_frames: 0 }),
        Err(SamplingError::ZeroAsked)
    );
    assert_eq!(
        choose(&clip(5), None, &Sampling::Picks(vec![])),
        Err(SamplingError::ZeroAsked)
    );
    let rate = Sampling::Rate {
        per_second: 1.0,
        max_frames: 0,
    };
    assert_eq!(choose(&clip(5), None, &rate), Err(SamplingError::ZeroAsked));
    let chosen = choose(&clip(5), None, &uniform).unwrap();
    assert_eq!(
        chosen.notices,
        [Notice::FewerFrames {
            n_asked: 50,
            n_frames: 5
        }]
    );
}
