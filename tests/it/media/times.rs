//! Times that cannot be a film's, in files of `shared/repro` beside the checkout.

use std::path::Path;

use super::clips;

#[test]
fn frames_whose_times_lie_years_apart_or_run_backwards_are_counted_at_their_rate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/repro");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    for name in [
        "ivf_all_same.ivf",
        "ivf_ascending_extremes.ivf",
        "ivf_descending.ivf",
    ] {
        let (video, n_frames) = clips::open_indexed(&folder.join(name));
        let probe = video.probe();
        assert_eq!(n_frames, 10, "{name}");
        assert!(
            (probe.duration_secs - 10.0 / 30.0).abs() < 0.001,
            "{name}: {}",
            probe.duration_secs
        );
        assert_eq!(
            probe.frame_rate.average_fps().map(f64::round),
            Some(30.0),
            "{name}"
        );
        assert_eq!(probe.warnings, ["one place of the file is damaged"], "{name}");
    }
    let (video, n_frames) = clips::open_indexed(&folder.join("mkv_cluster_extremes.mkv"));
    assert_eq!(n_frames, 4);
    assert!((0.0..1.0).contains(&video.probe().duration_secs));
}
