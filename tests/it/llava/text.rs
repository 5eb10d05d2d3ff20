//! Streaming text: whole characters, stop texts, nothing taken back.

use videre::llava::{Flow, TextStream};

/// What is shown when `bytes` arrive in pieces of `n`, and whether a stop text ended it.
fn stream(bytes: &[u8], n: usize, stops: &[&str]) -> (Vec<String>, bool) {
    let stops: Vec<String> = stops.iter().map(ToString::to_string).collect();
    let mut stream = TextStream::new(&stops);
    let mut shown = Vec::new();
    for piece in bytes.chunks(n) {
        match stream.push(piece) {
            Flow::Text(text) => shown.push(text),
            Flow::Stopped(text) => {
                shown.push(text);
                return (shown, true);
            }
        }
    }
    shown.push(stream.finish());
    (shown, false)
}

#[test]
fn characters_are_never_cut() {
    let text = "größer wie 東京 🎬!";
    for n in 1..=text.len() {
        let (shown, _) = stream(text.as_bytes(), n, &["USER:"]);
        assert_eq!(shown.concat(), text, "in pieces of {n} bytes");
        assert!(!shown.concat().contains('\u{fffd}'), "in pieces of {n} bytes");
    }
}

#[test]
fn a_stop_text_is_found_across_pieces_and_never_shown() {
    for n in 1..=12 {
        let (shown, stopped) = stream(b"A cat.USER: more", n, &["USER:", "</s>"]);
        assert_eq!(
            (shown.concat().as_str(), stopped),
            ("A cat.", true),
            "in pieces of {n} bytes"
        );
        let (shown, stopped) = stream(b"A US ship USES it", n, &["USER:"]);
        assert_eq!(
            (shown.concat().as_str(), stopped),
            ("A US ship USES it", false),
            "in pieces of {n} bytes"
        );
    }
}

#[test]
fn the_first_of_several_stop_texts_counts() {
    assert_eq!(stream(b"one###two", 9, &["two", "###"]).0.concat(), "one");
}

#[test]
fn text_is_shown_as_soon_as_it_is_certain() {
    let (shown, _) = stream(b"abU", 1, &["USER:"]);
    assert_eq!(
        shown,
        ["a", "b", "", "U"],
        "only what may begin the stop text waits"
    );
}

#[test]
fn leading_spaces_are_dropped_and_bad_bytes_replaced() {
    assert_eq!(stream(b"  yes and", 1, &[]).0.concat(), "yes and");
    assert_eq!(stream(b"ok\xff\xe6\x9d", 1, &[]).0.concat(), "ok\u{fffd}\u{fffd}");
}
