//! What `probe`, `frames`, `doctor`, `completions` and `man` answer.

use super::{Place, names_in};
use serde_json::json;

#[test]
fn probe_says_what_the_file_is() {
    let probe = Place::new().say("probe SAMPLE --json").json();
    assert_eq!((&probe["width"], &probe["height"]), (&json!(640), &json!(480)));
    assert_eq!(probe["n_frames"], 175, "counted, not estimated");
    assert_eq!(probe["duration_secs"], 7.0);
    assert_eq!(probe["is_constant_rate"], true);
    assert_eq!(probe["rotation_degrees"], 0);
    let mut keys: Vec<&str> = probe
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let stable = "audio average_fps codec colour container duration_secs height is_constant_rate is_mirrored \
                  n_cover_pictures n_frames path pixel_aspect rotation_degrees subtitles warnings width";
    assert_eq!(keys.join(" "), stable, "field names are a promise");
}

#[test]
fn probe_in_words_has_the_same_facts() {
    let run = Place::new().say("probe SAMPLE");
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for words in [
        "h264, 640 × 480, 25 frames a second, constant",
        "0:07.000, 175 frames",
    ] {
        assert!(run.stdout.contains(words), "`{words}` in:\n{}", run.stdout);
    }
}

#[test]
fn frames_lists_index_time_and_size() {
    let frames = Place::new().say("frames SAMPLE --indices 50,3 --json").json();
    let expected = json!([
        { "index": 3, "pts_secs": 0.12, "width": 640, "height": 480 },
        { "index": 50, "pts_secs": 2.0, "width": 640, "height": 480 },
    ]);
    assert_eq!(frames, expected);
}

#[test]
fn frames_of_a_range_leave_out_its_end() {
    let indices = |words: &str| {
        let frames = Place::new().say(words).json();
        let frames = frames.as_array().expect("a list").clone();
        frames
            .iter()
            .map(|frame| frame["index"].as_u64().expect("a number"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        indices("frames SAMPLE --range 1..1.2 --json"),
        [25, 26, 27, 28, 29]
    );
    assert_eq!(
        indices("frames SAMPLE --range 0:01.000..0:01.120 --json"),
        [25, 26, 27]
    );
    assert_eq!(
        indices("frames SAMPLE --count 3 --json"),
        [29, 87, 145],
        "middles of three thirds of 174"
    );
    assert_eq!(indices("frames SAMPLE --count 2 --range 0..0.4 --json"), [2, 6]);
    assert_eq!(
        indices("frames SAMPLE --rate 1 --range 0..3 --json"),
        [12, 37, 62],
        "the middle of each second"
    );
}

#[test]
fn frames_saves_pictures_whose_names_sort_in_time() {
    let place = Place::new();
    let frames = place
        .say("frames SAMPLE --indices 0,9,120 --out pictures/here --json")
        .json();
    let out = place.path("pictures/here");
    let names = names_in(&out);
    assert_eq!(
        names,
        [
            "frame-0000000-0.000s.png",
            "frame-0000009-0.360s.png",
            "frame-0000120-4.800s.png"
        ]
    );
    assert_eq!(frames[1]["path"], "pictures/here/frame-0000009-0.360s.png");
    let first = image::open(out.join(&names[0])).expect("a picture").to_rgb8();
    let last = image::open(out.join(&names[2])).expect("a picture").to_rgb8();
    assert_eq!(first.dimensions(), (640, 480));
    assert_ne!(first, last, "the clip moves");
}

#[test]
fn doctor_finds_this_machine_well() {
    let report = Place::new().say("doctor --json").json();
    let names: Vec<_> = report["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| &check["name"])
        .collect();
    assert_eq!(names, ["decoders", "cache", "confinement"]);
    assert!(report["memory_bytes"].as_u64() > report["memory_available_bytes"].as_u64());
    assert!(report["n_cpus"].as_u64() >= Some(1));
}

#[test]
fn pages_are_written_from_the_arguments() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = place.say(&format!("completions {shell}"));
        assert!(
            run.code == Some(0) && run.stdout.contains("thumbnail-frames"),
            "{shell}"
        );
    }
    let page = place.say("man");
    assert!(page.stdout.starts_with(".ie"), "roff: {}", page.stdout);
    assert_eq!(place.say("man --out pages").code, Some(0));
    assert!(names_in(&place.path("pages")).contains(&"videre-preview.1".to_owned()));
}
