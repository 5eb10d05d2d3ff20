//! What `preview` writes: the pixels, the marked frames, the sheet and the table.

use super::{Place, names_in};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn tokens(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("tokens.json")).expect("tokens.json");
    serde_json::from_str(&text).expect("JSON")
}

#[track_caller]
fn assert_rect(token: &Value, expected: [f64; 4]) {
    let rect: [f64; 4] = serde_json::from_value(token["rect"].clone()).expect("four numbers");
    let is_near = rect.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
    assert!(is_near, "{rect:?} is not {expected:?}");
}

#[test]
fn the_paper_s_setting_gives_its_tokens_and_pictures() {
    let place = Place::new();
    let answer = place.say("preview SAMPLE --out out --json").json();
    let counts = json!({ "sampled": 2880, "thumbnail": 576, "total": 3456 });
    assert_eq!(answer["counts"], counts);
    assert_eq!(answer["contact_sheet"], "out/contact-sheet.png");
    assert_eq!(answer["thumbnails"], json!(["out/thumbnail.png"]));
    assert_eq!(answer["frames"].as_array().map(Vec::len), Some(50));

    let out = place.path("out");
    let tokens = tokens(&out);
    assert_eq!(tokens["tower"], "clip-l-336");
    assert_eq!(tokens["strategy"], "thumbnail-and-sampled");
    assert_eq!(tokens["preset"], "paper");
    assert_eq!(tokens["counts"], counts);
    assert_eq!(tokens["frames"].as_array().map(Vec::len), Some(50));
    assert_eq!(tokens["frames"][0], json!({ "index": 1, "pts_secs": 0.04 }));
    let rows = tokens["tokens"].as_array().expect("a list");
    assert_eq!(rows.len(), 3456);
    assert_eq!(
        (&rows[0]["frames"], &rows[0]["op"]),
        (&json!([1]), &json!("patch"))
    );
    assert_rect(&rows[0], [0.0, 0.0, 1.0 / 24.0, 1.0 / 24.0]);
    // The thumbnail comes last: its last patch shows the lower right corner of its last frame, the cell being 8 x 12
    // patches.
    let last = &rows[3455];
    assert_eq!(last["frames"], json!([tokens["frames"][49]["index"]]));
    assert_rect(last, [11.0 / 12.0, 7.0 / 8.0, 1.0, 1.0]);

    let thumbnail = image::open(out.join("thumbnail.png")).expect("a picture");
    assert_eq!((thumbnail.width(), thumbnail.height()), (336, 336));
    let sheet = image::open(out.join("contact-sheet.png")).expect("a picture");
    assert_eq!(sheet.width(), 1600);
    let names = names_in(&out);
    assert_eq!(names.len(), 50 + 3);
    assert_eq!(names[1], "frame-0000001-0.040s.png");
}

#[test]
fn lit_patches_are_the_tokens_and_the_rest_is_dimmed() {
    let place = Place::new();
    place
        .say("preview SAMPLE --indices 40 --strategy sampled --sampled-tokens 2 --out out --json")
        .json();
    place.say("frames SAMPLE --indices 40 --out whole --json").json();
    let name = "frame-0000040-1.600s.png";
    let marked = image::open(place.path("out").join(name))
        .expect("a picture")
        .to_rgb8();
    let whole = image::open(place.path("whole").join(name))
        .expect("a picture")
        .to_rgb8();
    // 2 of 576 patches: the first and the last, 640 / 24 x 480 / 24 = 26.7 x 20 pixels each.
    assert_eq!(
        marked.get_pixel(12, 10),
        whole.get_pixel(12, 10),
        "the first patch is as it was"
    );
    assert_eq!(
        marked.get_pixel(628, 470),
        whole.get_pixel(628, 470),
        "the last patch is as it was"
    );
    let light = |picture: &image::RgbImage| picture.pixels().map(|p| u64::from(p.0[1])).sum::<u64>();
    assert!(light(&marked) < light(&whole), "the rest is dimmed");
    assert_ne!(marked.get_pixel(320, 240), whole.get_pixel(320, 240));
}

#[test]
fn the_thumbnail_is_made_of_its_frames() {
    let place = Place::new();
    place.say("preview SAMPLE --preset fast --out out --json").json();
    let tokens = tokens(&place.path("out"));
    let indices: Vec<String> = tokens["frames"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|frame| frame["index"].to_string())
        .collect();
    let words = format!("frames SAMPLE --indices {} --out whole --json", indices.join(","));
    let frames = place.say(&words).json();
    let thumbnail = image::open(place.path("out/thumbnail.png"))
        .expect("a picture")
        .to_rgb8();
    for (cell, frame) in frames.as_array().expect("a list").iter().enumerate() {
        let path = place.path(frame["path"].as_str().expect("a path"));
        let whole = image::open(path).expect("a picture").to_rgb8();
        // The middle of the cell (3 rows of 2, 112 x 168 pixels) shows the middle of the frame, but for the resizing.
        let (x, y) = (84 + 168 * (cell as u32 % 2), 56 + 112 * (cell as u32 / 2));
        let (shown, there) = (thumbnail.get_pixel(x, y), whole.get_pixel(320, 240));
        let distance = shown.0.iter().zip(there.0).map(|(a, b)| a.abs_diff(b)).max();
        assert!(
            distance <= Some(6),
            "cell {cell}: {shown:?} where the frame has {there:?}"
        );
    }
}

#[test]
fn flags_refine_the_preset() {
    let place = Place::new();
    let words = "preview SAMPLE --thumbnail-frames 4 --sampled-tokens 576 --order thumbnail-first --frames 12 --out out --json";
    assert_eq!(
        place.say(words).json()["counts"],
        json!({ "sampled": 576, "thumbnail": 576, "total": 1152 })
    );
    let refined = tokens(&place.path("out"));
    assert_eq!(
        refined["preset"],
        Value::Null,
        "these numbers are nobody's preset"
    );
    // 4 cells of 12 x 12 patches: token 12 already shows the second cell.
    let frame_of = |token: usize| refined["tokens"][token]["frames"][0].clone();
    assert_eq!(frame_of(0), refined["frames"][0]["index"]);
    assert_eq!(frame_of(11), frame_of(0));
    assert_ne!(frame_of(12), frame_of(0), "the thumbnail is read first");

    let words = "preview SAMPLE --strategy thumbnails --frames 16 --thumbnail-frames 8 --tower clip-l-224 --out many --json";
    let answer = place.say(words).json();
    assert_eq!(
        answer["thumbnails"],
        json!(["many/thumbnail-1.png", "many/thumbnail-2.png"])
    );
    assert_eq!(answer["counts"]["total"], 2 * 16 * 16);
    assert_eq!(answer["frames"], json!([]));
}

#[test]
fn every_strategy_can_be_looked_at() {
    let place = Place::new();
    for (strategy, n_tokens) in [
        ("every-patch", 12 * 576),
        ("sampled", 2880),
        ("thumbnail", 576),
        ("thumbnails", 2 * 576),
        ("thumbnail-and-sampled", 3456),
        ("slow-fast", 10 * 24 * 12 + 12 * 16),
        ("image-grid", 576),
        ("pooled", 12 * 144),
        ("interleaved", 12 * 144),
    ] {
        let out = format!("out-{strategy}");
        let answer = place
            .say(&format!(
                "preview SAMPLE --strategy {strategy} --frames 12 --out {out} --json"
            ))
            .json();
        assert_eq!(answer["counts"]["total"], n_tokens, "{strategy}");
        assert!(place.path(&out).join("contact-sheet.png").exists(), "{strategy}");
    }
}

#[test]
fn a_range_narrows_the_choice_and_short_clips_say_so() {
    let place = Place::new();
    let answer = place.say("preview SAMPLE --range 1..1.2 --out out --json").json();
    let notices = answer["notices"].as_array().expect("a list");
    assert!(
        notices
            .iter()
            .any(|notice| notice.as_str().is_some_and(|n| n.contains("only 5"))),
        "{notices:?}"
    );
    for frame in tokens(&place.path("out"))["frames"].as_array().expect("a list") {
        let secs = frame["pts_secs"].as_f64().expect("a number");
        assert!((1.0..1.2).contains(&secs), "{secs}");
    }
}

#[test]
fn pooled_rows_and_words_are_in_the_table_as_they_are_read() {
    let place = Place::new();
    let words = "preview SAMPLE --strategy pooled --pool bilinear --pool-side 10 --newlines row --frames 3 --out rows --json";
    let answer = place.say(words).json();
    assert_eq!(answer["counts"]["total"], 3 * 10 * 11);
    let rows = tokens(&place.path("rows"));
    let ops = |at: usize| rows["tokens"][at]["op"].as_str().expect("a name").to_owned();
    assert_eq!(
        (ops(0), ops(9), ops(10)),
        ("blend".to_owned(), "blend".to_owned(), "newline".to_owned())
    );
    // 24 patches to 10: the first row's middle lies 0.7 into the second patch, so that two by two make it.
    assert_rect(&rows["tokens"][0], [0.0, 0.0, 2.0 / 24.0, 2.0 / 24.0]);

    let words =
        "preview SAMPLE --strategy interleaved --pool-tokens 90 --label clock --frames 3 --out said --json";
    let answer = place.say(words).json();
    assert_eq!(answer["counts"]["total"], 3 * 25, "floor(sqrt(30)) a side");
    let said = tokens(&place.path("said"));
    assert_eq!(said["tokens"][0]["op"], "text");
    assert_eq!(said["tokens"][0]["text"], "\nFrame from 00:00:");
    assert_eq!(said["tokens"][1]["op"], "feature-mean");
    assert!(said["tokens"][1].get("text").is_none());
}

#[test]
fn a_pool_without_a_meaning_is_refused() {
    let place = Place::new();
    for (words, message) in [
        (
            "--strategy thumbnail --pool max",
            "--pool has no meaning for the strategy 'thumbnail'",
        ),
        (
            "--strategy sampled --label clock",
            "--label has no meaning for the strategy 'sampled'",
        ),
        (
            "--strategy pooled --pool-side 25",
            "24 x 24 patches cannot be pooled that way",
        ),
        (
            "--preset own",
            "the model has no way of its own to be shown a video",
        ),
    ] {
        let run = place.say(&format!("preview SAMPLE {words} --out out"));
        assert_eq!(run.code, Some(2), "{words}: {run:?}");
        assert!(run.stderr.contains(message), "{words}: {}", run.stderr);
    }
}
